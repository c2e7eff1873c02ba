"""`--var`: the allowed values of each decision; an invalid one is named with the allowed ones."""

from __future__ import annotations

from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from pipeline.common.errors import WarehouseError
from pipeline.run_plan import RunPlan, decide
from pipeline.settings import Settings


@pytest.mark.parametrize(
    ("name", "given", "value"),
    [
        ("at_risk_days", "0", 0),
        ("at_risk_days", "90", 90),
        ("at_risk_days", "36500", 36_500),
        ("open_thread_hours", "876000", 876_000),
        ("at_risk_days", 90, 90),
        ("crm_organization_id", str(2**63 - 1), 2**63 - 1),
        ("communication_window_days", "0", 0),
        ("communication_window_days", "null", None),
        ("communication_window_days", None, None),
        ("revenue_includes_archived_estimates", "false", False),
        ("revenue_honours_exclude_stats", True, True),
        ("price_preference", "total_price_with_tax", "total_price_with_tax"),
        ("segment_a_percent", "0", 0),
        ("segment_b_percent", "12.5", 12.5),
        ("segment_b_percent", "0.0001", 0.0001),
        ("segment_a_percent", "100", 100),
        ("default_hourly_cost", "59.95", 59.95),
        ("default_hourly_cost", "1500", 1500),
        ("effort_minutes_email", "52560000", 52_560_000),
        ("notification_cache_minutes", "0", 0),
        ("snooze_types", "[renewal_reminder]", ["renewal_reminder"]),
        ("snooze_types", ["a type", "it's"], ["a type", "it's"]),
    ],
)
def test_a_valid_value_is_used(name: str, given: Any, value: Any) -> None:
    decided = decide({name: given})
    assert decided[name] == value
    assert {**decided, name: None} == {**decide({}), name: None}, "the others keep their defaults"


DAYS = "a whole number from 0 to 36,500"
COST = "a number from 0 to 9,999,999,999 with 2 decimals at most"
SHARE = "a number from 0 to 100 with 4 decimals at most"
TYPES = "a list of names, such as [renewal_reminder, at-risk-account]"


@pytest.mark.parametrize(
    ("name", "given", "allowed"),
    [
        ("at_risk_days", "-1", DAYS),
        ("at_risk_days", "36501", DAYS),
        ("open_thread_hours", "876001", "a whole number from 0 to 876,000"),
        ("at_risk_days", "abc", DAYS),
        ("at_risk_days", "90.5", DAYS),
        ("at_risk_days", "true", DAYS),
        ("at_risk_days", "null", DAYS),
        ("at_risk_days", "[", DAYS),
        ("at_risk_days", "2025-13-45", DAYS),
        ("at_risk_days", "1); drop table accounts", DAYS),
        ("crm_organization_id", str(2**63), "a whole number from 0 to 9,223,372,036,854,775,807"),
        ("communication_window_days", "-1", DAYS + ", or null"),
        ("communication_window_days", "week", DAYS + ", or null"),
        ("revenue_includes_archived_estimates", "1", "true or false"),
        ("revenue_includes_archived_estimates", "null", "true or false"),
        ("price_preference", "foo", "total_price or total_price_with_tax"),
        ("segment_a_percent", "-0.1", SHARE),
        ("segment_a_percent", "100.1", SHARE),
        ("segment_b_percent", ".nan", SHARE),
        ("segment_b_percent", "0.00001", SHARE),
        ("default_hourly_cost", "0.005", COST),
        ("default_hourly_cost", "1e-7", COST),
        ("default_hourly_cost", ".inf", COST),
        ("default_hourly_cost", {"an": "hour"}, COST),
        ("effort_minutes_chat", "52560001", "a whole number from 0 to 52,560,000"),
        ("notification_cache_minutes", "52560001", "a whole number from 0 to 52,560,000"),
        ("snooze_types", "renewal_reminder", TYPES),
        ("snooze_types", "[]", TYPES),
        ("snooze_types", "[1]", TYPES),
    ],
)
def test_an_invalid_value_is_named_with_the_allowed_ones(name: str, given: Any, allowed: str) -> None:
    with pytest.raises(WarehouseError) as error:
        decide({name: given})
    assert error.value.where == f"--var {name}"
    assert error.value.what == f"can't be {given}"
    assert error.value.remedy == f"give {allowed}"


@pytest.mark.parametrize(("ahead", "refused"), [(timedelta(days=1), False), (timedelta(days=1, seconds=1), True)])
def test_an_instant_more_than_a_day_ahead_of_the_clock_is_refused(ahead: timedelta, refused: bool) -> None:
    """D38."""
    now = datetime(2025, 1, 15, tzinfo=UTC)
    with pytest.raises(WarehouseError, match="a day ahead") if refused else nullcontext():
        RunPlan.of(Settings(as_of=now + ahead), now)
