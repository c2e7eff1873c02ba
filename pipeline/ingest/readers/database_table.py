"""Reads one table of a database: queries its rows and converts its values.

Most databases return values as Python objects. PostgreSQL returns its rows as the text of COPY, which Arrow's CSV
parser reads: this creates no object per cell, and values that Python can't represent (infinity, years beyond 9999)
arrive as text.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final

import numpy as np
import pyarrow as pa
import sqlalchemy as sa

from pipeline.common.errors import WarehouseError
from pipeline.ingest.readers import RawBatch, Reading
from pipeline.ingest.schema import SourceTable
from pipeline.ingest.values.cells import text_of
from pipeline.ingest.values.headers import fold

BATCH_ROWS: Final = 20_000
NO_ENCODING: Final = "SQL_ASCII"
"""PostgreSQL's name for a database whose texts may be in any encoding, or in several."""


class DatabaseTable:
    """One table, to be read once. Rejects and manifests call it `name`.

    Rows count from 1. A table whose row order matters is read in the order of its key. With a `copy_encoding`, the rows
    are read by PostgreSQL's COPY.
    """

    dates_from_1904 = False
    reading = Reading()

    def __init__(
        self,
        connection: sa.Connection,
        schema: str | None,
        name: str,
        columns: Mapping[str, sa.types.TypeEngine[Any]],
        table: SourceTable,
        fault: Callable[[Exception, str], WarehouseError],
        *,
        copy_encoding: str | None,
        notices: tuple[str, ...] = (),
    ) -> None:
        self.notices = notices
        self._connection = connection
        self._schema = schema
        self._fault = fault
        self._table = table
        self._table_name = name
        self._types = columns
        self.headers: tuple[str, ...] = tuple(columns)
        self._copy_encoding = copy_encoding
        self.name = f"{schema}.{name}" if schema else name

    def batches(self, positions: frozenset[int]) -> Iterator[RawBatch]:
        """Yield the rows; only the columns at `positions` are queried."""
        wanted = sorted(positions)
        query = self._query(wanted)
        try:
            arrays = self._copied(query, len(wanted)) if self._copy_encoding else self._fetched(query)
            number = 1
            for columns in arrays:
                rows = len(columns[0])
                by_position = {at: self._decoded(at, column) for at, column in zip(wanted, columns, strict=True)}
                nothing = pa.nulls(rows)
                yield RawBatch(
                    pa.array(np.arange(number, number + rows)),
                    tuple(by_position.get(at, nothing) for at in range(len(self.headers))),
                )
                number += rows
        except (sa.exc.SQLAlchemyError, pa.ArrowInvalid) as error:
            raise self._fault(error, self._table_name) from None

    def state(self) -> tuple[int, object]:
        """Return the number of rows and the newest `updated_at` (None if the table has no such column)."""
        source = sa.table(self._table_name, *(sa.column(name) for name in self.headers), schema=self._schema)
        dated = next((source.c[name] for name in self.headers if fold(name) == "updated_at"), None)
        newest: Any = sa.null() if dated is None else sa.func.max(dated)
        rows, latest = self._connection.execute(sa.select(sa.func.count(), newest).select_from(source)).one()
        return int(rows), latest

    def _query(self, wanted: Sequence[int]) -> sa.Select[Any]:
        source = sa.table(self._table_name, *(sa.column(name) for name in self.headers), schema=self._schema)
        by_fold = {fold(name): source.c[name] for name in reversed(self.headers)}
        columns: list[Any] = [source.c[self.headers[at]] for at in wanted]
        if self._copy_encoding:
            columns = [self._copied_text(column).label(f"c{at}") for at, column in enumerate(columns)]
        query = sa.select(*columns)
        if self._table.row_numbers:
            keys = (by_fold[name] for name in (*self._table.key, "updated_at") if name in by_fold)
            query = query.order_by(*(self._ordered(key) for key in keys))
        return query

    def _copied_text(self, column: sa.ColumnElement[Any]) -> sa.ColumnElement[str]:
        """Return a column as text for COPY. JSON scalars become their values: A for "A", null for null."""
        kind = self._types[str(column.key)]
        if isinstance(kind, sa.JSON):
            return column.op("#>>", return_type=sa.Text())(sa.literal_column("'{}'"))
        if isinstance(kind, sa.ARRAY) and isinstance(kind.item_type, sa.JSON):
            column = sa.func.to_jsonb(column)
        return sa.cast(column, sa.Text)

    def _ordered(self, column: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
        """Return the expression to order rows by: the column, or its text if it is JSON, which has no order."""
        has_no_order = self._copy_encoding and isinstance(self._types[str(column.key)], sa.JSON)
        return self._copied_text(column) if has_no_order else column

    def _decoded(self, at: int, column: pa.Array) -> pa.Array:
        r"""Return a column of bytes as bytes, because COPY writes them as `\x` and hexadecimal digits."""
        if not (self._copy_encoding and isinstance(self._types[self.headers[at]], sa.LargeBinary)):
            return column
        written = column.cast(pa.string()).to_pylist()
        return pa.array([None if text is None else bytes.fromhex(text[2:]) for text in written], pa.binary())

    def _fetched(self, query: sa.Select[Any]) -> Iterator[tuple[pa.Array, ...]]:
        options = {"stream_results": True, "yield_per": BATCH_ROWS}
        with self._texts_as_bytes(), self._connection.execution_options(**options).execute(query) as result:
            for rows in result.partitions():
                yield tuple(_array(values) for values in zip(*rows, strict=True))

    @contextmanager
    def _texts_as_bytes(self) -> Iterator[None]:
        """Make SQLite return texts as bytes, so that the cell rules can reject those that are not UTF-8.

        Decoding each text in Python would take 0.9 s of CPU for 3.5 million texts (2026-11-29).
        """
        driver = self._connection.connection.driver_connection
        if not isinstance(driver, sqlite3.Connection):
            yield
            return
        before, driver.text_factory = driver.text_factory, bytes
        try:
            yield
        finally:
            driver.text_factory = before

    def _copied(self, query: sa.Select[Any], width: int) -> Iterator[tuple[pa.Array, ...]]:
        import psycopg

        from pipeline.ingest.readers.copy_stream import read_copy

        driver = self._connection.connection.driver_connection
        assert isinstance(driver, psycopg.Connection)
        statement = query.compile(self._connection, compile_kwargs={"literal_binds": True})
        try:
            with (
                driver.cursor() as cursor,
                cursor.copy(f"copy ({statement}) to stdout (format csv, encoding '{self._copy_encoding}')") as copy,
            ):
                yield from read_copy(copy, width, is_utf8=self._copy_encoding != NO_ENCODING)
        except psycopg.Error as error:
            raise self._fault(error, self._table_name) from None


def _array(values: Sequence[object]) -> pa.Array:
    """Return one column as an array: of the values' type if they share one, otherwise of their texts."""
    try:
        array = pa.array(values)
    except (pa.ArrowException, OverflowError):
        return pa.array([None if value is None else _bytes_of(value) for value in values], pa.binary())
    if pa.types.is_nested(array.type):
        return pa.array([None if value is None else text_of(value) for value in values])
    return array


def _bytes_of(value: object) -> bytes:
    """Return a value as bytes; the cell rules decide whether they are valid text."""
    return bytes(value) if isinstance(value, (bytes, bytearray, memoryview)) else text_of(value).encode("utf-8")
