"""The guard `two_truths` (D25): counts the accounts about which the platform and the CRM differ."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Final

from pipeline.guards.findings import Finding, found
from pipeline.guards.thresholds import Guard

_COUNTED: Final = {
    "customers_on_a_shared_crm_account": ("crm_account_id", "customers that share a CRM account with another customer"),
    "accounts_whose_revenues_differ": (
        "revenue_source",
        "accounts whose revenue in the CRM differs from that on the platform",
    ),
    "accounts_whose_renewal_dates_differ": ("renewal_dates_agree", "accounts whose renewal dates differ"),
}
"""The metrics, each with the column of account_keys that shows the accounts, and its message."""


def judge_truths(counts: Mapping[tuple[int, str], Decimal], guard: Guard) -> Iterator[Finding]:
    """Report each metric that is not 0, by organization."""
    for (organization_id, metric), count in sorted(counts.items()):
        if metric in _COUNTED and count:
            column, says = _COUNTED[metric]
            place = f"account_keys.{column}"
            yield found(guard, "tell", place, says, now=f"{count:,.0f}", organization_id=organization_id)
