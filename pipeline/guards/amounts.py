"""The size of a source's amounts: cents for dollars, or percent for shares, differ by two powers of ten."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Final, Literal

from pipeline.guards.findings import Finding, found
from pipeline.guards.source_profile import TableProfile
from pipeline.guards.thresholds import Guard

MOST: Final[Mapping[str, float]] = {"platform.users.hourly_cost": 3.0}
"""By column, the mean power of ten from which its amounts are implausible, such as 1,000 dollars an hour."""


def judge_first_amounts(tables: Sequence[TableProfile], guard: Guard) -> Iterator[Finding]:
    """Find, on a first run, implausibly large amounts."""
    for table in tables:
        for column, power in table.magnitudes.items():
            place = f"{table.name}.{column}"
            if power >= MOST.get(place, power + 1) and table.amounts[column] >= guard.thresholds["least"]:
                says = "its amounts are implausibly large, as if they were in cents"
                yield found(guard, "warn", place, says, now=_about(power))


def judge_amounts(now: TableProfile, before: TableProfile, guard: Guard) -> Iterator[Finding]:
    """Find amounts whose unit seems to have changed, because their size differs by powers of ten."""
    for column, power in now.magnitudes.items():
        values = min(now.amounts[column], before.amounts.get(column, 0))
        if column not in before.magnitudes or values < guard.thresholds["least"]:
            continue
        was = before.magnitudes[column]
        change = abs(Decimal(str(power)) - Decimal(str(was)))
        level: Literal["stop", "warn"] | None = None
        if change >= guard.thresholds["stop_powers"] and values >= guard.thresholds["stop_least"]:
            level = "stop"
        elif change >= guard.thresholds["warn_powers"]:
            level = "warn"
        if level is not None:
            says = f"its amounts are {'larger' if power > was else 'smaller'} by {change:.1f} powers of ten"
            place, about, about_now = f"{now.name}.{column}", _about(was), _about(power)
            yield found(guard, level, place, says, before=about, now=about_now)


def _about(power: float) -> str:
    return f"about {10**power:,.{0 if power >= 1 else 2}f}"
