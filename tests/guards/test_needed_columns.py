"""The guard needed_column (D42): a missing column while unknown headers were left out, reported once."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from pipeline.guards.needed_columns import ALWAYS_NEEDED, NEEDED
from pipeline.guards.source_profile import TableProfile
from pipeline.ingest.tables import SOURCE_TABLES, source_table
from tests.guards.profiles import judged, profile

COLUMNS = tuple(NEEDED["lmn.estimates_list"].split())


def estimates(*absent: str, **changes: Any) -> TableProfile:
    """Make LMN's estimates without some columns."""
    headers = tuple(column for column in COLUMNS if column not in absent)
    return profile("lmn.estimates_list", columns=COLUMNS, headers=headers, values={}, **changes)


def needed(now: TableProfile, before: TableProfile | None = None) -> list[str]:
    """Return the guard's findings with their place."""
    found = judged([now, profile()], None if before is None else [before, profile()])
    return [f"{finding.place}: {finding.says}" for finding in found if finding.guard == "needed_column"]


def test_every_needed_column_exists() -> None:
    for name, columns in NEEDED.items():
        known = {column.name: column for column in source_table(*name.split(".")).columns}
        assert not [column for column in columns.split() if known[column].required]
    assert {table.name for table in SOURCE_TABLES} - {name.split(".")[1] for name in NEEDED} == {
        *("leads_list", "tier", "customer_journey")
    }
    assert {column for group in ALWAYS_NEEDED for column in group} <= set(COLUMNS)


def test_a_first_run_warns_of_absent_columns_and_names_the_unused_ones() -> None:
    table = estimates("total_price", "division", unknown={"Colour": "e.csv", "Price": "e.csv"})
    left_out = "columns that the schema does not know: 'Price', 'Colour'"
    assert needed(table) == [f"lmn.estimates_list: no column 'total_price', 'division'; {left_out}"]
    many = estimates("division", unknown={f"extra {at}": "e.csv" for at in range(9)})
    assert needed(many)[0].endswith("'extra 4' and 4 more")


@pytest.mark.parametrize("changes", [{"unknown": {}}, {"loaded": 0, "unknown": {"Price": "e.csv"}}])
def test_without_unused_columns_or_rows_there_is_no_finding(changes: dict[str, Any]) -> None:
    assert needed(estimates("total_price", **changes)) == []


def test_a_column_with_a_near_header_is_left_to_the_guard_near_header() -> None:
    assert needed(estimates("total_price", unknown={"totl_price": "e.csv"})) == []


@pytest.mark.parametrize("absent", ["total_price total_price_with_tax", "status pipeline_status", "crm_link"])
def test_estimates_without_any_price_status_or_account_warn_even_so(absent: str) -> None:
    assert needed(estimates(*absent.split())) == [f"lmn.estimates_list: no column '{absent.split(maxsplit=1)[0]}'"]


def test_a_column_that_was_already_absent_when_published_is_not_reported_again() -> None:
    before = estimates("division", "total_price", unknown={"Price": "e.csv"})
    assert needed(before, before) == []
    assert needed(estimates("division", unknown={"Price": "e.csv"}), before) == []
    assert len(needed(estimates("division", unknown={"Price": "e.csv"}), estimates(unknown={"Price": "e.csv"}))) == 1
    assert len(needed(estimates("division", unknown={"Branch": "e.csv"}), before)) == 1


def test_a_column_that_had_values_is_left_to_the_guard_lost_column() -> None:
    before = replace(estimates(), values={"division": 10})
    assert needed(estimates("division", unknown={"Branch": "e.csv"}), before) == []
