"""Rows of lasting source tables that are gone: a file that ends too early, a filter left on.

The number of rows does not reveal a missing tenth, or one replaced by as many others. Events do not count, because many
sources keep them for some months only; the guard past_rows judges those.
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
"""Keys of a table that are kept with a run. With that many, a loss of seven in a hundred hardly ever looks like ten."""


def judge_gone_rows(now: TableProfile, before: TableProfile, guard: Guard) -> Iterator[Finding]:
    """Find a table of which many of the sampled rows are gone; of a table that grew, as many keys as can be known."""
    last = now.keys[-1] if len(now.keys) == LOOKED_UP else 2**32
    known = [key for key in before.keys if key <= last]
    gone = len(set(known) - set(now.keys))
    if len(known) >= guard.thresholds["least"] and Decimal(100 * gone) / len(known) >= guard.thresholds["warn"]:
        says = "many rows that were there when it was last published are gone"
        yield found(guard, "warn", now.name, says, now=f"{gone:,} of {len(known):,} sampled rows")
