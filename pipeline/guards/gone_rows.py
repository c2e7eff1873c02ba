"""Missing rows of source tables whose rows are hardly ever deleted: a file that ends too early, a filter left on.

The number of rows does not reveal that a tenth is missing or was replaced. Tables of events are left to the guard
past_rows, because many sources only keep events for some months.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from pipeline.guards.findings import Finding, found
from pipeline.guards.source_profile import TableProfile
from pipeline.guards.thresholds import Guard

LASTING: Final = frozenset(
    {
        *("lmn.contacts_export", "lmn.estimates_list", "lmn.jobsite_export"),
        *("crm.accounts", "crm.contacts", "crm.estimates", "crm.scorecards"),
        *("platform.customer", "platform.note", "platform.stakeholder", "platform.topic", "platform.users"),
    }
)
"""Tables whose rows are archived or changed, and hardly ever deleted."""
LOOKED_UP: Final = 400
"""How many keys of a table a run records. With that many, a loss of 7 % is hardly ever measured as 10 %."""


def judge_gone_rows(now: TableProfile, before: TableProfile, guard: Guard) -> Iterator[Finding]:
    """Find a table in which many of the rows sampled at the last publication are gone.

    A run records the lowest keys only. If a table has grown, the highest keys recorded before are beyond those recorded
    now, and are not compared.
    """
    last = now.keys[-1] if len(now.keys) == LOOKED_UP else 2**32
    known = [key for key in before.keys if key <= last]
    gone = len(set(known) - set(now.keys))
    if len(known) >= guard.thresholds["least"] and Decimal(100 * gone) / len(known) >= guard.thresholds["warn"]:
        says = "many rows of the last publication are gone"
        yield found(guard, "warn", now.name, says, now=f"{gone:,} of {len(known):,} sampled rows")
