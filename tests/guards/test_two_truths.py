"""The guard two_truths (D25, D42): differences between the platform and the CRM are notes that hold nothing back."""

from __future__ import annotations

from decimal import Decimal

from pipeline.guards.thresholds import guards
from pipeline.guards.two_truths import judge_truths
from tests.guards.profiles import said


def test_accounts_with_two_truths_are_reported_by_organization_with_their_count() -> None:
    counts = {(2, "accounts_whose_revenues_differ"): Decimal(64), (1, "customers_on_a_shared_crm_account"): Decimal(3)}
    found = list(judge_truths(counts, guards()["two_truths"]))
    assert said(found) == [
        ("two_truths", "tell", "account_keys.crm_account_id"),
        ("two_truths", "tell", "account_keys.revenue_source"),
    ]
    assert [(finding.organization_id, finding.now) for finding in found] == [(1, "3"), (2, "64")]
    assert not any(finding.stops for finding in found)


def test_agreeing_figures_and_other_metrics_are_not_reported() -> None:
    counts = {(1, "accounts_whose_revenues_differ"): Decimal(0), (1, "accounts_to_renew"): Decimal(20)}
    assert list(judge_truths(counts, guards()["two_truths"])) == []
