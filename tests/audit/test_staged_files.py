"""Staged files are read in parts: differences are found in every part, and no row is too long."""

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
    """Write notes, then change them in the CSV, and read both files."""
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


def test_a_row_longer_than_a_part_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_twin, "_BLOCK", 64)
    bodies = ["short", "long" * 100, "short"]
    staged = read(tmp_path / "drop", bodies, bodies)
    assert (staged.faults, staged.csv, staged.differing) == ((), CsvShape(("id", "body"), 3), {})


def test_files_with_different_row_counts_are_not_compared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_twin, "_BLOCK", 64)
    bodies = [f"note {number}" for number in range(ROWS)]
    staged = read(tmp_path / "drop", bodies, ["odd", *bodies[1:-1]])
    assert (staged.csv, staged.differing) == (CsvShape(("id", "body"), ROWS - 1), {})


def read_many(folder: Path, bodies: dict[int, list[str]], texts: dict[int, str]) -> dict[int, StagedExport]:
    """Write the notes of several organizations, some with another CSV, and read all files."""
    for one, own in bodies.items():
        (folder / str(one)).mkdir()
        ids = pa.array(range(len(own)), pa.int64())
        write_export(folder / str(one), "notes", pa.table({"id": ids, "body": pa.array(own, pa.string())}))
        if one in texts:
            (folder / str(one) / "notes.csv").write_text(f"id,body\n{texts[one]}")
    staged = read_staged({one: folder / str(one) for one in bodies}, NOTES)
    return {export.organization_id: export for export in staged}


def test_a_difference_is_reported_for_its_organization_only(tmp_path: Path) -> None:
    bodies = {1: ["a", "b"], 2: ["c"], 3: []}
    staged = read_many(tmp_path, bodies, {2: "0,other\n"})
    assert {one: (export.csv, list(export.differing)) for one, export in staged.items()} == {
        1: (CsvShape(("id", "body"), 2), []),
        2: (CsvShape(("id", "body"), 1), ["body"]),
        3: (CsvShape(("id", "body"), 0), []),
    }


@pytest.mark.parametrize(
    ("first", "second", "rows"),
    [
        ("0,a\n1,b\n0,c\n", "1,d\n", (3, 1)),  # the first file has a row of the second
        ("0,a\n", "1,b\n0,c\n1,d\n", (1, 3)),  # and the other way round
        ("0,a\n1,b", "0,c\n1,d\n", (2, 2)),  # a last line without an end counts
    ],
)
def test_rows_of_adjacent_files_are_counted_separately(
    tmp_path: Path, first: str, second: str, rows: tuple[int, int]
) -> None:
    staged = read_many(tmp_path, {1: ["a", "b"], 2: ["c", "d"]}, {1: first, 2: second})
    assert tuple(export.csv and export.csv.rows for export in staged.values()) == rows


def test_an_unclosed_quote_is_a_fault_of_its_file_only(tmp_path: Path) -> None:
    staged = read_many(tmp_path, {1: ["a"], 2: ["b"], 3: ["c"]}, {1: '0,"a\n'})
    assert [
        bool(export.faults or export.differing or export.csv != CsvShape(("id", "body"), 1))
        for export in staged.values()
    ] == [True, False, False]
