"""The section of the report on accounts about which the platform and the CRM differ (D25).

The counts are metrics of the run, which the models compute from account_keys.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from pipeline.report.facts import RunFacts


@dataclass(frozen=True)
class Truth:
    """One line of the section: `accounts` accounts, of a total of `of` if there is one."""

    says: str
    accounts: Decimal
    of: Decimal | None = None


_PAIRS: Final = (
    (
        "have different revenues in the CRM and on the platform",
        "accounts_whose_revenues_differ",
        "accounts_with_two_revenues",
    ),
    (
        "have different renewal dates",
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
    """List how the two sources differ about an organization's accounts; empty if only one source has accounts."""
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
