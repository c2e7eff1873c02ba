"""Differences between the platform and the CRM about the same accounts (D25), as the report shows them.

The counts are the run's metrics, which the models compute from account_keys.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from pipeline.report.facts import RunFacts


@dataclass(frozen=True)
class Truth:
    """One line: `accounts` of `of` accounts, if there is a total."""

    says: str
    accounts: Decimal
    of: Decimal | None = None


_PAIRS: Final = (
    (
        "have another revenue in the CRM than on the platform",
        "accounts_whose_revenues_differ",
        "accounts_with_two_revenues",
    ),
    (
        "have renewal dates that are not one day",
        "accounts_whose_renewal_dates_differ",
        "accounts_with_several_renewal_dates",
    ),
)
_LISTS: Final = (
    ("must be renewed by account_core and by at_risk_accounts", "in both"),
    ("must be renewed by account_core's renewal_date only", "account_core only"),
    ("must be renewed by at_risk_accounts, by their contracts, only", "at_risk_accounts only"),
)


def two_truths(facts: RunFacts) -> list[Truth]:
    """List how the two sources differ about an organization's accounts; empty if only one has any."""
    counted = {(metric.metric, metric.dimension): metric.value for metric in facts.metrics}
    found = [
        Truth(says, counted[differing, "all"], counted[both, "all"])
        for says, differing, both in _PAIRS
        if counted.get((both, "all"))
    ]
    if shared := counted.get(("customers_on_a_shared_crm_account", "all")):
        found.append(Truth("share a CRM account with another customer", shared))
    if found:
        found += [
            Truth(says, counted["accounts_to_renew", place])
            for says, place in _LISTS
            if ("accounts_to_renew", place) in counted
        ]
    return found
