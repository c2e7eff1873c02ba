"""How headers find their columns (source-schema): order, case and blanks never matter; mistakes are named."""

from __future__ import annotations

import pytest

from pipeline.common.errors import WarehouseError
from pipeline.ingest.tables import SOURCE_TABLES, source_table
from pipeline.ingest.values.headers import match_headers

ACCOUNTS = source_table("crm", "accounts")
ESTIMATES = source_table("lmn", "estimates_list")
CONTACTS = source_table("lmn", "contacts_export")


def columns(table_headers: list[str], table=ESTIMATES) -> dict[str, str]:
    """The header of each column that was found."""
    positions = match_headers(table, table_headers, "file.csv").positions
    found = zip(table.columns, positions, strict=True)
    return {column.name: table_headers[at] for column, at in found if at is not None}


def test_headers_match_in_any_order_and_case_with_blanks_around_them() -> None:
    assert columns([" NAME ", "\tiD", "Status"], ACCOUNTS) == {"name": " NAME ", "id": "\tiD", "status": "Status"}


def test_a_byte_order_mark_is_no_part_of_a_header() -> None:
    assert columns(["\ufeffid", "name"], ACCOUNTS)["id"] == "\ufeffid"


@pytest.mark.parametrize("alias", ["Estimate ID", "Estimate #", "Estimate Number", "ESTIMATE NUMBER"])
def test_every_alias_names_its_column(alias: str) -> None:
    assert columns([alias])["lmn_estimate_id"] == alias


@pytest.mark.parametrize("alias", ["CRM ID", "Crm Id", "CRM_ID", "CrmId"])
def test_every_spelling_of_the_crm_id_is_known(alias: str) -> None:
    assert columns([alias, "CRM Name"], CONTACTS)["lmn_crm_id"] == alias


def test_of_two_headers_for_one_column_the_first_alias_wins_and_the_other_is_extra() -> None:
    headers = ["Estimate #", "Estimate ID"]
    assert columns(headers)["lmn_estimate_id"] == "Estimate ID"
    assert match_headers(ESTIMATES, headers, "file.csv").extra == ("Estimate #",)


def test_of_two_equal_headers_the_left_one_wins() -> None:
    match = match_headers(ACCOUNTS, ["id", "name", "ID"], "file.csv")
    assert match.positions[0] == 0
    assert match.extra == ("ID",)


def test_extra_columns_are_told_and_unnamed_ones_are_none() -> None:
    assert match_headers(ACCOUNTS, ["id", "favourite colour", "name", ""], "file.csv").extra == ("favourite colour",)


def test_a_missing_required_column_names_the_file_the_column_and_the_nearest_header() -> None:
    with pytest.raises(WarehouseError) as error:
        match_headers(ACCOUNTS, ["id", "Nmae", "status"], "accounts.csv")
    assert "accounts.csv" in str(error.value)
    assert "'name'" in str(error.value)
    assert "nearest header is 'Nmae'" in str(error.value)


def test_where_no_header_is_near_the_found_ones_are_listed() -> None:
    with pytest.raises(WarehouseError, match="found: x, y"):
        match_headers(ACCOUNTS, ["x", "y"], "accounts.csv")


def test_a_missing_optional_column_is_no_error() -> None:
    assert set(columns(["id", "name"], ACCOUNTS)) == {"id", "name"}


@pytest.mark.parametrize("table", SOURCE_TABLES, ids=lambda table: table.qualified_name)
def test_no_header_names_two_columns_of_a_table(table) -> None:
    headers = [alias.casefold() for column in table.columns for alias in column.headers]
    repeated = {header for header in headers if headers.count(header) > 1} - {"crm id", "crm_id", "crmid"}
    assert not repeated
