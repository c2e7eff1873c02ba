"""Shared by the ingest tests: writing sources in any format, landing them, and reading the result."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.ingest.landing.landed_table import LandedTable
from pipeline.ingest.landing.zone import Landing
from pipeline.ingest.sources import ingest_source

Row = dict[str, Any]


class Silence:
    """A progress report that is ignored."""

    def update(self, done: int, total: int | None = None, detail: str = "") -> None:
        """Do nothing."""


class Memory:
    """A progress report that is kept."""

    def __init__(self) -> None:
        self.updates: list[tuple[int, int | None, str]] = []

    def update(self, done: int, total: int | None = None, detail: str = "") -> None:
        """Record it."""
        self.updates.append((done, total, detail))


def land(source: str, location: Path | str, state: Path) -> dict[str, LandedTable]:
    """Ingest a source and check the invariants of every landing; return its tables by name."""
    landed = ingest_source(source, str(location), Landing(state / "landing"), Silence())
    for table in landed:
        dropped = [reject for reject in rejects(table) if reject["action"] == "row dropped"]
        assert table.read == table.loaded + table.rejected
        assert len(dropped) == table.rejected
        assert sum(pq.read_metadata(part).num_rows for part in table.parts) == table.loaded
    return {table.table.name: table for table in landed}


def rows(table: LandedTable) -> list[Row]:
    """Return the landed rows, in order, with the table's columns in the table's types."""
    schema = table.table.arrow_schema
    parts = [pq.read_table(part).select(schema.names).cast(_nullable(schema)) for part in table.parts]
    return [row for part in parts for row in part.to_pylist()]


def _nullable(schema: pa.Schema) -> pa.Schema:
    return pa.schema([field.with_nullable(True) for field in schema])


def rejects(table: LandedTable) -> list[Row]:
    """Return the rejects, in order of row and column."""
    found = [row for path in table.rejects for row in pq.read_table(path).to_pylist()]
    return sorted(found, key=lambda row: (row["file"], row["row_number"], row["column_name"] or "", row["reason"]))


def refused(table: LandedTable) -> list[tuple[Any, ...]]:
    """Return row, column, value and action of each reject."""
    return [(row["row_number"], row["column_name"], row["value"], row["action"]) for row in rejects(table)]


def write_csv(path: Path, header: Sequence[str], lines: Iterable[Sequence[object]], delimiter: str = ",") -> Path:
    """Write a CSV file in which null is an unquoted blank and every text is quoted."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [header, *lines]
    path.write_bytes("".join(delimiter.join(map(_csv_cell, line)) + "\n" for line in lines).encode("utf-8"))
    return path


def _csv_cell(cell: object) -> str:
    return "" if cell is None else '"' + str(cell).replace('"', '""') + '"'


def write_workbook(path: Path, header: Sequence[object], lines: Iterable[Sequence[object]]) -> Path:
    """A real workbook."""
    path.parent.mkdir(parents=True, exist_ok=True)
    workbook = openpyxl.Workbook()
    sheet = workbook.active
    assert sheet is not None
    sheet.append(list(header))
    for line in lines:
        sheet.append(list(line))
    workbook.save(path)
    return path


def write_parquet(path: Path, columns: Mapping[str, object]) -> Path:
    """Write a Parquet file of Arrow arrays or Python lists."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table(dict(columns)), path)
    return path
