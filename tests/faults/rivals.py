"""Several concurrent publishers, each with its own state folder, on one folder or server, with a concurrent reader."""

from __future__ import annotations

import random
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Final

from pipeline.drops.manifest import drop_name
from tests.faults.deaths import touches_in
from tests.faults.doomed import at_step, die, in_children
from tests.faults.experiments import Experiment, Trial
from tests.faults.publishing import Publisher, Reader, ReadError, template
from tests.faults.server_apart import server_apart
from tests.faults.server_deaths import sends_of_sockets

MOST_PUBLISHERS: Final = 4
_STEPS: Final = 60
"""One of the publishers may die at a step up to this one; if it has fewer steps, it survives."""


@contextmanager
def _setting(kind: str, folder: Path) -> Iterator[Trial]:
    staged = template(folder / "template")
    # made before the fork: the name of each drop, by its note and day
    names = {
        (note, day): drop_name(
            Publisher.of(str(folder / "names"), folder / "state", staged).publish(note, day).manifest
        )
        for note in "ab"
        for day in range(3)
    }

    def publisher(exports: str, state: int) -> Publisher:
        return Publisher.of(exports, folder / f"state-{state}", staged)

    if kind == "folder":
        exports = folder / "exports"

        def trial(number: int) -> str | None:
            exports.mkdir()
            try:
                return _fault(random.Random(number), str(exports), publisher, names, touches_in(exports))
            finally:
                shutil.rmtree(exports)

        yield trial
    else:
        with server_apart(kind, folder / "server") as url:
            yield lambda number: _fault(random.Random(number), f"{url}/{number}", publisher, names, sends_of_sockets)


def _fault(
    rng: random.Random,
    exports: str,
    publisher: Callable[[str, int], Publisher],
    names: Mapping[tuple[str, int], str],
    steps: Callable[[Callable[[], None]], None],
) -> str | None:
    """Let some publish at once, one of which may die; then all drops are complete, and the next publication works."""
    drops = [rng.choice(list(names)) for _ in range(rng.randint(2, MOST_PUBLISHERS))]
    death = rng.choice((0, rng.randint(1, _STEPS)))
    actions = []
    for state, (note, day) in enumerate(drops):
        armed = at_step(death, steps, die) if state == 0 else lambda: None
        actions.append((armed, partial(_publish_later, rng.random() * 0.02, exports, publisher, state, note, day)))
    case = f"{drops}, death at step {death}"
    reader = Reader.of(exports)
    seen = set[str | None]()
    try:
        codes = in_children(actions, lambda: seen.add(reader.look()))
        seen.add(reader.look())
        newest = publisher(exports, MOST_PUBLISHERS).publish("a", 2)
        if reader.look() not in (names["a", 2], names["b", 2]):
            return f"{case}: then latest is {reader.look()}, not {drop_name(newest.manifest)}"
    except ReadError as error:
        return f"{case}: {error}"
    if any(codes[1:]):
        return f"{case}: ended with {codes}"
    if not seen <= {None, *(names[drop] for drop in drops)}:
        return f"{case}: a reader saw {seen}"
    if (latest := max(names[drop] for drop in drops[1:])) and latest not in {
        entry.name for entry in reader.drops_folder.entries()
    }:
        return f"{case}: {latest} is lost"
    faults = reader.faults()
    return f"{case}: {faults}" if faults else None


def _publish_later(
    seconds: float, exports: str, publisher: Callable[[str, int], Publisher], state: int, note: str, day: int
) -> None:
    time.sleep(seconds)
    publisher(exports, state).publish(note, day)


def _experiment(kind: str, server: str, count: int, short: int) -> Experiment:
    return Experiment(
        name=f"concurrent publishers {server}",
        promise="Publishers with separate state folders that publish to one destination at the same time, the same "
        "drop or different ones, damage no drop, and no reader sees a partial one.",
        tried=f"2 to {MOST_PUBLISHERS} publishers with separate state folders publish {server} at the same time: the "
        "same drop, different ones, or drops of different days. One of them may be killed. Meanwhile a reader reads "
        "the latest drop.",
        count=count,
        short=short,
        setting=partial(_setting, kind),
    )


FOLDER: Final = _experiment("folder", "to a folder", 5_000, short=4)
S3: Final = _experiment("s3", "to an object store", 500, short=0)
SFTP: Final = _experiment("sftp", "to an SFTP server", 500, short=2)
