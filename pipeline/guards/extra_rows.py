"""Source rows that should not exist: deleted ones, and repetitions of other rows under different ids."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from pipeline.guards.findings import Finding, found
from pipeline.guards.source_profile import TableProfile
from pipeline.guards.thresholds import Guard


def judge_deleted_rows(table: TableProfile, guard: Guard) -> Iterator[Finding]:
    """Find rows that were read although a column outside the schema marks them as deleted."""
    for header, rows in table.deleted.items():
        yield found(
            guard, "warn", f"{table.name}.{header}", "rows that it marks as deleted were read", now=f"{rows:,} rows"
        )


def judge_twins(now: TableProfile, before: TableProfile | None, guard: Guard) -> Iterator[Finding]:
    """Find a table in which many rows repeat others under different ids, or in which their share has risen."""
    share, was = _twin_share(now, guard), None if before is None else _twin_share(before, guard)
    if share is None:
        return
    is_more = was is not None and share - was >= guard.thresholds["warn_rise_points"]
    if is_more or (was is None and share > guard.thresholds["warn"]):
        says = "many of its rows repeat another row under a different id"
        figure = None if was is None else f"{was:.1f} %"
        yield found(guard, "warn", now.name, says, before=figure, now=f"{share:.1f} %")


def _twin_share(table: TableProfile, guard: Guard) -> Decimal | None:
    """Return the percentage of rows that repeat another; None if too few were compared."""
    if table.compared_rows < guard.thresholds["least"]:
        return None
    return Decimal(100 * table.twins) / table.compared_rows
