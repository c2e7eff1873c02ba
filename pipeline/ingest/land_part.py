"""One file or database table becomes one part in the landing zone: typed, without duplicates, and counted."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.common.errors import WarehouseError
from pipeline.ingest.adjacent_tables import AdjacentTables
from pipeline.ingest.date_order import OrderOfFile
from pipeline.ingest.decimal_commas import DecimalCommas
from pipeline.ingest.deleted_rows import DeletedRows
from pipeline.ingest.duplicates.key_scan import IncompleteKeyError, scan_keys, to_record, whole_numbers_of_key
from pipeline.ingest.duplicates.losing_rows import find_losers
from pipeline.ingest.folder_values import with_folder_values
from pipeline.ingest.input_file import InputFile, SharedReport
from pipeline.ingest.landing.file_reading import FileReading
from pipeline.ingest.landing.landed_table import SourceFile
from pipeline.ingest.landing.part_writer import PartWriter
from pipeline.ingest.landing.zone import Draft, Landing, Part, PartRecord, part_address
from pipeline.ingest.plain_parquet import is_plain
from pipeline.ingest.readers import OpenTable, RawBatch, Reading
from pipeline.ingest.rejects import RejectsWriter
from pipeline.ingest.schema import SourceTable
from pipeline.ingest.swapped_days import SwappedDays
from pipeline.ingest.type_batches import Conformer, landing_schema
from pipeline.ingest.values.headers import HeaderMatch, match_headers, shown_header
from pipeline.ingest.winning_rows import BATCH_ROWS, report_losers, winners
from pipeline.settings import DateOrder
from pipeline.state.forgotten_rows import forget_batch

if TYPE_CHECKING:
    from pipeline.ingest.readers.database_table import DatabaseTable


def land_file(
    table: SourceTable, file: InputFile, landing: Landing, report: SharedReport, date_order: DateOrder = "auto"
) -> Part:
    """Land a file and return its part. A file that has landed before is only hashed."""
    address = part_address(
        table, file.source_file.sha256, file.name, date_order, file.code_page, *landing.forgotten.fingerprint
    )
    part = landing.find(table, address)
    if part is None:
        with landing.draft(table) as draft:
            try:
                record = _copy_plain(table, file, draft, landing)
                if record is None:

                    def open_again() -> OpenTable:
                        return with_folder_values(table, file.take(), file.folder_values, file.name)

                    order = OrderOfFile(date_order, file.name)
                    record = _PartBuild(table, file.name, draft, landing, report, order).record_of(open_again)
            except WarehouseError:
                file.must_be_unchanged()  # a file that is still being written only seems damaged
                raise
            file.must_be_unchanged()
            part = landing.keep(table, address, draft, record)
    report.count(file.name, part.record.read, table.qualified_name)
    return part


def land_query(
    table: SourceTable,
    opened: DatabaseTable,
    landing: Landing,
    report: SharedReport,
    date_order: DateOrder = "auto",
) -> tuple[SourceFile, Part]:
    """Land a table of a database. Its address depends on its content, so it is known only after reading."""
    readings: list[_Hashing] = []

    def read_again() -> _Hashing:
        readings.append(_Hashing(opened))
        return readings[-1]

    with landing.draft(table) as draft:
        order = OrderOfFile(date_order, opened.name)
        record = _PartBuild(table, opened.name, draft, landing, report, order).record_of(read_again)
        content = readings[-1]
        source_file = SourceFile(opened.name, content.size, content.digest.hexdigest())
        address = part_address(table, source_file.sha256, source_file.name, date_order, *landing.forgotten.fingerprint)
        part = landing.find(table, address) or landing.keep(table, address, draft, record)
    return source_file, part


class _Hashing:
    """An opened table that is hashed while it is read."""

    def __init__(self, opened: OpenTable) -> None:
        self._opened = opened
        self.headers = opened.headers
        self.dates_from_1904 = opened.dates_from_1904
        self.notices = opened.notices
        self.reading = opened.reading
        self.size = 0
        self.digest = hashlib.sha256("\0".join(opened.headers).encode("utf-8", errors="replace"))

    def batches(self, positions: frozenset[int]) -> Iterator[RawBatch]:
        """Yield the rows unchanged."""
        for batch in self._opened.batches(positions):
            names = [str(at) for at in range(len(batch.columns))]
            serialized = pa.RecordBatch.from_arrays(list(batch.columns), names=names).serialize()
            self.size += serialized.size
            self.digest.update(serialized)
            yield batch


def _copy_plain(table: SourceTable, file: InputFile, draft: Draft, landing: Landing) -> PartRecord | None:
    """Copy the bytes of a Parquet file in which nothing needs to change; return None for all other files."""
    if file.path.suffix.lower() != ".parquet" or file.folder_values:
        return None
    try:
        if not is_plain(table, file.path, trusted=whole_numbers_of_key(table)):
            return None
        may_repeat, ranges = scan_keys(table.by_key_alone, file.path)
    except (IncompleteKeyError, pa.ArrowException, OSError):  # the general path reports what is wrong with the file
        return None
    if may_repeat and find_losers(table.by_key_alone, [file.path], landing):
        return None
    if landing.forgotten and _names_forgotten(table, file.path, landing):
        return None
    shutil.copyfile(file.path, draft.data)
    metadata = pq.read_metadata(draft.data)
    match = match_headers(table, metadata.schema.to_arrow_schema().names, file.name)
    rows = int(metadata.num_rows)
    return PartRecord(
        read=rows,
        loaded=rows,
        rejected=0,
        has_rejects=False,
        extra_columns=match.extra,
        matched=match.matched,
        key_ranges=to_record(ranges),
        reading=_file_reading(file.name, rows, Reading(), match),
    )


def _names_forgotten(table: SourceTable, path: Path, landing: Landing) -> bool:
    """Return whether a plain Parquet file has data about a forgotten person, so that it can't be copied."""
    columns = table.arrow_schema.names
    batches = pq.ParquetFile(path).iter_batches(BATCH_ROWS, columns=columns)
    return any(forget_batch(landing.forgotten, table.name, batch) is not batch for batch in batches)


def _file_reading(name: str, rows: int, reading: Reading, match: HeaderMatch) -> FileReading:
    return FileReading(
        file=name,
        rows=rows,
        encoding=reading.encoding,
        separator=reading.separator,
        header_line=reading.header_line,
        unread_sheets=reading.unread_sheets,
        merged_cells=reading.merged_cells,
        headers_without_cells=tuple(map(shown_header, reading.headers_without_cells)),
        columns=match.matched,
        left_out={header: match.near.get(header) for header in match.extra},
    )


@dataclass
class _PartBuild:
    """The build of one part: a table is read, typed and written into a draft, once or twice."""

    table: SourceTable
    name: str
    draft: Draft
    landing: Landing
    report: SharedReport
    order: OrderOfFile
    commas: DecimalCommas = field(default_factory=DecimalCommas)

    def record_of(self, open_table: Callable[[], OpenTable]) -> PartRecord:
        """Write the part; rewrite it if the file turns out to have another order of dates (D41) or decimal commas."""
        record = self._write(open_table())
        has_other_order, has_commas = self.order.settle(), self.commas.settle()
        if has_other_order or has_commas:
            record = self._write(open_table())
            self.order.settle()
        notices = (*record.notices, *([self.order.notice] if self.order.notice else []))
        dated_reading = record.reading and replace(
            record.reading, date_order=self.order.name, date_order_reason=self.order.reason
        )
        return replace(record, notices=notices, reading=dated_reading)

    def _write(self, opened: OpenTable) -> PartRecord:
        table, draft = self.table, self.draft
        match = match_headers(table, opened.headers, self.name)
        self.commas.has_semicolons = opened.reading.separator == ";"
        oddities = _FileOddities(table, opened, match, self.name)
        with RejectsWriter(draft.rejects, table, self.landing.forgotten) as rejects:
            read, notices = self._write_rows(opened, match, oddities, rejects)
            may_repeat, ranges = scan_keys(table.by_key_alone, draft.data)
            loaded = read - rejects.rows_dropped
            if may_repeat:
                loaded = self._drop_losers(rejects)
        if read != loaded + rejects.rows_dropped or loaded != pq.read_metadata(draft.data).num_rows:
            raise WarehouseError(
                f"{read} rows were read, but {loaded} loaded and {rejects.rows_dropped} rejected",
                where=self.name,
                remedy="report this as a bug: every row must be loaded or rejected",
            )
        return PartRecord(
            read=read,
            loaded=loaded,
            rejected=rejects.rows_dropped,
            has_rejects=rejects.has_any,
            extra_columns=match.extra,
            matched=match.matched,
            notices=(*opened.notices, *notices),
            key_ranges=to_record(ranges),
            reading=oddities.added_to(_file_reading(self.name, read, opened.reading, match)),
        )

    def _write_rows(
        self, opened: OpenTable, match: HeaderMatch, oddities: _FileOddities, rejects: RejectsWriter
    ) -> tuple[int, Sequence[str]]:
        """Type and write all rows; return the number of rows read, and the notices about them."""
        table, read = self.table, 0
        with ThreadPoolExecutor(self.landing.threads) as pool:
            conformer = Conformer(table, opened, match, self.name, rejects, pool, self.order, self.commas)
            with PartWriter(self.draft.data, landing_schema(table)) as writer:
                for raw in opened.batches(oddities.positions):
                    read += len(raw.row_numbers) + len(raw.broken)
                    oddities.examine(raw.columns)
                    writer.write(forget_batch(self.landing.forgotten, table.name, conformer.conform(raw)))
                    self.report.count(self.name, read, table.qualified_name)
        return read, conformer.notices

    def _drop_losers(self, rejects: RejectsWriter) -> int:
        """Rewrite the part without rows that lose to another row of the same key; return the number of rows left."""
        table, draft = self.table, self.draft
        losers = find_losers(table.by_key_alone, [draft.data], self.landing)
        if not losers:
            return int(pq.read_metadata(draft.data).num_rows)
        report_losers(table, losers, [draft.data], [self.name], rejects)
        with PartWriter(draft.scratch, landing_schema(table)) as writer:
            loaded = 0
            for batch in winners(table, draft.data, 0, losers):
                writer.write(batch)
                loaded += batch.num_rows
        draft.scratch.replace(draft.data)
        return loaded


class _FileOddities:
    """Detects oddities in a file's cells while they are read: a second table, deleted rows, swapped days."""

    def __init__(self, table: SourceTable, opened: OpenTable, match: HeaderMatch, name: str) -> None:
        self._adjacent = AdjacentTables(table, opened.headers, match.positions, name)
        self._deleted = DeletedRows(opened.headers, match.positions)
        self._swapped = SwappedDays(table, match.positions)
        self._is_workbook = opened.reading.is_workbook
        wanted = frozenset(at for at in match.positions if at is not None)
        self.positions = wanted | self._adjacent.empty | self._deleted.positions

    def examine(self, columns: Sequence[pa.Array]) -> None:
        """Examine the cells of the next rows."""
        self._adjacent.examine(columns)
        self._deleted.examine(columns)
        if self._is_workbook:
            self._swapped.examine(columns)

    def added_to(self, reading: FileReading) -> FileReading:
        """Return a file's reading, completed with the oddities that were found."""
        return replace(
            reading,
            columns_apart=self._adjacent.columns_apart(),
            swapped_days=self._swapped.columns(),
            deleted_rows=self._deleted.by_header(),
        )
