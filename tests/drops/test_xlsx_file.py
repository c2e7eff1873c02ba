"""The workbook of a list: typed cells, ids as texts, no formula, the same bytes again."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest
from openpyxl import load_workbook
from openpyxl.cell import Cell

from pipeline.drops.verify import verify_drop
from pipeline.drops.xlsx_file import MAX_CELL, write_xlsx
from tests.questions.company import publish_drops

ROW = {
    "account_id": pa.array([900_000_000_000_001], pa.int64()),
    "estimate_id": pa.array(["0071"]),
    "name": pa.array(["=HYPERLINK(1)"]),
    "days": pa.array([-5], pa.int32()),
    "value": pa.array([Decimal("-1.50")], pa.decimal128(12, 2)),
    "has_duplicates": pa.array([True]),
    "renewal_date": pa.array([date(2025, 2, 14)]),
    "seen_at": pa.array([datetime(2025, 1, 14, 23, 59, 59, tzinfo=UTC)], pa.timestamp("us", tz="UTC")),
    "nothing": pa.array([None], pa.string()),
}


def cells(path: Path) -> dict[str, Cell]:
    """The cells of the only row, by their header."""
    header, row = load_workbook(path).worksheets[0].iter_rows()
    return {str(name.value): cell for name, cell in zip(header, row, strict=True)}


def test_cells_have_their_types_and_ids_are_texts(tmp_path: Path) -> None:
    write_xlsx(pa.table(ROW), tmp_path / "list.xlsx")
    found = cells(tmp_path / "list.xlsx")
    assert {name: cell.value for name, cell in found.items()} == {
        "account_id": "900000000000001",
        "estimate_id": "0071",
        "name": "=HYPERLINK(1)",
        "days": -5,
        "value": -1.5,
        "has_duplicates": True,
        "renewal_date": datetime(2025, 2, 14),
        "seen_at": datetime(2025, 1, 14, 23, 59, 59),
        "nothing": None,
    }
    assert found["name"].data_type == "s", "a text, not a formula"
    assert found["value"].number_format == "0.00"
    assert found["renewal_date"].is_date


@pytest.mark.parametrize(("text", "kept"), [("a\x01b", "a\ufffdb"), ("x" * MAX_CELL + "y", "x" * MAX_CELL)])
def test_characters_that_a_cell_cannot_hold_leave_a_valid_workbook(tmp_path: Path, text: str, kept: str) -> None:
    write_xlsx(pa.table({"name": [text]}), tmp_path / "list.xlsx")
    assert cells(tmp_path / "list.xlsx")["name"].value == kept


def test_equal_rows_give_equal_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        write_xlsx(pa.table(ROW), tmp_path / name / "list.xlsx")
    assert (tmp_path / "one/list.xlsx").read_bytes() == (tmp_path / "two/list.xlsx").read_bytes()


def test_only_lists_get_a_workbook_and_verify_knows_them(tmp_path: Path) -> None:
    publish_drops(tmp_path, xlsx=True)
    drop = (tmp_path / "1/latest").resolve()
    assert sorted(path.relative_to(drop).as_posix() for path in drop.rglob("*.xlsx")) == [
        "at_risk_accounts.xlsx",
        "changes/account_changes.xlsx",
        "neglected_accounts.xlsx",
    ]
    assert verify_drop(str(drop)) == []
    (drop / "at_risk_accounts.xlsx").write_bytes(b"")
    assert "at_risk_accounts.xlsx" in verify_drop(str(drop))[0]
