"""`make mutants`: changes the models and the code, one place at a time, and counts the changes that no test detects."""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final, Protocol

from pipeline.paths import PROJECT_ROOT
from tests.mutants.page import SURVIVORS, Judged, reasons, survivors, table, with_table
from tests.mutants.python_room import PythonRoom
from tests.mutants.sample import drawn
from tests.mutants.sql_room import sql_room
from tests.mutants.trial import Verdict

PAGE: Final = PROJECT_ROOT / "docs" / "reliability.md"
KEPT: Final = PROJECT_ROOT / "build" / "mutants"
PYTHON_ROOMS: Final = {
    "drops": ["tests/drops", "tests/orchestration/forgetting/test_forgotten_drops.py"],
    "guards": ["tests/guards", "tests/ingest/landing/test_profile.py"],
}
"""Folders of the pipeline, and the tests that use them."""
SHARE_OF_A_PYTHON_ROOM: Final = 4
"""One mutant is tried in each of these rooms per four mutants of models."""


class Room(Protocol):
    """A part of the repository with its mutants and the tests that check them."""

    name: str
    digest: str
    """The digest of the code and tests that its verdicts are valid for."""

    def prepare(self) -> None:
        """Check that all tests pass without a mutant, and cache what makes the trials fast."""

    def mutants(self) -> Sequence[Any]:
        """Return every mutant."""

    def described(self, mutant: Any, killed_by: str | None) -> Judged:
        """Describe a tested mutant."""

    def judge(self, mutant: Any) -> Verdict:
        """Run the tests on a mutant."""


def main() -> int:
    """Test a sample of each room's mutants and record the results; return 1 if a survivor has no reason."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=600, help="of models; a quarter of each other room (600)")
    parser.add_argument("--minutes", type=float, default=60, help="for all rooms together (60)")
    parser.add_argument("--seed", type=int, action="append", help="of the sample (0); again for another of as many")
    parser.add_argument("--only", action="append", choices=["models", *PYTHON_ROOMS], help="a room; again for more")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 2)
    parser.add_argument("--keep", action="store_true", help="judge again only what survived other tests")
    parser.add_argument("--quick", action="store_true", help="ask of models only unit tests and golden files")
    options = parser.parse_args()
    names = options.only or ["models", *PYTHON_ROOMS]
    exist: Counter[tuple[str, str]] = Counter()
    judged: list[Judged] = []
    for name in names:
        room = sql_room(KEPT, options.quick) if name == "models" else PythonRoom(KEPT, name, PYTHON_ROOMS[name])
        room.prepare()
        mutants = room.mutants()
        exist.update((name, mutant.kind) for mutant in mutants)
        file = KEPT / f"{name}.json"
        kept: dict[str, list[str | None]] = json.loads(file.read_text()) if options.keep and file.exists() else {}
        count = options.count if name == "models" else options.count // SHARE_OF_A_PYTHON_ROOM
        seeds = options.seed or [0]
        by_mutant: dict[tuple[str, ...], Judged] = {}
        for seed in seeds:
            deadline = time.monotonic() + options.minutes * 60 / len(names) / len(seeds)
            trials = Trials(room, drawn(mutants, seed), deadline, kept)
            for one in trials.judged(count, options.processes):
                others = by_mutant[one.survivor].seeds if one.survivor in by_mutant else ()
                by_mutant[one.survivor] = replace(one, seeds=(*others, seed))
        found = list(by_mutant.values())
        judged += found
        killed = sum(one.killed_by is not None for one in found)
        counts = f"{len(mutants):,} mutants, {len(found):,} tried, {killed:,} killed, {len(found) - killed:,} survived"
        print(f"{name}: {counts}", flush=True)
        file.write_text(json.dumps(kept))
    reason_of = reasons(SURVIVORS.read_text(encoding="utf-8"))
    new = [one for one in judged if one.killed_by is None and not reason_of.get(one.survivor)]
    for one in new:
        print(f"no reason yet: {one.room} {one.place}: {one.kind}\n  - {one.before}\n  + {one.after}")
    print(table(exist, judged, reason_of))
    if names == ["models", *PYTHON_ROOMS]:
        SURVIVORS.write_text(survivors(judged, reason_of), encoding="utf-8")
        PAGE.write_text(with_table(PAGE.read_text(encoding="utf-8"), table(exist, judged, reason_of)), encoding="utf-8")
    return min(len(new), 1)


@dataclass(frozen=True)
class Trials:
    """The mutants of a room in the order of their trials, until a moment; known verdicts stay."""

    room: Room
    order: Sequence[Any]
    deadline: float
    known: dict[str, list[str | None]]
    """By mutant: the test that killed it, and the digest of the tests that ran."""

    def judged(self, count: int, processes: int) -> list[Judged]:
        """Test this many valid mutants in several processes, and store their verdicts."""
        file = KEPT / f"{self.room.name}.verdicts"
        file.write_text("")
        workers = [os.fork() or self._work(first, processes, count // processes, file) for first in range(processes)]
        for worker in workers:
            os.waitpid(worker, 0)
        found: list[Judged] = []
        for number, verdict in sorted(json.loads(line) for line in file.read_text().splitlines()):
            if verdict["is_valid"]:
                found.append(self.room.described(self.order[number], verdict["killed_by"]))
                self.known[_key(found[-1])] = [verdict["killed_by"], self.room.digest]
        file.unlink()
        return found

    def _work(self, first: int, step: int, count: int, file: Path) -> int:
        """Test every `step`-th mutant from `first` on in the current process, and end it."""
        valid = 0
        with file.open("a") as ended:
            for number in range(first, len(self.order), step):
                if valid >= count:
                    break
                killed_by, digest = self.known.get(_key(self.room.described(self.order[number], None)), (None, ""))
                if killed_by or digest == self.room.digest:
                    verdict = Verdict(killed_by, 0)
                elif time.monotonic() > self.deadline:
                    break
                else:
                    verdict = self.room.judge(self.order[number])
                valid += verdict.is_valid
                ended.write(json.dumps([number, asdict(verdict)]) + "\n")
                ended.flush()
        os._exit(0)


def _key(one: Judged) -> str:
    return hashlib.sha256(repr(replace(one, killed_by=None)).encode()).hexdigest()[:16]


if __name__ == "__main__":
    raise SystemExit(main())
