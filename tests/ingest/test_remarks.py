"""Lines that are not rows: repeated headers, totals and footers (source-schema). Each is rejected."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from pipeline.common.errors import WarehouseError
from pipeline.ingest.landing.landed_table import LandedTable
from pipeline.ingest.values.spellings import FOOTERS, STATISTICS, Spelling
from tests.ingest.ingest_harness import land, rejects, rows, write_csv, write_parquet, write_workbook

ESTIMATES = ["Estimate ID", "Estimate Date", "Contact ID", "Total Price"]


def lmn(tmp_path: Path, table: str, header: list[str], lines: list[tuple[object, ...]], suffix: str) -> LandedTable:
    """Land one of LMN's files."""
    if suffix == "csv":
        write_csv(tmp_path / "lmn" / "a.csv", header, lines)
    elif suffix == "xlsx":
        write_workbook(tmp_path / "lmn" / "a.xlsx", header, lines)
    else:
        columns = {name: pa.array([line[at] for line in lines], pa.string()) for at, name in enumerate(header)}
        write_parquet(tmp_path / "lmn" / "a.parquet", columns)
    return land("lmn", tmp_path / "lmn", tmp_path)[table]


@pytest.mark.parametrize("suffix", ["csv", "xlsx", "parquet"])
@pytest.mark.parametrize(
    ("again", "reason"),
    [
        ("Estimate ID", "the headers again"),
        (" estimate\u00a0id ", "the headers again"),
        ("\ufeffESTIMATE ID", "the headers again"),
        ("Total", "a line of totals"),
        ("Grand Total", "a line of totals"),
        ("GRAND TOTAL:", "a line of totals"),
        ("Subtotal", "a line of totals"),
        ("Sub-total", "a line of totals"),
        ("Totals:", "a line of totals"),
        ("Total (25)", "a line of totals"),
        ("Total: $1,234.50", "a line of totals"),
        ("7100001 Total", "a line of totals"),
        ("Total for 2024", "a line of totals"),
        ("Total: 3 estimates", "a line of totals"),
        ("Total USD", "a line of totals"),
        ("Total\u00a0Price", "a line of totals"),
    ],
)
def test_a_line_that_is_not_a_row_is_rejected(tmp_path: Path, suffix: str, again: str, reason: str) -> None:
    lines = [("EST1", "2024-03-05", "7", "1"), (again, None, None, "2"), ("EST2", "2024-03-05", "7", "1")]
    table = lmn(tmp_path, "estimates_list", ESTIMATES, lines, suffix)
    assert [row["lmn_estimate_id"] for row in rows(table)] == ["EST1", "EST2"]
    assert [(r["row_number"], r["reason"], r["action"]) for r in rejects(table)] == [(3, reason, "row dropped")]


@pytest.mark.parametrize("text", [pa.large_string(), pa.string_view(), pa.dictionary(pa.int32(), pa.string())])
def test_lines_that_are_not_rows_are_recognised_in_every_text_type(tmp_path: Path, text: pa.DataType) -> None:
    ids = pa.array(["EST1", "Grand Total", "Estimate ID", "3 rows"])
    ids = ids.dictionary_encode() if pa.types.is_dictionary(text) else ids.cast(text)
    write_parquet(tmp_path / "lmn" / "a.parquet", {"Estimate ID": ids, "Total Price": [1, 2, 3, 4]})
    table = land("lmn", tmp_path / "lmn", tmp_path)["estimates_list"]
    assert [row["lmn_estimate_id"] for row in rows(table)] == ["EST1"]


def footers(spellings: tuple[Spelling, ...], *more: str) -> list[str]:
    """Return the example of each spelling, and similar ones."""
    return [*(spelling.example for spelling in spellings), *more]


def test_footers_of_tools_are_not_rows(tmp_path: Path) -> None:
    totals = footers(
        STATISTICS, "Sum", "SUM:", "Average", "Avg: 12.5", "Sum of Total Price", "Gesamt", "Zwischensumme:"
    )
    below = footers(FOOTERS, "3 rows", "(3 rows)", "3 rows selected.", "Record count: 3", "Exported by Ana", "Page 2")
    below += [
        "Exported   from\u00a0LMN",
        "Generated: 1/15/2025",
        "Printed 1/15/2025 10:00",
        "Date: 1/15/2025",
        "***END***",
    ]
    below += ["Confidential Information - Do Not Distribute", "Copyright (c) 2000-2025 b.v.", "© 2025", "1,204 records"]
    lines = [(label, None, None, "2") for label in [*totals, *below]]
    table = lmn(tmp_path, "estimates_list", ESTIMATES, [("EST1", "2024-03-05", "7", "1"), *lines], "csv")
    assert [row["lmn_estimate_id"] for row in rows(table)] == ["EST1"]
    reasons = ["a line of totals"] * len(totals) + ["a line about the table"] * len(below)
    assert [r["reason"] for r in rejects(table)] == reasons


@pytest.mark.parametrize("label", ["# 3 of 3", "Completion time: 2025-01-15T10:00:00", "LE Landscapes"])
def test_a_line_with_only_a_phrase_is_not_an_id(tmp_path: Path, label: str) -> None:
    lines = [("EST 1", "2024-03-05", None, None), (label, None, None, None)]
    table = lmn(tmp_path, "estimates_list", ESTIMATES, lines, "csv")
    assert [row["lmn_estimate_id"] for row in rows(table)] == ["EST 1"]
    narrow = lmn(tmp_path / "b", "estimates_list", ESTIMATES[:2], [("EST 1", None)], "csv")
    assert narrow.rejected == 0


def test_a_line_drawn_under_the_headers_is_not_a_row(tmp_path: Path) -> None:
    header = [*ESTIMATES, "Status"]
    lines = [("-----", "-----", "---", "----------", "------"), ("EST1", "2024-03-05", "7", "1", "Sold")]
    table = lmn(tmp_path, "estimates_list", header, lines, "csv")
    assert [row["lmn_estimate_id"] for row in rows(table)] == ["EST1"]
    assert [r["reason"] for r in rejects(table)] == ["a line about the table"]


def test_ids_may_start_like_footers(tmp_path: Path) -> None:
    ids = ["accounts:7", "page1", "max-power1", "min3", "count_1", "run-2025", "source:9", "3rows", "date:1"]
    table = lmn(tmp_path, "estimates_list", ESTIMATES, [(one, None, None, "2") for one in ids], "csv")
    assert [row["lmn_estimate_id"] for row in rows(table)] == ids


def test_projects_and_people_may_have_names_like_footers(tmp_path: Path) -> None:
    header = ["Project Name", "Estimate ID", "Status", "Total Price"]
    lines = [("Total Landscape Inc", "EST1", None, "1"), ("Summen", "25", "Sold", "1"), ("Max", "EST3", None, "1")]
    table = lmn(
        tmp_path / "a",
        "estimates_list",
        header,
        [*lines, ("Total", "EST4", None, "1"), ("Summe", "25", None, "2")],
        "csv",
    )
    assert [row["lmn_estimate_id"] for row in rows(table)] == ["EST1", "25", "EST3", "EST4"]
    names = ["Max", "Confidential Carpets", "Source: Water"]
    leads = lmn(tmp_path / "b", "leads_list", ["Lead Name"], [(name,) for name in [*names, "Page 1 of 3"]], "csv")
    assert [row["lead_name"] for row in rows(leads)] == names
    write_csv(tmp_path / "crm" / "accounts.csv", ["id", "name"], [("sum", "Sum Inc"), ("max", "Max"), ("Sum", "")])
    header = ["id", "project_name", "total_price"]
    write_csv(tmp_path / "crm" / "estimates.csv", header, [("e1", "", "1"), ("Sum", "", "2"), ("Average", " ", "2")])
    assert [row["id"] for row in rows(land("crm", tmp_path / "crm", tmp_path)["accounts"])] == ["sum", "max"]
    assert [row["id"] for row in rows(land("crm", tmp_path / "crm", tmp_path)["estimates"])] == ["e1"]


def test_the_label_of_totals_may_be_in_the_first_cell_before_the_key(tmp_path: Path) -> None:
    header = ["Estimate Date", "Estimate ID", "Total Price"]
    lines = [("2024-03-05", "EST1", "1"), ("Grand Total", "25", "2"), ("3 records", "3", ""), ("Sum", "4", "5")]
    table = lmn(tmp_path, "estimates_list", header, lines, "csv")
    assert [row["lmn_estimate_id"] for row in rows(table)] == ["EST1"]


def test_whole_numbers_are_keys_too(tmp_path: Path) -> None:
    write_csv(
        tmp_path / "platform" / "tier.csv",
        ["organization_id", "id", "name"],
        [("1", "1", "Gold"), ("organization_id", "id", "name"), ("Total", "1", "")],
    )
    table = land("platform", tmp_path / "platform", tmp_path)["tier"]
    assert [r["reason"] for r in rejects(table)] == ["the headers again", "a line of totals"]


def test_companies_and_people_may_be_named_total(tmp_path: Path) -> None:
    write_csv(tmp_path / "crm" / "accounts.csv", ["name", "id"], [("Total", "a1"), ("Total Landscaping", "a2")])
    assert land("crm", tmp_path / "crm", tmp_path)["accounts"].rejected == 0
    leads = lmn(tmp_path, "leads_list", ["Lead Name", "City"], [("Total Landscaping", "x"), ("Snow Total", "y")], "csv")
    assert leads.rejected == 0


def test_a_row_that_repeats_one_header_is_not_a_second_table(tmp_path: Path) -> None:
    lines = [("archived", "Archived", "archived"), ("a2", "Snow", "active")]
    write_csv(tmp_path / "crm" / "accounts.csv", ["id", "name", "status"], lines)
    assert land("crm", tmp_path / "crm", tmp_path)["accounts"].rejected == 0


# --- Groups and second tables -----------------------------------------------------------------------------------------

WHOLE = [("EST1", "2024-03-05", "7", "1"), ("EST2", "2024-03-05", "7", "1")]
HEADING = "nothing but a key: the heading of a group"
BELOW = "a line of another table, below its headers"


@pytest.mark.parametrize("suffix", ["csv", "xlsx", "parquet"])
@pytest.mark.parametrize("label", ["Snow", "2024", "2024-01"])
def test_a_line_with_only_a_key_is_the_heading_of_a_group(tmp_path: Path, suffix: str, label: str) -> None:
    table = lmn(tmp_path, "estimates_list", ESTIMATES, [(label, None, None, None), *WHOLE], suffix)
    assert [row["lmn_estimate_id"] for row in rows(table)] == ["EST1", "EST2"]
    assert [(r["row_number"], r["value"], r["reason"]) for r in rejects(table)] == [(2, label, HEADING)]
    ids = lmn(tmp_path / "b", "estimates_list", ESTIMATES, [("EST1", None, None, None), *WHOLE[1:]], suffix)
    assert ids.rejected == 0


def test_groups_may_have_no_more_rows_than_headings_and_sums(tmp_path: Path) -> None:
    groups = [("Snow", None, None, None), WHOLE[0], ("Snow Total", None, None, "1")]
    table = lmn(tmp_path, "estimates_list", ESTIMATES, groups, "csv")
    assert [r["reason"] for r in rejects(table)] == [HEADING, "a line of totals"]


def test_the_sums_of_a_group_are_not_a_row_because_their_label_has_no_digit(tmp_path: Path) -> None:
    table = lmn(tmp_path, "estimates_list", ESTIMATES, [*WHOLE, ("Snow", None, None, "2")], "csv")
    assert [r["reason"] for r in rejects(table)] == ["not an id: it has no digit, unlike the other ids"]
    words = [("alpha", "2024-03-05", "7", "1"), ("beta", "2024-03-05", "7", "1"), ("gamma7", None, "7", "1")]
    assert lmn(tmp_path / "b", "estimates_list", ESTIMATES, words, "csv").rejected == 0


@pytest.mark.parametrize("suffix", ["csv", "xlsx", "parquet"])
def test_a_row_count_beside_sums_is_not_an_id(tmp_path: Path, suffix: str) -> None:
    table = lmn(tmp_path, "estimates_list", ESTIMATES, [*WHOLE, ("2", None, None, "2")], suffix)
    assert [(r["value"], r["reason"]) for r in rejects(table)] == [("2", "a line of totals")]


def test_rows_may_have_only_amounts(tmp_path: Path) -> None:
    lines = [("EST1", None, None, "2"), ("EST2", None, None, "2"), ("3", None, None, "2")]
    assert lmn(tmp_path, "estimates_list", ESTIMATES, lines, "csv").rejected == 0


def test_a_database_row_may_have_only_a_key(tmp_path: Path) -> None:
    write_parquet(
        tmp_path / "crm" / "estimates.parquet",
        {"id": ["e1", "Snow"], "status": ["won", None], "archived": [True, None]},
    )
    assert land("crm", tmp_path / "crm", tmp_path)["estimates"].rejected == 0
    write_csv(tmp_path / "b" / "estimates.csv", ["id", "status", "archived"], [("Snow", "", None), ("e1", "won", None)])
    assert [r["reason"] for r in rejects(land("crm", tmp_path / "b", tmp_path)["estimates"])] == [HEADING]


@pytest.mark.parametrize("suffix", ["csv", "xlsx"])
@pytest.mark.parametrize(
    "other",
    [
        ("CRM ID", "CRM Name", "Contact ID", "Type"),
        ("Jobsite ID", "Jobsite Name", None, None),
        ("Estimate ID", "Contact ID", "Estimate Date", "Total Price"),  # the same headers in another order
        ("Total Price", "Estimate ID", None, None),
    ],
)
def test_a_second_table_with_its_own_rows_stops_the_run(tmp_path: Path, suffix: str, other: tuple[object, ...]) -> None:
    lines = [*WHOLE, (None, None, None, None), other, ("7100001", "Acme", "P1", "Client")]
    with pytest.raises(WarehouseError, match=r"a\.(csv|xlsx): row 5 has other headers \(.+\): a second table begins"):
        lmn(tmp_path, "estimates_list", ESTIMATES, lines, suffix)


def test_repeated_headers_are_recognised_by_another_alias(tmp_path: Path) -> None:
    lines = [*WHOLE, ("Estimate #", "Estimate Date", "Contact ID", "Total Price"), ("EST3", None, "7", "1")]
    table = lmn(tmp_path, "estimates_list", ESTIMATES, lines, "csv")
    assert [row["lmn_estimate_id"] for row in rows(table)] == ["EST1", "EST2", "EST3"]


@pytest.mark.parametrize("headers", [("Division", "Total Price"), ("Month", "Invoices")])
def test_the_lines_of_a_summary_below_a_table_are_not_rows(tmp_path: Path, headers: tuple[str, str]) -> None:
    summary = [(None,) * 4, (*headers, None, None), ("2024", "5", None, None), ("Snow", "7", None, None)]
    table = lmn(tmp_path, "estimates_list", ESTIMATES, [*WHOLE, *summary, ("EST3", None, "7", "1")], "csv")
    assert [row["lmn_estimate_id"] for row in rows(table)] == ["EST1", "EST2", "EST3"]
    assert [r["reason"] for r in rejects(table)][:2] == ["the headers of another table", BELOW]
    assert table.rejected == 3


def test_a_second_table_in_a_platform_file_stops_the_run(tmp_path: Path) -> None:
    lines = [("1", "1", "Gold"), ("organization_id", "name", "id"), ("1", "Silver", "2")]
    write_csv(tmp_path / "platform" / "tier.csv", ["organization_id", "id", "name"], lines)
    with pytest.raises(WarehouseError, match="row 3 has other headers"):
        land("platform", tmp_path / "platform", tmp_path)
