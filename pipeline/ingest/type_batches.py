"""Converts raw batches to the table's Arrow schema: types the cells and drops invalid rows, and reports both."""

from __future__ import annotations

from concurrent.futures import Executor

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.ingest.date_order import OrderOfFile, ShownOrder
from pipeline.ingest.decimal_commas import DecimalCommas
from pipeline.ingest.garbled_texts import GarbledTexts
from pipeline.ingest.readers import OpenTable, RawBatch
from pipeline.ingest.rejects import ROW_DROPPED, RejectsWriter, redact
from pipeline.ingest.remarks import RemarkFinder
from pipeline.ingest.schema import ROW_COLUMN, Column, SourceTable
from pipeline.ingest.typed_columns import Faults, TypedBatch, TypedColumn, mask_of, type_column
from pipeline.ingest.values.headers import HeaderMatch


def landing_schema(table: SourceTable) -> pa.Schema:
    """Return the schema of a part that ingest wrote: the table's, with each row's number for the rejects."""
    schema = table.arrow_schema
    return schema if table.row_numbers else schema.append(pa.field(ROW_COLUMN, pa.int64(), nullable=False))


class Conformer:
    """Converts the batches of an opened table to the landing schema; what it rejects goes to `rejects`.

    Rejects and errors call the table's file `file`. Columns are typed in parallel in `pool`, because Arrow releases the
    interpreter's lock.
    """

    def __init__(
        self,
        table: SourceTable,
        opened: OpenTable,
        match: HeaderMatch,
        file: str,
        rejects: RejectsWriter,
        pool: Executor,
        order: OrderOfFile,
        commas: DecimalCommas,
    ) -> None:
        self._table = table
        self._positions = match.positions
        has_lines = opened.reading.header_line is not None
        self._remarks = RemarkFinder(table, match.positions, opened.headers, file, has_lines=has_lines)
        self._garbled = GarbledTexts(table, file)
        self._order = order
        self._commas = commas
        self._rejects = rejects
        self._file = file
        self._pool = pool
        self._dates_from_1904 = opened.dates_from_1904
        self._schema = landing_schema(table)

    @property
    def notices(self) -> tuple[str, ...]:
        """Notices about the cells that were converted so far."""
        return self._garbled.notices

    def conform(self, raw: RawBatch) -> pa.RecordBatch:
        """Return the batch's valid rows in the landing schema, in which texts may be encoded by a dictionary."""
        if raw.broken:
            self._rejects.add(
                self._file,
                pa.array([row.number for row in raw.broken], pa.int64()),
                None,
                pa.array([redact(row.text) for row in raw.broken], pa.string()),
                pa.array([row.reason for row in raw.broken], pa.string()),
                ROW_DROPPED,
            )
        count = len(raw.row_numbers)

        def typed_column(column: Column, at: int | None) -> TypedColumn:
            if at is None:
                return TypedColumn(pa.nulls(count, column.arrow_type))
            return type_column(
                column,
                raw.columns[at],
                dates_from_1904=self._dates_from_1904,
                day_order=self._order.in_force,
                points_are_ambiguous=column.name in self._commas.in_force,
            )

        typed = list(self._pool.map(typed_column, self._table.columns, self._positions))
        self._note_spellings(raw, typed)
        self._garbled.examine(typed, raw.row_numbers)
        dropped = self._drop_rows(raw, typed)
        for column, result in zip(self._table.columns, typed, strict=True):
            self._report(column, raw, result.faults, dropped)
        arrays = [*(result.encoded for result in typed), raw.row_numbers]
        fields = [field.with_type(array.type) for field, array in zip(self._schema, arrays, strict=True)]
        batch = pa.RecordBatch.from_arrays(arrays, schema=pa.schema(fields))
        return batch.filter(pa.array(~dropped)) if dropped.any() else batch

    def _note_spellings(self, raw: RawBatch, typed: list[TypedColumn]) -> None:
        for column, at, result in zip(self._table.columns, self._positions, typed, strict=True):
            for order, (position, text) in result.orders.items():
                row = raw.row_numbers[position].as_py()
                self._order.note(None if order is None else ShownOrder(order, column.name, row, text))
            if at is not None:
                self._commas.examine(column, raw.columns[at], result)

    def _drop_rows(self, raw: RawBatch, typed: list[TypedColumn]) -> np.ndarray:
        """Reject invalid rows and return which they are. The reason names the first required column without a value."""
        dropped = self._drop_remarks(raw, typed)
        for column, result in zip(self._table.columns, typed, strict=True):
            if column.required and result.encoded.null_count:
                missing = mask_of(pc.is_null(result.array)) & ~dropped
                self._report_missing(column, raw, result.faults, missing)
                dropped |= missing
        if self._table.one_of and len(dropped):
            arrays = [r.array for c, r in zip(self._table.columns, typed, strict=True) if c.name in self._table.one_of]
            nothing = np.all([mask_of(pc.is_null(array)) for array in arrays], axis=0) & ~dropped
            places = np.flatnonzero(nothing)
            self._rejects.add(
                self._file,
                raw.row_numbers.take(pa.array(places)),
                self._table.one_of[0],
                pa.nulls(len(places), pa.string()),
                f"a row needs one of {', '.join(self._table.one_of)}",
                ROW_DROPPED,
            )
            dropped |= nothing
        return dropped

    def _drop_remarks(self, raw: RawBatch, typed: list[TypedColumn]) -> np.ndarray:
        """Reject lines that are not rows (repeated headers, totals, footers) and return which they are."""
        dropped = np.zeros(len(raw.row_numbers), dtype=bool)
        columns = TypedBatch({column.name: result for column, result in zip(self._table.columns, typed, strict=True)})
        for remark in self._remarks.find(raw.columns, columns, raw.row_numbers):
            dropped[remark.position] = True
            self._rejects.add(
                self._file,
                raw.row_numbers.take(pa.array([remark.position])),
                remark.column,
                pa.array([redact(remark.value)], pa.string()),
                remark.reason,
                ROW_DROPPED,
            )
        return dropped

    def _report_missing(self, column: Column, raw: RawBatch, faults: Faults | None, missing: np.ndarray) -> None:
        places = np.flatnonzero(missing)
        if not len(places):
            return
        known: dict[int, int] = {}
        if faults is not None:
            known = {int(position): at for at, position in enumerate(faults.places)}
        reasons = []
        values = []
        for position in places.tolist():
            at = known.get(position)
            why = "empty" if at is None or faults is None else faults.reasons[at].as_py()
            reasons.append(f"the required column '{column.name}': {why}")
            values.append(None if at is None or faults is None else faults.values[at].as_py())
        self._rejects.add(
            self._file,
            raw.row_numbers.take(pa.array(places)),
            column.name,
            pa.array(values, pa.string()),
            pa.array(reasons, pa.string()),
            ROW_DROPPED,
        )

    def _report(self, column: Column, raw: RawBatch, faults: Faults | None, dropped: np.ndarray) -> None:
        if faults is None:
            return
        kept = ~dropped[faults.places]
        for action in pc.unique(faults.actions).to_pylist():
            chosen = pa.array(kept & mask_of(pc.equal(faults.actions, action)))
            self._rejects.add(
                self._file,
                raw.row_numbers.take(pa.array(faults.places)).filter(chosen),
                column.name,
                faults.values.filter(chosen),
                faults.reasons.filter(chosen),
                action,
            )
