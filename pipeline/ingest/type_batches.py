"""From raw batches to the table's Arrow schema: cells typed, rows that can't be rows dropped, both reported."""

from __future__ import annotations

from concurrent.futures import Executor
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.ingest.date_order import OrderOfFile, ShownOrder
from pipeline.ingest.readers import RawBatch
from pipeline.ingest.rejects import ROW_DROPPED, RejectsWriter, redact
from pipeline.ingest.remarks import RemarkFinder
from pipeline.ingest.schema import ROW_COLUMN, Column, Kind, SourceTable
from pipeline.ingest.values.cells import TEXT_KINDS, read_cell, seen_value, shown
from pipeline.ingest.values.dates import DayOrder, is_slashed, order_shown_by
from pipeline.ingest.values.headers import HeaderMatch
from pipeline.ingest.values.plain_columns import plain_values
from pipeline.ingest.values.typed_cell import NULLED, Cell

_PHONE_KINDS: Final = TEXT_KINDS - {Kind.KEY} | {Kind.TAGS}

_BEYOND_MARK: Final = "<value out of range: "
"""What Arrow writes of a day or an instant that it has no date for."""
_BEYOND: Final = Cell(None, "a date or a time out of range", NULLED)


class _Beyond(str):
    """A value that Python has none for, as Arrow writes it."""


@dataclass(frozen=True)
class Faults:
    """The cells of one column that are not what the source said: their places in the batch, and a text each."""

    places: np.ndarray
    reasons: pa.Array
    actions: pa.Array
    values: pa.Array


@dataclass(frozen=True)
class TypedColumn:
    """A column in its landing type, and its faults if it has any.

    `orders`: the first place and text of a date that is one in that order alone; None stands for dates in either.
    """

    array: pa.Array
    faults: Faults | None = None
    orders: dict[DayOrder | None, tuple[int, str]] = field(default_factory=dict)


def landing_schema(table: SourceTable) -> pa.Schema:
    """The schema of a part that ingest wrote itself: the table's, with each row's number for the rejects."""
    schema = table.arrow_schema
    return schema if table.row_numbers else schema.append(pa.field(ROW_COLUMN, pa.int64(), nullable=False))


class Conformer:
    """Brings the batches of one file, called `file` in the rejects, into shape. What it refuses goes to `rejects`.

    Columns are typed side by side in `pool`, since Arrow releases the interpreter's lock.
    """

    def __init__(
        self,
        table: SourceTable,
        match: HeaderMatch,
        rejects: RejectsWriter,
        file: str,
        pool: Executor,
        order: OrderOfFile,
        headers: tuple[str, ...],
        *,
        dates_from_1904: bool = False,
    ) -> None:
        self._table = table
        self._positions = match.positions
        self._remarks = RemarkFinder(table, match.positions, headers)
        self._order = order
        self._rejects = rejects
        self._file = file
        self._pool = pool
        self._dates_from_1904 = dates_from_1904
        self._schema = landing_schema(table)

    def conform(self, raw: RawBatch) -> pa.RecordBatch:
        """The batch's good rows in the landing schema."""
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
                column, raw.columns[at], dates_from_1904=self._dates_from_1904, day_order=self._order.in_force
            )

        typed = list(self._pool.map(typed_column, self._table.columns, self._positions))
        self._note_orders(raw, typed)
        dropped = self._drop_rows(raw, typed)
        for column, result in zip(self._table.columns, typed, strict=True):
            self._report(column, raw, result.faults, dropped)
        arrays = [*(result.array for result in typed), raw.row_numbers]
        batch = pa.RecordBatch.from_arrays(arrays, schema=self._schema)
        return batch.filter(pa.array(~dropped)) if dropped.any() else batch

    def _note_orders(self, raw: RawBatch, typed: list[TypedColumn]) -> None:
        for column, result in zip(self._table.columns, typed, strict=True):
            for order, (position, text) in result.orders.items():
                row = raw.row_numbers[position].as_py()
                self._order.note(None if order is None else ShownOrder(order, column.name, row, text))

    def _drop_rows(self, raw: RawBatch, typed: list[TypedColumn]) -> np.ndarray:
        """Which rows can't be rows: the first required column without a value is told as the reason."""
        dropped = self._drop_remarks(raw, typed)
        for column, result in zip(self._table.columns, typed, strict=True):
            if column.required and result.array.null_count:
                missing = _mask(pc.is_null(result.array)) & ~dropped
                self._report_missing(column, raw, result.faults, missing)
                dropped |= missing
        if self._table.one_of and len(dropped):
            arrays = [r.array for c, r in zip(self._table.columns, typed, strict=True) if c.name in self._table.one_of]
            nothing = np.all([_mask(pc.is_null(array)) for array in arrays], axis=0) & ~dropped
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
        """Which rows are the headers again, or totals."""
        dropped = np.zeros(len(raw.row_numbers), dtype=bool)
        arrays = {column.name: result.array for column, result in zip(self._table.columns, typed, strict=True)}
        for remark in self._remarks.find(raw.columns, arrays):
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
            chosen = pa.array(kept & _mask(pc.equal(faults.actions, action)))
            self._rejects.add(
                self._file,
                raw.row_numbers.take(pa.array(faults.places)).filter(chosen),
                column.name,
                faults.values.filter(chosen),
                faults.reasons.filter(chosen),
                action,
            )


def type_column(
    column: Column, raw: pa.Array, *, dates_from_1904: bool = False, day_order: DayOrder = DayOrder.MONTH_FIRST
) -> TypedColumn:
    """Type one column's array: plain values at once, the others by the cell rules, each distinct one once."""
    raw = _unpacked(raw)
    if raw.null_count == len(raw):
        return TypedColumn(pa.nulls(len(raw), column.arrow_type))
    plain = plain_values(column, raw)
    if plain is None:
        return _cell_by_cell(column, raw, dates_from_1904, day_order)
    left = pc.and_(pc.is_valid(raw), pc.is_null(plain))
    if not pc.any(left).as_py():
        return TypedColumn(plain)
    rest = _cell_by_cell(column, raw.filter(left), dates_from_1904, day_order)
    whole = pc.replace_with_mask(plain, left, rest.array)
    if rest.faults is None and not rest.orders:
        return TypedColumn(whole)
    places = np.flatnonzero(_mask(left))
    return TypedColumn(
        whole,
        rest.faults and replace(rest.faults, places=places[rest.faults.places]),
        {order: (int(places[position]), text) for order, (position, text) in rest.orders.items()},
    )


def _unpacked(raw: pa.Array) -> pa.Array:
    """The same values in an encoding that every Arrow function knows."""
    if pa.types.is_dictionary(raw.type):
        raw = raw.dictionary_decode()
    elif pa.types.is_run_end_encoded(raw.type):
        raw = pc.run_end_decode(raw)
    if pa.types.is_string_view(raw.type) or pa.types.is_large_string(raw.type):
        return raw.cast(pa.string())
    if pa.types.is_binary_view(raw.type) or pa.types.is_large_binary(raw.type):
        return raw.cast(pa.binary())
    return raw


def _cell_by_cell(column: Column, raw: pa.Array, dates_from_1904: bool, day_order: DayOrder) -> TypedColumn:
    """Every distinct value through `read_cell`, once."""
    values, codes = _distinct(raw)
    cells = [
        _BEYOND
        if isinstance(value, _Beyond)
        else read_cell(column, value, dates_from_1904=dates_from_1904, day_order=day_order)
        for value in values
    ]
    typed = pa.array([cell.value for cell in cells], column.arrow_type)
    orders = _orders(values, codes) if column.kind in (Kind.DATE, Kind.TIMESTAMP) else {}
    return TypedColumn(typed.take(codes), _faults(column, values, cells, codes), orders)


def _orders(values: list[object], codes: pa.Array) -> dict[DayOrder | None, tuple[int, str]]:
    """The first place of a date that shows each order of day and month (D41), and of one that shows none."""
    found: dict[DayOrder | None, tuple[int, str]] = {}
    for code, value in enumerate(values):
        text = shown(value) if isinstance(value, (str, bytes)) else ""
        if "/" not in text or not is_slashed(text := seen_value(text)):
            continue
        order = order_shown_by(text)
        if order not in found:
            found[order] = (pc.index(codes, pa.scalar(code, codes.type)).as_py(), text)
    return found


def _distinct(raw: pa.Array) -> tuple[list[object], pa.Array]:
    """The distinct values as Python has them, and which of them each place holds."""
    # Python ends at the year 9999 and at microseconds
    if pa.types.is_timestamp(raw.type) or pa.types.is_date(raw.type):
        raw = raw.cast(pa.string())
    try:
        encoded = raw.dictionary_encode()
    except pa.ArrowException:  # lists and records have no dictionary
        return _python_values(raw), pa.array(np.arange(len(raw)))
    return _python_values(encoded.dictionary), encoded.indices


def _python_values(values: pa.Array) -> list[object]:
    """The values as Python has them, and `_Beyond` where it has none."""
    try:
        found = values.to_pylist()
    except (OverflowError, ValueError):
        found = [_python_value(value) for value in values]
    return [_Beyond(value) if isinstance(value, str) and value.startswith(_BEYOND_MARK) else value for value in found]


def _python_value(value: pa.Scalar) -> object:
    try:
        return value.as_py()
    except (OverflowError, ValueError):
        try:
            return _Beyond(value.cast(pa.string()).as_py())
        except pa.ArrowException:  # lists and records
            return _Beyond(value.type)


def _faults(column: Column, values: list[object], cells: list[Cell], codes: pa.Array) -> Faults | None:
    is_fault = np.array([cell.reason is not None for cell in cells], dtype=bool)
    if not is_fault.any():
        return None
    at = codes.fill_null(-1).to_numpy(zero_copy_only=False)
    places = np.flatnonzero((at >= 0) & is_fault[at])
    chosen = pa.array(at[places])
    may_hold_phone = column.kind in _PHONE_KINDS
    texts = [
        redact(shown(value), may_hold_phone=may_hold_phone) if cell.reason is not None else None
        for value, cell in zip(values, cells, strict=True)
    ]
    return Faults(
        places,
        pa.array([cell.reason for cell in cells], pa.string()).take(chosen),
        pa.array([cell.action for cell in cells], pa.string()).take(chosen),
        pa.array(texts, pa.string()).take(chosen),
    )


def _mask(values: pa.Array) -> np.ndarray:
    return np.asarray(values.to_numpy(zero_copy_only=False), dtype=bool)
