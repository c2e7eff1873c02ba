"""D36: null for a channel without its source table, 0 for an empty one; CRM-only accounts have no communication."""

from __future__ import annotations

import csv
from decimal import Decimal

import pytest

from pipeline.ingest.tables import PLATFORM_TABLES
from pipeline.paths import PROJECT_ROOT
from tests.models.harness import BuiltModels, Row, Tables

CHANNELS = {
    "email_prop": range(2, 17),
    "calendar_event_prop": range(17, 26),
    "chat_message": range(26, 39),
    "ticket": range(39, 46),
}
"""The positions of each channel's columns in the spec, by source table."""

with (PROJECT_ROOT / "tests/contracts/account_communication_stats.csv").open(newline="") as _file:
    COLUMNS = {int(row["position"]): row["name"] for row in csv.DictReader(_file)}

# null for a customer whose channels all exist but are empty: no messages, no answers, no token, no revenue
UNKNOWN = {"date", "hours", "dm", "provider", "rate", "revenue"}


def sources(configured: set[str]) -> Tables:
    """Return one customer without events, one CRM account without a customer, and the configured platform tables."""
    return {
        ("platform", "customer"): [{"id": 1, "name": "Quiet"}],
        ("crm", "accounts"): [{"id": "a1", "name": "Unlinked"}],
        ("run", "configured_tables"): [
            {"source": "platform", "table_name": table.name} for table in PLATFORM_TABLES if table.name in configured
        ],
    }


def rows(models: BuiltModels, mart: str) -> tuple[Row, Row]:
    """The customer's row and the CRM account's."""
    customer, unlinked = models.rows(mart, "account_id")
    return customer, unlinked


def is_zero(name: str, value: object) -> bool:
    """Return whether a column means that nothing happened: 0, or null if 0 is impossible."""
    if value is None:
        return name.rsplit("_", 1)[-1] in UNKNOWN or name == "last_touch_dm"
    return isinstance(value, int | Decimal) and value == 0


@pytest.mark.parametrize("missing", [*([table] for table in CHANNELS), list(CHANNELS)], ids=", ".join)
def test_a_channel_without_its_table_is_null(models: BuiltModels, missing: list[str]) -> None:
    models.refill(sources(set(CHANNELS) - set(missing)))
    customer, _ = rows(models, "account_communication_stats")
    for table, positions in CHANNELS.items():
        for position in positions:
            name = COLUMNS[position]
            if table in missing:
                assert customer[name] is None, name
            else:
                assert is_zero(name, customer[name]), name
    core, _ = rows(models, "account_core")
    nothing = len(missing) == len(CHANNELS)
    for name in ("total_activity", "users_count", "engagement_score", "open_items_score"):
        assert (core[name] is None) == nothing, name
    assert core["multi_threaded"] is (None if nothing else False)
    assert customer["team_effort_hours"] == (None if nothing else 0)
    assert core["stakeholders_count"] == 0


def test_a_customer_without_events_has_zeros_and_a_crm_account_nulls(models: BuiltModels) -> None:
    models.refill(sources({*CHANNELS, "insight"}))
    customer, unlinked = rows(models, "account_communication_stats")
    for position in range(2, 51):
        assert is_zero(COLUMNS[position], customer[COLUMNS[position]]), COLUMNS[position]
        assert unlinked[COLUMNS[position]] is None, COLUMNS[position]
    core, crm_only = rows(models, "account_core")
    names = list(core)
    for name in names[names.index("health_score") : names.index("extracted_at")]:
        assert crm_only[name] is None, name
    assert (core["total_activity"], core["users_count"], core["multi_threaded"]) == (0, 0, False)
    assert core["insight_account_dark"] is False


@pytest.mark.parametrize(("configured", "flag", "snapshot"), [({"insight"}, False, 17), (set(), None, 0)])
def test_without_a_table_of_insights_flags_are_unknown(
    models: BuiltModels, configured: set[str], flag: bool | None, snapshot: int
) -> None:
    """D26: null, not false, and the snapshot has no rows; an empty table means that there are no insights."""
    models.refill(sources({*CHANNELS, *configured}))
    core, crm_only = rows(models, "account_core")
    names = [name for name in core if name.startswith("insight_")]
    assert {core[name] for name in names} == {flag}
    assert {crm_only[name] for name in names} == {None}
    assert len(models.rows("insight_snapshot")) == snapshot
