"""The safe CSV and the workbooks in headless LibreOffice: ids and letters stay, and no formula runs."""

from __future__ import annotations

import csv
import subprocess
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest
from openpyxl import load_workbook

from pipeline.drops.csv_file import write_safe_csv
from pipeline.drops.xlsx_file import write_xlsx
from tests.drops.weeks import CONTRACTS
from tests.orchestration.test_sample_run import run_sample

pytestmark = [pytest.mark.slow, pytest.mark.libreoffice]

UTF8 = "44,34,76,1"
"""Separator, quote and charset that the import dialog proposes for a file with a byte order mark."""
AWKWARD = pa.table(
    {
        "account_id": pa.array([500_123_456_789_012, 900_000_000_000_001], pa.int64()),
        "name": ["José & Siobhán Þór", "=1+1"],
        "id": ["007", "1234567890123456"],
        "note": ["a;=1+1", "b\t=2+2"],
        "text": ['x;"=3+3"', "y\n=4+4"],
        "amount": pa.array([Decimal("-1.50"), Decimal("2.00")], pa.decimal128(12, 2)),
    }
)


def convert(file: Path, into: Path, form: str, opened_as: str) -> Path:
    """Open a file in LibreOffice and save it in another format."""
    profile = f"-env:UserInstallation={(into.parent / 'profile').as_uri()}"
    command = [
        "soffice",
        profile,
        "--headless",
        f"--infilter={opened_as}",
        "--convert-to",
        form,
        "--outdir",
        into,
        file,
    ]
    subprocess.run(command, check=True, capture_output=True, timeout=300)
    return next(into.iterdir())


def cells(file: Path) -> list[dict[str, str]]:
    with file.open(newline="", encoding="utf-8-sig") as opened:
        return list(csv.DictReader(opened))


@pytest.fixture(scope="module")
def drop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bundled sample's drop with safe CSV files and workbooks."""
    folder = tmp_path_factory.mktemp("sample")
    ended = run_sample(folder, "--csv-safe", "--xlsx")
    assert ended.returncode == 0, ended.stderr
    return (folder / "exports/1/latest").resolve()


@pytest.mark.parametrize("export", ["account_core", "account_keys", "accounts", "at_risk_accounts"])
def test_a_round_trip_changes_no_id_and_no_letter(drop: Path, export: str, tmp_path: Path) -> None:
    """D24: ids have at most 15 digits."""
    texts = [c.name for c in CONTRACTS[export].exported_columns if pa.types.is_string(c.arrow_type)]
    ids = [c.name for c in CONTRACTS[export].exported_columns if pa.types.is_int64(c.arrow_type)]
    twin = drop / f"{export}.safe.csv"
    saved = convert(twin, tmp_path / "out", "csv:Text - txt - csv (StarCalc):44,34,76", f"CSV:{UTF8}")
    before, after = cells(twin), cells(saved)
    assert len(before) == len(after) > 0
    assert [[row[name] for name in texts + ids] for row in after] == [
        [row[name] for name in texts + ids] for row in before
    ]


@pytest.mark.parametrize("separator", ["44", "59", "9"])
def test_no_cell_is_a_formula_wherever_it_is_split(separator: str, tmp_path: Path) -> None:
    """44 is a comma, 59 a semicolon, 9 a tab."""
    write_safe_csv(AWKWARD, tmp_path / "list.safe.csv")
    saved = convert(tmp_path / "list.safe.csv", tmp_path / "out", "xlsx", f"CSV:{separator},34,76,1")
    found = [cell for row in load_workbook(saved).worksheets[0].iter_rows() for cell in row]
    assert any(cell.value for cell in found)
    assert [cell.coordinate for cell in found if cell.data_type == "f"] == []


def test_a_workbook_keeps_ids_letters_and_types(tmp_path: Path) -> None:
    write_xlsx(AWKWARD, tmp_path / "list.xlsx")
    saved = convert(tmp_path / "list.xlsx", tmp_path / "out", "xlsx", "Calc MS Excel 2007 XML")
    _, *rows = load_workbook(saved).worksheets[0].iter_rows()
    assert [[cell.value for cell in row] for row in rows] == [
        ["500123456789012", "José & Siobhán Þór", "007", "a;=1+1", 'x;"=3+3"', -1.5],
        ["900000000000001", "=1+1", "1234567890123456", "b\t=2+2", "y\n=4+4", 2],
    ]
    assert all(cell.data_type != "f" for row in rows for cell in row)
