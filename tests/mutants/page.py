"""The counts of mutants in docs/reliability.md, and the list of survivors; the text around them is written by hand."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Final

BEGIN: Final = "<!-- mutants: written by make mutants -->"
END: Final = "<!-- end of mutants -->"
SURVIVORS: Final = Path(__file__).parent / "survivors.csv"
_HEAD: Final = (
    "| room | mutation | sites | tried | killed | equivalent | survived |\n|---|---|---:|---:|---:|---:|---:|\n"
)
EQUIVALENT: Final = "equivalent: "
"""The prefix of the reason of an equivalent mutant, which no test can kill because it gives the same result."""
_KILLERS: Final = "\n| room | killed by |\n|---|---|\n"


@dataclass(frozen=True)
class Judged:
    """A tested mutant: its room, place and change, and the test that killed it, if any."""

    room: str
    place: str
    kind: str
    before: str
    after: str
    killed_by: str | None
    seeds: tuple[int, ...] = (0,)
    """The seeds that drew it."""

    @property
    def survivor(self) -> tuple[str, str, str, str, str]:
        """Its key in the list of survivors."""
        return (self.room, self.place, self.kind, self.before, self.after)


KILLERS: Final = {
    "test_dbt_unit_tests": "unit tests of dbt",
    "test_golden": "golden files",
    "test_spec_examples": "the specs' worked examples",
    "test_every_column": "explanations by plain Python",
    "properties": "plain readings of the specs",
    "test_account_keys": "plain readings of the specs",
    "test_account_ids": "plain readings of the specs",
    "test_tenants": "laws of tenants",
    "time": "the limit of time",
}
"""Kinds of tests by a part of their file's name; any other file counts under its own."""


def killer(name: str) -> str:
    """Return the kind of test that killed a mutant."""
    file = name.partition("::")[0].rpartition("/")[2].removesuffix(".py")
    return next((sort for part, sort in KILLERS.items() if part in file), f"`{file}`")


def table(
    exist: Mapping[tuple[str, str], int], judged: Iterable[Judged], reason_of: Mapping[tuple[str, ...], str]
) -> str:
    """Return the counts by room and class, each room's sum, its draws by seed, and the killers of its mutants."""
    found = list(judged)
    lines, killers = [], []

    def line(room: str, kind: str, there_are: int, tried: list[Judged]) -> str:
        killed = sum(one.killed_by is not None for one in tried)
        equivalent = sum(
            one.killed_by is None and reason_of.get(one.survivor, "").startswith(EQUIVALENT) for one in tried
        )
        others = len(tried) - equivalent
        share = f" ({killed / others:.0%})" if others else ""
        counts = f"{len(tried):,} | {killed:,}{share} | {equivalent:,} | {others - killed:,}"
        return f"| {room} | {kind} | {there_are:,} | {counts} |\n"

    for room in dict.fromkeys(one.room for one in found):
        own = [one for one in found if one.room == room]
        for kind in dict.fromkeys(kind for its, kind in exist if its == room):
            lines.append(line(room, kind, exist[room, kind], [one for one in own if one.kind == kind]))
        total = sum(count for (its, _), count in exist.items() if its == room)
        seeds = sorted({seed for one in own for seed in one.seeds})
        for seed in seeds if len(seeds) > 1 else ():
            lines.append(line(room, f"seed {seed}", total, [one for one in own if seed in one.seeds]))
        lines.append(line(f"**{room}**", "all", total, own))
        counts = Counter(killer(one.killed_by) for one in own if one.killed_by)
        listed = ", ".join(f"{name} {count}" for name, count in counts.most_common())
        killers.append(f"| {room} | {listed} |\n")
    day = f"Version {version('account-warehouse')}, {datetime.now(UTC):%Y-%m-%d}.\n"
    return f"{day}\n{_HEAD}{''.join(lines)}{_KILLERS}{''.join(killers)}"


def with_table(page: str, written: str) -> str:
    """Replace the counts on the page."""
    before, _, rest = page.partition(BEGIN)
    return f"{before}{BEGIN}\n{written}{END}{rest.partition(END)[2]}"


def reasons(listed: str) -> dict[tuple[str, ...], str]:
    """Read the reason of each survivor in a list."""
    return {tuple(row[:5]): row[5] for row in list(csv.reader(io.StringIO(listed)))[1:]}


def survivors(judged: Iterable[Judged], known: Mapping[tuple[str, ...], str]) -> str:
    """List the survivors, each with its known reason, if any."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["room", "place", "change", "before", "after", "reason"])
    for one in sorted({one.survivor for one in judged if one.killed_by is None}):
        writer.writerow([*one, known.get(one, "")])
    return text.getvalue()
