"""Staged files are read in parts: differences are found wherever they lie, and no row is too long."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from pipeline.audit import csv_twin
from pipeline.audit.csv_twin import CsvShape
from pipeline.audit.staged_files import StagedExport, read_staged
from pipeline.contracts.contract import ContractColumn, ExportContract
from tests.audit.staged_drop import write_export

NOTES = ExportContract(
    name="notes",
    version="1.0.0",
    description="One row per note.",
    primary_key=("id",),
    tenant="crm",
    columns=(ContractColumn("id", "bigint", nullable=False), ContractColumn("body", "text")),
)
ROWS = 60


def read(folder: Path, bodies: list[str], written: list[str]) -> StagedExport:
    """Write notes, then change what the CSV says of them, and read both files."""
    folder.mkdir()
    write_export(folder, "notes", pa.table({"id": range(len(bodies)), "body": bodies}))
    lines = [f"{number},{body}\n" for number, body in enumerate(written)]
    (folder / "notes.csv").write_text("id,body\n" + "".join(lines))
    (staged,) = read_staged({1: folder}, NOTES)
    return staged


def test_differences_are_found_in_every_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_twin, "_BLOCK", 64)
    bodies = [f"note {number}" for number in range(ROWS)]
    odd = [0, 17, 31, ROWS - 1]
    staged = read(tmp_path / "drop", bodies, ["odd" if at in odd else body for at, body in enumerate(bodies)])
    assert staged.csv == CsvShape(("id", "body"), ROWS)
    assert list(staged.differing) == ["body"]
    assert staged.differing["body"].rows.tolist() == odd
    assert staged.differing["body"].in_csv == ("odd",) * len(odd)


def test_a_row_that_is_longer_than_a_part_is_read_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_twin, "_BLOCK", 64)
    bodies = ["short", "long" * 100, "short"]
    staged = read(tmp_path / "drop", bodies, bodies)
    assert (staged.faults, staged.csv, staged.differing) == ((), CsvShape(("id", "body"), 3), {})


def test_files_of_other_counts_are_not_compared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_twin, "_BLOCK", 64)
    bodies = [f"note {number}" for number in range(ROWS)]
    staged = read(tmp_path / "drop", bodies, ["odd", *bodies[1:-1]])
    assert (staged.csv, staged.differing) == (CsvShape(("id", "body"), ROWS - 1), {})
