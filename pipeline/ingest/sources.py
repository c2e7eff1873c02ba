"""The way in: a source's folder or database, every table of it, into the landing zone.

`ingest_source` is what the rest of the program calls. It finds each table's files, lands them one by one (parts that
are there already are not opened again), settles duplicates and counts: read = loaded + rejected, or the run stops.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Final, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipeline.errors import WarehouseError
from pipeline.ingest.cells import NULLED
from pipeline.ingest.conform import ROW_COLUMN, Conformer, landing_schema
from pipeline.ingest.duplicates import Losers, find_losers
from pipeline.ingest.headers import match_headers
from pipeline.ingest.landing import (
    Draft,
    LandedTable,
    Landing,
    Part,
    PartRecord,
    SourceFile,
    combined_hash,
    part_address,
)
from pipeline.ingest.readers import OpenTable
from pipeline.ingest.readers.csv_file import CsvFile
from pipeline.ingest.readers.parquet import ParquetFile
from pipeline.ingest.rejects import ROW_DROPPED, RejectsWriter, redact
from pipeline.ingest.tables import SOURCE_TABLES, SourceTable

FORMATS: Final = (".csv", ".parquet")


class Report(Protocol):
    """Told how far a table (`detail`) is: rows so far, and how many there are, if known."""

    def update(self, done: int, total: int | None = None, detail: str = "") -> None:
        """Take note."""


def ingest_source(source: str, location: str | None, landing: Landing, report: Report) -> list[LandedTable]:
    """Land every table of `source` (lmn, crm or platform) from a folder; none of them where `location` is None.

    Raises WarehouseError for what can't be read, lacks a required column, or does not add up.
    """
    tables = [table for table in SOURCE_TABLES if table.source == source]
    if location is None:
        return [_absent(table, landing) for table in tables]
    folder = Path(location)
    if not folder.is_dir():
        raise WarehouseError("there is no such folder", where=location, remedy=f"name the folder of the {source} files")
    return [_land_table(table, folder, landing, report) for table in tables]


def _absent(table: SourceTable, landing: Landing, notices: tuple[str, ...] = ()) -> LandedTable:
    part = landing.empty(table)
    return LandedTable(table, (part.path,), False, (), 0, 0, 0, (), part.address, notices=notices)


def _land_table(table: SourceTable, folder: Path, landing: Landing, report: Report) -> LandedTable:
    paths = _files_of(table, folder)
    if not paths:
        return _absent(table, landing, (f"{table.source} {table.name}: no file, so the table is empty",))
    landed = [_land_file(table, path, path.relative_to(folder).as_posix(), landing, report) for path in paths]
    parts = [part for _, part in landed]
    merged = parts[0] if len(parts) == 1 else _merge(table, parts, [f.name for f, _ in landed], landing)
    records = [part.record for part in parts]
    read = sum(record.read for record in records)
    rejected = sum(record.rejected for record in records) + (merged.record.rejected if len(parts) > 1 else 0)
    if read != merged.record.loaded + rejected:
        raise WarehouseError(
            f"{read} rows were read, but {merged.record.loaded} loaded and {rejected} rejected",
            where=f"{table.source} {table.name}",
        )
    rejects = dict.fromkeys(part.rejects for part in (*parts, merged) if part.rejects is not None)
    return LandedTable(
        table,
        (merged.path,),
        True,
        tuple(file for file, _ in landed),
        read,
        merged.record.loaded,
        rejected,
        tuple(path for path in rejects if path is not None),
        merged.address,
        tuple(dict.fromkeys(name for record in records for name in record.extra_columns)),
        tuple(dict.fromkeys(notice for record in records for notice in record.notices)),
    )


def _files_of(table: SourceTable, folder: Path) -> list[Path]:
    found = [
        path
        for path in sorted(folder.iterdir())
        if path.stem.lower() == table.name and path.suffix.lower() in FORMATS and path.is_file()
    ]
    if len(found) > 1:
        names = " and ".join(path.name for path in found)
        raise WarehouseError(f"two files for one table: {names}", where=str(folder), remedy="keep one of them")
    if not found:
        parts = next((path for path in folder.iterdir() if path.is_dir() and path.name.lower() == table.name), None)
        if parts is not None:
            return [path for path in sorted(parts.iterdir()) if path.suffix.lower() in FORMATS]
    return found


def _land_file(table: SourceTable, path: Path, name: str, landing: Landing, report: Report) -> tuple[SourceFile, Part]:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    source_file = SourceFile(name, path.stat().st_size, digest)
    address = part_address(table, digest, name)
    part = landing.find(table, address)
    if part is None:
        part = _write_part(table, _open(table, path, name), name, address, landing, report)
    report.update(part.record.read, part.record.read, table.qualified_name)
    return source_file, part


def _open(table: SourceTable, path: Path, name: str) -> OpenTable:
    if path.suffix.lower() == ".parquet":
        return ParquetFile(path, name)
    return CsvFile(path, name, [header for column in table.columns for header in column.headers])


def _write_part(
    table: SourceTable, opened: OpenTable, name: str, address: str, landing: Landing, report: Report
) -> Part:
    match = match_headers(table, opened.headers, name)
    positions = frozenset(at for at in match.positions if at is not None)
    read = 0
    with landing.draft(table) as draft:
        with RejectsWriter(draft.rejects, table, name) as rejects:
            conformer = Conformer(table, match, rejects, dates_from_1904=opened.dates_from_1904)
            with pq.ParquetWriter(draft.data, landing_schema(table), compression="zstd", compression_level=1) as writer:
                for raw in opened.batches(positions):
                    read += len(raw.row_numbers) + len(raw.broken)
                    writer.write_batch(conformer.conform(raw))
                    report.update(read, opened.total_rows, table.qualified_name)
            loaded = _drop_losers(table, draft, rejects, landing)
            rejected = rejects.rows_dropped
            has_rejects = bool(rejects.rows_dropped or rejects.cells)
        if read != loaded + rejected:
            raise WarehouseError(f"{read} rows were read, but {loaded} loaded and {rejected} rejected", where=name)
        size = draft.data.stat().st_size
        record = PartRecord(read, loaded, rejected, size, has_rejects, match.extra, opened.notices)
        return landing.keep(table, address, draft, record)


def _drop_losers(table: SourceTable, draft: Draft, rejects: RejectsWriter, landing: Landing) -> int:
    losers = find_losers(
        table,
        [draft.data],
        memory_limit=landing.memory_limit,
        threads=landing.threads,
        scratch=draft.scratch.with_suffix(".spill"),
    )
    if not losers:
        return int(pq.read_metadata(draft.data).num_rows)
    numbers = pq.read_table(draft.data, columns=[ROW_COLUMN])[ROW_COLUMN].combine_chunks()
    for lost in losers:
        report_losers(table, lost, numbers.take(pa.array(lost.places)), rejects)
    loaded = _rewrite(draft.data, draft.scratch, losers, 0)
    draft.scratch.replace(draft.data)
    return loaded


def report_losers(table: SourceTable, lost: Losers, row_numbers: pa.Array, rejects: RejectsWriter) -> None:
    """One reject a loser: who won is the row that is still there."""
    what = f"another row has the same {' and '.join(lost.columns)}"
    values = pa.array([redact(key or "", may_hold_phone=False) for key in lost.keys], pa.string())
    rejects.add(row_numbers, lost.columns[-1], values, what, NULLED if lost.is_cell else ROW_DROPPED)


def _rewrite(data: Path, target: Path, losers: Sequence[Losers], part: int) -> int:
    """Copy a part without its losers; the rows left."""
    file = pq.ParquetFile(data)
    total = file.metadata.num_rows
    keep = np.ones(total, dtype=bool)
    nulled: dict[str, np.ndarray] = {}
    for lost in losers:
        places = lost.places[lost.parts == part]
        if lost.is_cell:
            nulled.setdefault(lost.columns[0], np.zeros(total, dtype=bool))[places] = True
        else:
            keep[places] = False
    start = 0
    with pq.ParquetWriter(target, file.schema_arrow, compression="zstd", compression_level=1) as writer:
        for batch in file.iter_batches():
            rows = slice(start, start + batch.num_rows)
            for name, mask in nulled.items():
                at = batch.schema.get_field_index(name)
                batch = batch.set_column(
                    at, batch.schema.field(at), pc.if_else(pa.array(mask[rows]), None, batch.column(at))
                )
            start += batch.num_rows
            writer.write_batch(batch.filter(pa.array(keep[rows])))
    file.close()
    return int(keep.sum())


def _merge(table: SourceTable, parts: Sequence[Part], names: Sequence[str], landing: Landing) -> Part:
    """All parts of a table as one, later ones winning over earlier ones."""
    address = part_address(table, combined_hash(*(part.address for part in parts)), "")
    if merged := landing.find(table, address):
        return merged
    paths = [part.path for part in parts]
    with landing.draft(table) as draft:
        losers = find_losers(
            table,
            paths,
            memory_limit=landing.memory_limit,
            threads=landing.threads,
            scratch=draft.scratch.with_suffix(".spill"),
        )
        with RejectsWriter(draft.rejects, table, names[0]) as rejects:
            with pq.ParquetWriter(draft.data, landing_schema(table), compression="zstd", compression_level=1) as writer:
                for at, path in enumerate(paths):
                    _rewrite(path, draft.scratch, losers, at)
                    for batch in pq.ParquetFile(draft.scratch).iter_batches():
                        writer.write_batch(batch)
        rejected = sum(len(lost.places) for lost in losers if not lost.is_cell)
        read = sum(part.record.loaded for part in parts)
        record = PartRecord(read, read - rejected, rejected, draft.data.stat().st_size, has_rejects=False)
        return landing.keep(table, address, draft, record)
