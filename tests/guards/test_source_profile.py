"""The profile of a table, and how a run stores it."""

from __future__ import annotations

from datetime import datetime

import pytest

from pipeline.guards.source_profile import TableProfile
from tests.guards.profiles import profile


def test_a_table_that_was_not_read_has_no_counts() -> None:
    table = TableProfile("crm", "accounts", is_configured=False)
    assert (table.name, table.read, table.loaded, table.rejected) == ("crm.accounts", 0, 0, 0)
    assert (table.newest, table.fingerprint) == (None, None)


@pytest.mark.parametrize("newest", [None, datetime(2025, 1, 15, 23, 59, 59, 5)])
def test_a_profile_survives_its_json(newest: datetime | None) -> None:
    table = profile(newest=newest, unknown={"x": "a.csv"}, cells={"archived": {"1": "true"}}, words={"a": {"b": 1}})
    assert TableProfile.from_dict(table.as_dict()) == table


def test_known_parts_of_another_versions_profile_are_read() -> None:
    content = {"source": "crm", "table": "accounts", "is_configured": True, "read": 5, "colour": "green"}
    assert TableProfile.from_dict(content) == TableProfile("crm", "accounts", is_configured=True, read=5)
