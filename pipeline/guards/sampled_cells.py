"""What the sampled rows of a source table tell beside those of the last run: flags that flipped, dates that turned."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Final

from pipeline.guards.findings import Finding, found
from pipeline.guards.source_profile import TableProfile
from pipeline.guards.thresholds import Guard

_FLAGS: Final = {"true": "false", "false": "true"}


def judge_sample(now: TableProfile, before: TableProfile, guards: Mapping[str, Guard]) -> Iterator[Finding]:
    """Compare the cells of the rows that both samples hold."""
    for column in (name for name in now.sample if name in before.sample):
        cells, earlier = now.sample[column], before.sample[column]
        pairs = [(earlier[row], cells[row]) for row in sorted(cells.keys() & earlier.keys())]
        is_flag = any(value in _FLAGS for value in cells.values())
        guard = guards["flags_flipped" if is_flag else "dates_swapped"]
        turned = sum(_turned(was) == is_now != was for was, is_now in pairs)
        if turned and len(pairs) >= guard.thresholds.get("least", 1):
            share = Decimal(100 * turned) / len(pairs)
            if share >= guard.thresholds["warn"]:
                how = "are the opposite of what they were" if is_flag else "have day and month the other way round"
                says = f"{turned} of {len(pairs)} sampled cells {how}"
                yield found(guard, "warn", f"{now.name}.{column}", says)


def _turned(value: str) -> str:
    """Return the opposite flag, or the date with day and month changed: 2024-05-03 for 2024-03-05."""
    return _FLAGS.get(value) or f"{value[:4]}-{value[8:10]}-{value[5:7]}"
