"""Every documented edge case of a sample is in its files: each line has the case and a query for it."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path

import duckdb
import pytest

from pipeline.sample import DEFAULT_AS_OF
from pipeline.sample.draw.population import Account, populate
from pipeline.sample.draw.roles import Role
from tests.sample.conftest import ACCOUNTS, SEED
from tests.sample.reading import WORKBOOKS

Cells = dict[str, list[dict[str, object]]]

TODAY = date(2025, 1, 15)


@pytest.fixture(scope="module")
def cast() -> tuple[Account, ...]:
    return populate(ACCOUNTS, SEED, DEFAULT_AS_OF).cast


def named(cells: Cells, project: str) -> dict[str, object]:
    """Return the trap with that project name."""
    found = [row for row in cells["lmn_estimates"] if row["Project Name"] == project]
    assert len(found) == 1, project
    return found[0]


# LMN: cells as people write them


@pytest.mark.parametrize(
    ("project", "header", "cell"),
    [
        ("A serial for a date", "Estimate Date", 45352),
        ("A serial for a date", "Contract Start", 45352.75),
        ("A credit in brackets", "Total Price", "($50.25)"),
        ("A minus behind", "Total Price", "1,234.50-"),
        ("A dollar sign and commas", "Total Price", " $ 12,345.67 "),
        ("Archived with a Yes", "Archived", "Yes"),
        ("Archived with a Yes", "Exclude Stats", "x"),
        ("No contact", "Contact ID", None),
        ("An account that no other file knows", "Contact ID", "9999999"),
        ("A date with an offset", "Estimate Date", "2024-12-31T23:30:00-06:00"),
        ("No division", "Division", "undefined"),
        ("A day that does not exist", "Estimate Date", "2/30/2024"),
        ("A date in words", "Estimate Date", "next spring"),
        ("A year outside 2000 to 2100", "Contract End", "12/31/1899"),
        ("A price in words", "Total Price", "call for price"),
        ("Perhaps archived", "Archived", "maybe"),
        ("No estimate id", "Estimate ID", None),
        ("A blank estimate id", "Estimate ID", "   "),
    ],
)
def test_a_trap_of_lmn_is_in_the_workbook(cells: Cells, project: str, header: str, cell: object) -> None:
    assert named(cells, project)[header] == cell


def test_a_number_is_in_a_cell_of_an_id(cells: Cells) -> None:
    assert isinstance(named(cells, "A number for the account")["Contact ID"], int)
    ids = [row["CRM ID"] for row in cells["lmn_contacts"]]
    assert any(isinstance(cell, int) for cell in ids)
    assert any(isinstance(cell, str) for cell in ids)


def test_line_breaks_and_quotes_are_inside_cells(cells: Cells) -> None:
    assert any("\n" in str(row["Project Name"]) and '"' in str(row["Project Name"]) for row in cells["lmn_estimates"])
    assert any("\n" in str(row["Notes"]) for row in cells["lmn_contacts"])
    assert any("\n" in str(row["Notes"]) for row in cells["lmn_jobsites"])


def test_an_estimate_is_entered_twice_and_the_last_stays(cells: Cells) -> None:
    twice = [row for row in cells["lmn_estimates"] if "Entered twice" in str(row["Project Name"])]
    assert [row["Total Price"] for row in twice] == [1111, 2222]
    assert len({row["Estimate ID"] for row in twice}) == 1


def test_an_empty_row_is_between_the_others(cells: Cells) -> None:
    for name in WORKBOOKS:
        empty = [at for at, row in enumerate(cells[name]) if not any(cell is not None for cell in row.values())]
        assert empty, name
        assert max(empty) < len(cells[name]) - 1


def test_dates_numbers_and_flags_are_written_in_many_ways(cells: Cells) -> None:
    dates = [row["Proposal Last Updated"] for row in cells["lmn_estimates"] if row["Proposal Last Updated"]]
    assert any(isinstance(cell, datetime) for cell in dates)
    texts = [cell for cell in dates if isinstance(cell, str)]
    assert any(cell.endswith("Z") for cell in texts)
    assert any(cell.endswith("PM") for cell in texts)
    assert any(cell.count("/") == 2 and len(cell) >= 8 and ":" not in cell for cell in texts)
    prices = [row["Total Price"] for row in cells["lmn_estimates"]]
    assert any(isinstance(cell, int | float) for cell in prices)
    assert any(isinstance(cell, str) and cell.startswith("$") for cell in prices)
    assert {True, "Yes", "x", "TRUE", "on"} <= {row["Archived"] for row in cells["lmn_estimates"] if row["Archived"]}


def test_leads_are_counted_from_1904_and_still_fall_on_the_right_day(sample: Path, cells: Cells) -> None:
    import zipfile

    with zipfile.ZipFile(sample / "lmn" / WORKBOOKS["lmn_leads"]) as workbook:
        assert b'date1904="1"' in workbook.read("xl/workbook.xml")
    days = [row["Created"] for row in cells["lmn_leads"] if isinstance(row["Created"], datetime)]
    assert days
    assert all(date(2020, 1, 1) <= day.date() <= TODAY for day in days)


def test_contacts_have_primary_ones_nameless_ones_and_a_second_spelling(cells: Cells) -> None:
    rows = [row for row in cells["lmn_contacts"] if row["CRM ID"] is not None]
    by_account: dict[str, list[dict[str, object]]] = {}
    for row in rows:
        by_account.setdefault(str(row["CRM ID"]), []).append(row)
    yes = (True, "Yes", "x", "TRUE", 1, "on")
    assert any(r["PrimaryContact"] not in yes and len(g) > 1 for g in by_account.values() for r in g[:1]), (
        "not the first"
    )
    assert any(row["First Name"] is None and row["Last Name"] is None for row in rows)
    assert any(len({row["CRM Name"] for row in group}) > 1 for group in by_account.values())
    assert any(row["CRM ID"] is None and row["CRM Name"] for row in cells["lmn_contacts"])
    assert any(str(row["CRM Name"]).isspace() for row in rows)


def test_status_and_pipeline_contradict_each_other(cells: Cells) -> None:
    pairs = {(row["Sales Pipeline Status"], row["Status"]) for row in cells["lmn_estimates"]}
    assert {
        ("Not Sold", "Estimate Lost"),
        ("Not Sold", "Contract Signed"),
        ("Sold", "Estimate Lost"),
        ("sold - verbal", "Estimate In Progress"),
        ("Pending", " WON "),
        ("Lost", "Work Complete"),
        ("Pending", "Lost to another bidder"),
        ("Pending", "Deposit lost?"),
        ("Pending", "Ballosted Beds"),
    } <= pairs
    assert any(status == "Contract Signed - Draft" for _, status in pairs)


def test_spellings_of_no_division(cells: Cells) -> None:
    divisions = {row["Division"] for row in cells["lmn_estimates"]}
    assert None in divisions
    assert divisions & {"<unassigned>", "[unassigned]", "n/a", "undefined"}


# estimates of the cast


def estimates_of(cells: Cells, account: Account) -> list[dict[str, object]]:
    return [row for row in cells["lmn_estimates"] if str(row["Contact ID"]) == account.lmn_crm_id]


def as_day(cell: object) -> date | None:
    """Read a date cell of the workbook in any form."""
    match cell:
        case None:
            return None
        case datetime():
            return cell.date()
        case str() if "-" in cell:
            return date.fromisoformat(cell[:10])
        case str():
            month, day, year = cell.split(" ")[0].split("/")
            return date(int(year) % 100 + 2000, int(month), int(day))
    raise AssertionError(cell)


@pytest.mark.parametrize(
    ("role", "days"),
    [
        (Role.ENDS_TODAY, [0]),
        (Role.ENDS_IN_180_DAYS, [180]),
        (Role.ENDS_IN_181_DAYS, [181]),
        (Role.ENDED_YESTERDAY, [-1]),
        (Role.RENEWED, [137, 502]),
        (Role.DUPLICATES, [60, 90, 120]),
        (Role.SAME_DAY_TIE, [106, 106]),
        (Role.ARCHIVED_RENEWAL, [75, 440]),
    ],
)
def test_contracts_end_at_the_boundaries_of_the_window(
    cells: Cells, cast: tuple[Account, ...], role: Role, days: list[int]
) -> None:
    ends = [as_day(row["Contract End"]) for row in estimates_of(cells, cast[role])]
    assert [(end - TODAY).days for end in ends if end] == days


@pytest.mark.parametrize(
    ("role", "months"),
    [
        (Role.WHOLE_YEARS, [24, 12, 36, 60]),
        (Role.TYPOS, [13, 25]),
        (Role.MONTH_ENDS, [1, 12, 12]),
        (Role.REVERSED_DATES, [-11, 0]),
    ],
)
def test_durations_are_at_the_boundaries_of_years(
    cells: Cells, cast: tuple[Account, ...], role: Role, months: list[int]
) -> None:
    """The formula of the accounts spec: months, plus one if the end's day is later."""
    found = []
    for row in estimates_of(cells, cast[role]):
        start, end = as_day(row["Contract Start"]), as_day(row["Contract End"])
        assert start
        assert end
        found.append((end.year - start.year) * 12 + end.month - start.month + (end.day > start.day))
    assert found == months


def test_odd_prices(cells: Cells, cast: tuple[Account, ...]) -> None:
    rows = estimates_of(cells, cast[Role.ODD_PRICES])

    def amount(cell: object) -> float | None:
        return None if cell is None else float(str(cell).replace("$", "").replace(",", ""))

    prices = [(amount(row["Total Price"]), amount(row["Total Price With Tax"])) for row in rows[:3]]
    assert prices == [(0, 535), (None, 1070), (None, None)]
    assert any(str(row["Total Price"]).strip("()-$") == "250.75" for row in rows)


def test_a_project_customer_has_standard_estimates_only_and_a_zero_priced_one(
    cells: Cells, cast: tuple[Account, ...]
) -> None:
    rows = [r for r in estimates_of(cells, cast[Role.PROJECTS_ONLY]) if as_day(r["Contract Start"]) == date(2025, 1, 1)]
    assert [str(row["Estimate Type"]).strip().lower() for row in rows] == ["standard", "standard"]
    assert 0 in [row["Total Price"] for row in rows]


# CRM and platform: edge_cases.sql has one query per case

SQL = Path(__file__).with_name("edge_cases.sql").read_text(encoding="utf-8")
CASES = dict(re.findall(r"^-- (.+)\n(from [^;]+);$", SQL, re.MULTILINE))


def test_no_case_is_left_out() -> None:
    assert len(CASES) == SQL.count(";\n") > 100


@pytest.mark.parametrize("case", CASES)
def test_an_edge_case_is_in_the_files(db: duckdb.DuckDBPyConnection, case: str) -> None:
    assert db.sql(f"select count(*) {CASES[case]}").fetchall()[0][0] > 0


@pytest.mark.parametrize("role", [Role.NO_EVENTS, Role.RUNS, Role.UNANSWERED])
def test_customers_of_the_cast_have_no_other_events(
    db: duckdb.DuckDBPyConnection, cast: tuple[Account, ...], role: Role
) -> None:
    counts: Callable[[str], int] = lambda table: db.sql(  # noqa: E731
        f"select count(*) from platform_{table} where organization_id = 1 and customer_id = {cast[role].customer_id}"
    ).fetchall()[0][0]
    expected = {Role.NO_EVENTS: (0, 0), Role.RUNS: (6, 4), Role.UNANSWERED: (13, 8)}
    assert (counts("email_prop"), counts("chat_message")) == expected[role]
    assert counts("ticket") == counts("calendar_event_prop") == 0


def test_most_events_are_of_the_eighteen_months_before(db: duckdb.DuckDBPyConnection) -> None:
    oldest, recent = db.sql("""
        select quantile_cont(sent_at, 0.05), count(*) filter (where sent_at > timestamp '2024-10-17') / count(*)
        from platform_email_prop
    """).fetchall()[0]
    assert datetime(2023, 7, 1) < oldest < datetime(2024, 6, 1)
    assert 0.15 < recent < 0.6, "scores look at the last 90 days"
