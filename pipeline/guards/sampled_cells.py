"""What the sampled rows of a source table tell beside those of the last run: cells that changed."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from typing import Final

from pipeline.guards.findings import Finding, found
from pipeline.guards.source_profile import TableProfile
from pipeline.guards.thresholds import Guard

STEADY: Final = frozenset({"name", "account_type", "account_id", "customer_id", "crm_id", "lmn_crm_id"})
"""Columns that say what a row is and whose, which hardly ever change; a sample holds hashes of their cells."""

_FLAGS: Final = {"true": "false", "false": "true"}


def judge_sample(now: TableProfile, before: TableProfile, guards: Mapping[str, Guard]) -> Iterator[Finding]:
    """Compare the cells of the rows that both samples hold."""
    for column in (name for name in now.sample if name in before.sample):
        cells, earlier = now.sample[column], before.sample[column]
        pairs = [(earlier[row], cells[row]) for row in sorted(cells.keys() & earlier.keys())]
        name, how, is_changed = _change_of(column, cells)
        guard = guards[name]
        changed = sum(is_changed(was, is_now) for was, is_now in pairs)
        if changed and len(pairs) >= guard.thresholds.get("least", 1):
            share = Decimal(100 * changed) / len(pairs)
            if share >= guard.thresholds["warn"]:
                yield found(guard, "warn", f"{now.name}.{column}", f"{changed} of {len(pairs)} sampled cells {how}")


def _change_of(column: str, cells: Mapping[str, str]) -> tuple[str, str, Callable[[str, str], bool]]:
    """Return the guard of a column, what it says of cells, and whether a cell before and now are of that kind."""
    if column in STEADY:
        return "steady_columns", "are others than before", operator.ne
    if any(value in _FLAGS for value in cells.values()):
        return "flags_flipped", "are the opposite of what they were", _is_turned
    return "dates_swapped", "have day and month the other way round", _is_turned


def _is_turned(was: str, is_now: str) -> bool:
    return _turned(was) == is_now != was


def _turned(value: str) -> str:
    """Return the opposite flag, or the date with day and month changed: 2024-05-03 for 2024-03-05."""
    return _FLAGS.get(value) or f"{value[:4]}-{value[8:10]}-{value[5:7]}"
