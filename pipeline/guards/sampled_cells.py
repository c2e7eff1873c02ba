"""Checks of a source's sampled rows: cells that changed since the last publication, rows created after `as_of`."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Final

from pipeline.guards.compared_columns import CREATED, MOVING
from pipeline.guards.findings import Finding, found
from pipeline.guards.source_profile import TableProfile
from pipeline.guards.thresholds import Guard

_FLAGS: Final = {"true": "false", "false": "true"}


def judge_cells(now: TableProfile, before: TableProfile, guards: Mapping[str, Guard]) -> Iterator[Finding]:
    """Compare the cells of rows that are in both samples. Only the first guard that warns about a column reports it."""
    if now.cell_form != before.cell_form:
        return
    for column in (name for name in now.cells if name in before.cells):
        cells, earlier = now.cells[column], before.cells[column]
        pairs = [(earlier[row], cells[row]) for row in sorted(cells.keys() & earlier.keys())]
        for name, how, is_changed in _changes_of(column, cells):
            guard = guards[name]
            changed = sum(is_changed(was, is_now) for was, is_now in pairs)
            if changed >= guard.thresholds["least"] and 100 * changed >= guard.thresholds["warn"] * len(pairs):
                figure = f"{changed} of {len(pairs)}"
                yield found(guard, "warn", f"{now.name}.{column}", f"sampled cells {how}", now=figure)
                break


def judge_later_rows(tables: Sequence[TableProfile], as_of: datetime, guard: Guard) -> Iterator[Finding]:
    """Find a source in which most rows were created after `as_of`, because it was mistyped (2024 instead of 2025)."""
    instant = f"{as_of:%Y-%m-%d %H:%M:%S}"
    for source in dict.fromkeys(table.source for table in tables):
        columns = [
            cells
            for table in tables
            if table.source == source
            for name, cells in table.cells.items()
            if name in CREATED
        ]
        instants = [cell for cells in columns for cell in cells.values()]
        later = sum(cell > instant for cell in instants)
        if len(instants) >= guard.thresholds["least"] and 100 * later > guard.thresholds["warn"] * len(instants):
            figure = f"{later} of {len(instants)} sampled cells"
            yield found(guard, "warn", source, f"most of its rows were created after {as_of:%Y-%m-%d}", now=figure)


def _changes_of(column: str, cells: Mapping[str, str]) -> Iterator[tuple[str, str, Callable[[str, str], bool]]]:
    """Yield each guard of a column with its message and the function that tells whether a pair of cells counts."""
    if any(value in _FLAGS for value in cells.values()):
        yield "flags_flipped", "have the opposite value", _is_reversed
        return
    if any(_is_date(value) for value in cells.values()):
        yield "dates_swapped", "have day and month swapped", _is_reversed
    if column not in MOVING:
        yield "steady_columns", "changed", operator.ne


def _is_date(value: str) -> bool:
    """Return whether a cell is a date or timestamp (`2024-03-05 10:00:00`): hashes have no hyphen."""
    return value[4:5] == "-"


def _is_reversed(was: str, is_now: str) -> bool:
    return _reversed(was) == is_now != was


def _reversed(value: str) -> str:
    """Return the opposite flag, or the date with day and month swapped: 2024-05-03 for 2024-03-05."""
    return _FLAGS.get(value) or f"{value[:4]}-{value[8:10]}-{value[5:7]}{value[10:]}"
