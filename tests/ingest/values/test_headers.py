"""Matching headers to columns (source-schema): order, case and blanks do not matter; mistakes are named."""

from __future__ import annotations

import pytest

from pipeline.common.errors import WarehouseError
from pipeline.ingest.tables import SOURCE_TABLES, source_table
from pipeline.ingest.values.headers import find_header, join_headers, match_headers

ACCOUNTS = source_table("crm", "accounts")
ESTIMATES = source_table("lmn", "estimates_list")
CONTACTS = source_table("lmn", "contacts_export")


def columns(table_headers: list[str], table=ESTIMATES) -> dict[str, str]:
    """Return the header of each column that was found."""
    positions = match_headers(table, table_headers, "file.csv").positions
    found = zip(table.columns, positions, strict=True)
    return {column.name: table_headers[at] for column, at in found if at is not None}


def test_headers_match_in_any_order_and_case_with_blanks_around_them() -> None:
    assert columns([" NAME ", "\tiD", "Status"], ACCOUNTS) == {"name": " NAME ", "id": "\tiD", "status": "Status"}


@pytest.mark.parametrize(
    "seen",
    [
        "Estimate\nID",
        "Estimate \r\n ID",
        "Estimate\u00a0ID",
        "Estimate\u202fID",
        "Estimate\u2009\u2003ID",
        "Est\u00adimate\u200b ID\u200e",
        "\u200fEstimate\u200c ID\ufeff",
        "ESTIMATE\tid",
        '="Estimate ID"',
    ],
)
def test_headers_are_compared_by_their_visible_text(seen: str) -> None:
    assert columns([seen])["lmn_estimate_id"] == seen


def test_a_long_header_is_shown_shortened() -> None:
    long = "x" * 200_000
    assert len(match_headers(ACCOUNTS, ["id", "name", long], "file.csv").extra[0]) == 60
    with pytest.raises(WarehouseError) as error:
        match_headers(ACCOUNTS, [long] * 200, "accounts.csv")
    assert len(str(error.value)) < 2000


KNOWN = [header for column in ESTIMATES.columns for header in column.headers]


@pytest.mark.parametrize("above", [0, 1, 2, 10])
def test_headers_may_follow_up_to_ten_lines_of_titles(above: int) -> None:
    titles = [["Estimates List"], [], ["Status", "Sold"]] * 4
    lines = [*titles[:above], ["Estimate ID", "Status", "Total Price"], ["Estimate ID", "Status", "Total Price"]]
    assert find_header(lines, KNOWN) == above


def test_without_any_known_header_the_first_line_is_the_header() -> None:
    assert find_header([["a", None], ["1", "2"]], KNOWN) == 0
    assert find_header([], KNOWN) == 0


@pytest.mark.parametrize(
    ("lines", "at", "headers"),
    [
        ([["Estimate ID", "Contract", None], [None, "Contract Start", "Contract End"]], 0, (0, 1, 1)),
        ([["Estimate ID", "Status", "Contract", ""], ["", "", "Contract Start", "Contract End"]], 0, (0, 0, 1, 1)),
        ([["Estimate ID", "Status", "Contract"], ["", "", "Contract Start", "Contract End"]], 1, (0, 0, 1, 1)),
        ([["Estimate ID", "x"], ["EST1", "Status"]], 0, (0, 0)),  # a row
        ([["Estimate ID", "Status"], ["Estimate ID", "Status"]], 0, (0, 0)),
        ([["Status"], ["", "Estimate ID"]], 1, (1, 1)),  # a title
        ([["Estimate ID"]], 0, (0,)),
    ],
)
def test_headers_may_span_two_lines_as_with_merged_cells(
    lines: list[list[str | None]], at: int, headers: tuple[int, ...]
) -> None:
    expected = [lines[line][place] or "" for place, line in enumerate(headers)]
    assert join_headers(lines, at, KNOWN) == expected


def test_the_wanted_column_nearest_to_an_extra_header_is_known() -> None:
    match = match_headers(ACCOUNTS, ["id", "name", "Anual_Revenue", "shoe size"], "accounts.csv")
    assert match.near == {"Anual_Revenue": "annual_revenue"}
    assert match.matched == {"id": "id", "name": "name"}


def test_a_byte_order_mark_is_not_part_of_a_header() -> None:
    assert columns(["\ufeffid", "name"], ACCOUNTS)["id"] == "\ufeffid"


@pytest.mark.parametrize("alias", ["Estimate ID", "Estimate #", "Estimate Number", "ESTIMATE NUMBER"])
def test_every_alias_names_its_column(alias: str) -> None:
    assert columns([alias])["lmn_estimate_id"] == alias


@pytest.mark.parametrize("alias", ["CRM ID", "Crm Id", "CRM_ID", "CrmId"])
def test_every_spelling_of_the_crm_id_is_known(alias: str) -> None:
    assert columns([alias, "CRM Name"], CONTACTS)["lmn_crm_id"] == alias


def test_the_first_alias_of_two_headers_for_one_column_wins_and_the_other_is_extra() -> None:
    headers = ["Estimate #", "Estimate ID"]
    assert columns(headers)["lmn_estimate_id"] == "Estimate ID"
    assert match_headers(ESTIMATES, headers, "file.csv").extra == ("Estimate #",)


def test_the_left_one_of_two_equal_headers_wins() -> None:
    match = match_headers(ACCOUNTS, ["id", "name", "ID"], "file.csv")
    assert match.positions[0] == 0
    assert match.extra == ("ID",)


def test_extra_columns_are_reported_and_unnamed_ones_are_ignored() -> None:
    assert match_headers(ACCOUNTS, ["id", "favourite colour", "name", ""], "file.csv").extra == ("favourite colour",)


def test_row_numbers_of_pandas_are_not_a_column() -> None:
    headers = ["Unnamed: 0", "organization_id", "id", "name", "__index_level_0__"]
    assert match_headers(source_table("platform", "tier"), headers, "tier.csv").extra == ()


def test_a_missing_required_column_names_the_file_the_column_and_the_nearest_header() -> None:
    with pytest.raises(WarehouseError) as error:
        match_headers(ACCOUNTS, ["id", "Nmae", "status"], "accounts.csv")
    assert "accounts.csv" in str(error.value)
    assert "'name'" in str(error.value)
    assert "nearest header is 'Nmae'" in str(error.value)


def test_without_a_similar_header_the_found_ones_are_listed() -> None:
    with pytest.raises(WarehouseError, match="found: x, y"):
        match_headers(ACCOUNTS, ["x", "y"], "accounts.csv")


def test_a_missing_optional_column_is_not_an_error() -> None:
    assert set(columns(["id", "name"], ACCOUNTS)) == {"id", "name"}


@pytest.mark.parametrize("table", SOURCE_TABLES, ids=lambda table: table.qualified_name)
def test_no_header_names_two_columns_of_a_table(table) -> None:
    headers = [alias.casefold() for column in table.columns for alias in column.headers]
    repeated = {header for header in headers if headers.count(header) > 1} - {"crm id", "crm_id", "crmid"}
    assert not repeated
