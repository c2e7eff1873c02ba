"""Every question in queries/ has the same answer from the marts of DuckDB and PostgreSQL and from a drop."""

from __future__ import annotations

import csv
import io
import json
import tempfile
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from pipeline.cli import app
from pipeline.common.errors import WarehouseError
from pipeline.questions.answer import Answer, ask
from pipeline.questions.question import find_question, read_questions
from pipeline.settings import Settings
from tests.questions.company import publish_drops, publish_duckdb, publish_postgres

EXPECTED: dict[str, list[tuple[Any, ...]]] = {
    "renewals_due": [
        (30, "a1", "Oak", date(2025, 2, 14), 30, "Snow", "Ann", Decimal(100), Decimal(400), "A", 1, date(2025, 3, 1)),
        (60, "a2", "Fir", date(2025, 2, 15), 31, " ", " ", Decimal(7), Decimal(0), "C", 3, None),
    ],
    "segment_moves": [
        (
            *("a1", "Oak", "B", "A", Decimal(100), Decimal(400), Decimal("0.1"), Decimal("0.4")),
            "a larger share of the year's revenue",
        ),
        ("a2", "Fir", "C", "D", Decimal(0), Decimal(90), None, Decimal("0.09"), "nothing won last year"),
    ],
    "revenue_at_risk": [
        ("Snow", "Ann", 2, Decimal(103), Decimal(400), date(2025, 2, 14)),
        ("Uncategorized", None, 1, Decimal(7), Decimal(0), date(2025, 2, 15)),
    ],
    "red_untouched": [
        (
            *(1, 1, "Oak", "a1", 5, "active", Decimal(40), datetime(2024, 12, 10, 8), 36),
            *(Decimal(500), date(2025, 3, 1)),
        ),
        (1, 3, "Fir", "a2", None, "active", Decimal(40), None, None, None, None),
        (2, 1, "Yew", None, None, "active", Decimal(40), None, None, None, None),
    ],
    "slower_answers": [
        (1, "Oak", "email", "team", Decimal(2), Decimal("3.5"), Decimal("1.5")),
        (2, "Elm", "ticket", "account", Decimal(5), Decimal("5.25"), Decimal("0.25")),
    ],
    "won_and_lost": [
        (date(2025, 1, 1), "Snow", 2, Decimal(103), 1, Decimal(60), Decimal("66.7")),
        (date(2025, 1, 1), "Uncategorized", 1, Decimal(7), 0, Decimal(0), Decimal(100)),
        (date(2024, 12, 1), "Uncategorized", 0, Decimal(0), 2, Decimal(3), Decimal(0)),
        (None, "Uncategorized", 1, Decimal(50), 0, Decimal(0), Decimal(100)),
    ],
    "unlinked_estimates": [
        ("e4", None, "Nobody", "P9", None, "Lawn", "Won", True, None, Decimal(50)),
        ("e5", None, None, None, None, None, "Contract LOST", False, date(2025, 1, 20), Decimal(60)),
    ],
    "changes_since_last_drop": [
        (1, "Oak", "health_label", "Yellow", "Red", ""),
        (9, "Gone", "gone", "Gone", None, ""),
    ],
}


@pytest.fixture(scope="module")
def published() -> Iterator[Path]:
    """A folder with exports/ and state/, outside pytest's own, which PostgreSQL's user may not enter."""
    with tempfile.TemporaryDirectory(prefix="warehouse-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        (folder / "state").mkdir()
        publish_drops(folder / "exports")
        publish_duckdb(folder / "state")
        publish_postgres(folder / "state", folder)
        yield folder


def answer(published: Path, name: str, source: str) -> Answer:
    target = "postgres" if source == "postgres" else "duckdb"
    settings = Settings(state=published / "state", exports=str(published / "exports"), target=target)
    return ask(settings, find_question(name), "1/latest" if source == "drop" else None)


@pytest.mark.parametrize("source", ["duckdb", "postgres", "drop"])
@pytest.mark.parametrize("name", EXPECTED)
def test_a_question_has_the_same_answer_from_every_source(published: Path, name: str, source: str) -> None:
    found = answer(published, name, source)
    expected = EXPECTED[name]
    if source == "drop" and found.columns[0] == "organization_id":
        expected = [row for row in expected if row[0] == 1]
    assert list(found.rows) == expected
    assert list(found.columns) == list(find_question(name).columns), "the header of the file names the columns"


def test_every_question_has_an_expected_answer() -> None:
    assert {question.name for question in read_questions()} == set(EXPECTED)


def query(published: Path, *arguments: str) -> str:
    places = ["--state", str(published / "state"), "--exports", str(published / "exports")]
    ended = CliRunner().invoke(app, ["query", *arguments, *(places if arguments else [])])
    assert ended.exit_code == 0, ended.output
    return ended.output


def test_the_command_writes_a_table_csv_or_json(published: Path) -> None:
    rows = list(csv.DictReader(io.StringIO(query(published, "renewals_due", "--format", "csv"))))
    assert [(row["within_days"], row["estimate_value"]) for row in rows] == [("30", "100.00"), ("60", "7.00")]
    assert rows == list(
        csv.DictReader(io.StringIO(query(published, "renewals_due", "--format", "csv", "--drop", "1/latest")))
    )
    rows = json.loads(query(published, "renewals_due", "--format", "json"))
    assert [(row["account_id"], row["renewal_date"]) for row in rows] == [("a1", "2025-02-14"), ("a2", "2025-02-15")]
    assert "Who must renew" in query(published, "renewals_due")


def test_without_a_name_the_questions_are_listed(published: Path) -> None:
    listed = query(published)
    assert all(question.asks in listed and question.asked_by in listed for question in read_questions())


def test_an_answer_without_rows_has_its_header(published: Path) -> None:
    first = next(path.name for path in sorted((published / "exports/1").iterdir()) if path.name.startswith("20250108"))
    head = query(published, "renewals_due", "--format", "csv", "--drop", f"1/{first}").splitlines()[0]
    assert head.split(",")[:2] == ["within_days", "account_id"]


def test_a_first_drop_cannot_be_compared(published: Path) -> None:
    first = next(path.name for path in sorted((published / "exports/1").iterdir()) if path.name.startswith("20250108"))
    settings = Settings(exports=str(published / "exports"))
    with pytest.raises(WarehouseError, match="compares a drop with the previous one, but there is none"):
        ask(settings, find_question("slower_answers"), f"1/{first}")


def test_without_a_publication_the_error_has_a_remedy(tmp_path: Path) -> None:
    with pytest.raises(WarehouseError, match="no marts are published") as error:
        ask(Settings(state=tmp_path), find_question("renewals_due"))
    assert error.value.remedy is not None and "--drop" in error.value.remedy
