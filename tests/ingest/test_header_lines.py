"""A second header line with labels or types is rejected."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.ingest.landing.landed_table import LandedTable
from tests.ingest.ingest_harness import land, rejects, rows, write_csv, write_workbook

HEADERS = ["id", "name", "annual_revenue", "renewal_date", "archived"]
ROWS = [("a1", "Oak", "1200", "2025-03-01", "no"), ("a2", "Elm", "800", None, "yes")]


def accounts(folder: Path, first: tuple[str | None, ...], suffix: str = "csv", below: object = ROWS) -> LandedTable:
    write = write_csv if suffix == "csv" else write_workbook
    write(folder / "crm" / f"accounts.{suffix}", HEADERS, [first, *below])  # type: ignore[misc]
    return land("crm", folder / "crm", folder)["accounts"]


@pytest.mark.parametrize("suffix", ["csv", "xlsx"])
@pytest.mark.parametrize(
    "line",
    [
        ("Account ID", "Account Name", "Revenue", "Renews on", "Archived?"),
        ("String", "String", "Nullable(Decimal(12, 2))", "DateTime64(3)", "Bool"),
        ("varchar(36)", "text", "numeric(12,2)", "timestamp with time zone", "boolean"),
        ("text", "text", None, None, None),
    ],
)
def test_a_line_of_labels_or_types_below_the_headers_is_not_a_row(
    tmp_path: Path, suffix: str, line: tuple[str | None, ...]
) -> None:
    table = accounts(tmp_path, line, suffix)
    assert [row["id"] for row in rows(table)] == ["a1", "a2"]
    assert [(one["row_number"], one["value"], one["action"]) for one in rejects(table)] == [(2, line[0], "row dropped")]
    assert rejects(table)[0]["reason"].startswith("a second line of headers")


@pytest.mark.parametrize(
    "line",
    [
        ("a0", "Text", "unknown", "to be agreed", "perhaps"),
        ("Oak", "Oak", "unknown", "to be agreed", "no"),
        ("Oak", "Oak", "unknown", None, None),
        ("String", "Quartet", None, None, None),
    ],
)
def test_a_line_with_an_id_or_a_value_is_a_row(tmp_path: Path, line: tuple[str | None, ...]) -> None:
    assert [row["id"] for row in rows(accounts(tmp_path, line))] == [line[0], "a1", "a2"]


def test_a_line_as_complete_as_those_below_it_is_a_row(tmp_path: Path) -> None:
    line = ("Oak", "Oak", "unknown", "to be agreed", "perhaps")
    table = accounts(tmp_path, line, below=[("Elm", "Elm", "unknown", "to be agreed", "perhaps")])
    assert [row["id"] for row in rows(table)] == ["Oak", "Elm"]
