"""Pairs of columns with a fixed order: a start is not after its end, a price not above the price with tax.

If many rows violate the order, the columns are swapped, or one of them was misread.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from pipeline.guards.findings import Finding, found
from pipeline.guards.source_profile import TableProfile
from pipeline.guards.thresholds import Guard

PAIRS: Final[Mapping[str, Mapping[str, str]]] = {
    "lmn.estimates_list": {"contract_end": "contract_start", "total_price_with_tax": "total_price"},
    "crm.estimates": {"contract_end": "contract_start", "total_price_with_tax": "total_price"},
    "platform.calendar_event_prop": {"end_time": "start_time"},
    "platform.customer": {"renewal": "contract_start_date"},
    "platform.insight": {"resolved_at": "created_at", "last_detected_at": "created_at"},
    "platform.ticket": {"closed_at": "opened_at"},
}
"""By table: each column that is never below another, with that other column."""


def judge_pairs(now: TableProfile, guard: Guard) -> Iterator[Finding]:
    """Find pairs of columns that are reversed in many rows."""
    for column, least in PAIRS.get(now.name, {}).items():
        rows, reverse = now.pairs.get(column, 0), now.reversed_pairs.get(column, 0)
        if rows >= guard.thresholds["least"] and 100 * reverse > guard.thresholds["warn"] * rows:
            says = f"in many rows it is below '{least}'"
            yield found(guard, "warn", f"{now.name}.{column}", says, now=f"{reverse:,} of {rows:,} rows")
