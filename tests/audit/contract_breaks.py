"""The ways to break a column of an export; each applies only to the columns that it can break."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pyarrow as pa

from pipeline.contracts.contract import ContractColumn
from tests.audit.staged_drop import CONTRACTS

FACTS = [CONTRACTS["account_core"], CONTRACTS["account_communication_stats"]]

Break = Callable[[pa.Table, ContractColumn], pa.Table | None]
"""Breaks one column of a table; None if the break does not apply to the column."""


def _replace(table: pa.Table, column: ContractColumn, values: pa.Array, name: str | None = None) -> pa.Table:
    """Set only the column's values: the nullability that the file declares stays, if possible."""
    place = table.column_names.index(column.name)
    nullable = table.schema.field(place).nullable or values.null_count > 0
    return table.set_column(place, pa.field(name or column.name, values.type, nullable), values)


def wrong_type(table: pa.Table, column: ContractColumn) -> pa.Table:
    """Turn a text into a number, anything else into a text."""
    values = (
        pa.array([1] * table.num_rows) if column.arrow_type == pa.string() else table[column.name].cast(pa.string())
    )
    return _replace(table, column, values)


def null_in_not_null(table: pa.Table, column: ContractColumn) -> pa.Table | None:
    """Set the last row's value to null."""
    if column.nullable:
        return None
    values = table[column.name].to_pylist()
    return _replace(table, column, pa.array([*values[:-1], None], column.arrow_type))


def too_long_or_too_precise(table: pa.Table, column: ContractColumn) -> pa.Table | None:
    """Add one character, one digit after the point, 64 bits, a nanosecond or a time of day, depending on the type."""
    rows = table.num_rows
    if column.max_length is not None:
        return _replace(table, column, pa.array([None] * (rows - 1) + ["é" * (column.max_length + 1)], pa.string()))
    if column.precision is not None and column.scale is not None:
        finer = pa.decimal128(column.precision + 1, column.scale + 1)
        value = Decimal(1).scaleb(-column.scale - 1)
        return _replace(table, column, pa.array([value] * rows, finer))
    finer_types = {
        "integer": pa.int64(),
        "timestamp": pa.timestamp("ns", tz="UTC"),
        "date": pa.timestamp("us", tz="UTC"),
    }
    if column.data_type in finer_types:
        return _replace(table, column, table[column.name].cast(finer_types[column.data_type]))
    return None


def renamed(table: pa.Table, column: ContractColumn) -> pa.Table:
    """Rename the column."""
    return _replace(table, column, table[column.name], f"{column.name}_")


KINDS: dict[str, tuple[Break, dict[str, int]]] = {
    "wrong_type": (wrong_type, {"account_core": 78, "account_communication_stats": 52}),
    # account_id, organization_id (account_core), extracted_at, data_as_of
    "null_in_not_null": (null_in_not_null, {"account_core": 4, "account_communication_stats": 3}),
    # not bigint, boolean, text
    "too_long_or_too_precise": (too_long_or_too_precise, {"account_core": 48, "account_communication_stats": 51}),
    "renamed": (renamed, {"account_core": 78, "account_communication_stats": 52}),
}
