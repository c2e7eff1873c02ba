"""Compares the rows of an export in two drops of one organization, by the export's primary key.

`extracted_at` and `data_as_of` describe the drop: a row in which nothing else differs has not changed. Applying the
changes to the previous drop, and setting these two columns, gives the new drop.
"""

from __future__ import annotations

import filecmp
from collections.abc import Iterable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Final

import duckdb
import pyarrow as pa

from pipeline.common.scratch_database import quoted, quoted_text, read_parquet, scratch_connection
from pipeline.contracts.changes import CHANGED_COLUMNS
from pipeline.contracts.contract import ContractColumn, ExportContract
from pipeline.drops.aligned_rows import CHANGED, ROW, RowChanges, compare_aligned, no_changes

DROP_COLUMNS: Final = ("extracted_at", "data_as_of")


def compare_rows(
    contract: ExportContract, before: Path | None, now: Path | None, *, with_personal: bool = True
) -> RowChanges:
    """Compare an export's Parquet files; None means no rows.

    Columns are the contract's. A column that the previous drop lacks is null there. Without `with_personal`, personal
    columns are not compared, because the two drops withhold different values.
    """
    if before is not None and now is not None and filecmp.cmp(before, now, shallow=False):
        return no_changes(contract)  # in a week, half of a small tenant's exports do not change
    left_out = {*contract.primary_key, *DROP_COLUMNS}
    if not with_personal:
        left_out |= {column.name for column in contract.personal_columns}
    compared = [column.name for column in contract.exported_columns if column.name not in left_out]
    if before is not None and now is not None and (changes := compare_aligned(contract, compared, before, now)):
        return changes
    with closing(scratch_connection()) as connection:
        for name, path in (("before", before), ("now", now)):
            connection.execute(f"create or replace temp view {name}_rows as {_rows(connection, contract, path)}")
        is_aligned = _is_aligned(connection, "rows", contract.primary_key)
        added, removed = _missing_rows(connection, contract, is_aligned=is_aligned)
        is_aligned = is_aligned or _is_aligned(connection, "kept", contract.primary_key)
        changed = _changed(connection, compared, contract.primary_key, is_aligned=is_aligned)
        counts = _counts(connection, changed)
        return RowChanges(
            contract.name,
            added=added,
            changed=changed,
            removed=removed,
            columns={name: counts[name] for name in compared if name in counts},
        )


def _rows(connection: duckdb.DuckDBPyConnection, contract: ExportContract, path: Path | None) -> str:
    """Return the select of an export's rows in the contract's columns and types."""
    present: set[str] = set()
    if path is not None:
        present = {name for name, *_ in connection.execute(f"describe select * from {read_parquet([path])}").fetchall()}
    columns = ", ".join(_column(column, present) for column in contract.exported_columns)
    if path is None:
        return f"select {columns}, 0 as {ROW} where false"
    return f"select {columns}, {ROW} from {read_parquet([path], 'file_row_number = true')}"


def _column(column: ContractColumn, present: Iterable[str]) -> str:
    kind = _DUCKDB_TYPES.get(column.data_type, column.data_type)
    value = quoted(column.name) if column.name in present else "null"
    return f"try_cast({value} as {kind}) as {quoted(column.name)}"


_DUCKDB_TYPES: Final = {"timestamp": "timestamptz"}


def _missing_rows(
    connection: duckdb.DuckDBPyConnection, contract: ExportContract, *, is_aligned: bool
) -> tuple[pa.Table, pa.Table]:
    """Return the new drop's rows whose key the previous drop lacks, then the reverse, both sorted by key.

    The views `now_kept` and `before_kept` then have the other rows.
    """
    missing = []
    for drop, other in (("now", "before"), ("before", "now")):
        rows = contract.arrow_schema.empty_table() if is_aligned else _only_in(connection, drop, other, contract)
        kept = f"from {drop}_rows"
        if rows.num_rows:
            connection.register(f"{drop}_missing", rows)
            kept += f" anti join {drop}_missing using ({_listed(contract.primary_key)})"
        connection.execute(f"create or replace temp view {drop}_kept as {kept}")
        missing.append(rows)
    added, removed = missing
    return added, removed


def _only_in(connection: duckdb.DuckDBPyConnection, drop: str, other: str, contract: ExportContract) -> pa.Table:
    """Return the rows whose key the other drop lacks, sorted by key."""
    key = _listed(contract.primary_key)
    # there are usually few or none, and reading only keys takes a quarter of the time (2026-11-28)
    keys = connection.sql(
        f"select {key} from {drop}_rows anti join (select {key} from {other}_rows) using ({key})"
    ).to_arrow_table()
    if not keys.num_rows:
        return contract.arrow_schema.empty_table()
    connection.register("missing_keys", keys)
    return connection.sql(
        f"select * exclude ({ROW}) from {drop}_rows semi join missing_keys using ({key}) order by {key}"
    ).to_arrow_table()


def _is_aligned(connection: duckdb.DuckDBPyConnection, rows: str, key: Sequence[str]) -> bool:
    """Return whether these rows of both drops have the same keys in the same order, which is the usual case.

    They are then compared position by position, without a join: 4.1 s of CPU instead of 5.3 at 50,000 accounts
    (2026-11-29).
    """
    differs = " or ".join(f"now.{name} is distinct from before.{name}" for name in map(quoted, key))
    # if one drop has fewer rows, its missing keys are null
    return not connection.execute(
        f"select 1 from (select {_listed(key)} from now_{rows}) as now "
        f"positional join (select {_listed(key)} from before_{rows}) as before where {differs} limit 1"
    ).fetchall()


def _changed(
    connection: duckdb.DuckDBPyConnection, compared: Sequence[str], primary_key: Sequence[str], *, is_aligned: bool
) -> pa.Table:
    """Return the positions of the changed rows, with the names of the changed columns.

    The query does not return values, which takes 0.4 s of CPU instead of 1.0 at 50,000 accounts (2026-11-29).
    """
    differs = {name: f"now_kept.{quoted(name)} is distinct from before_kept.{quoted(name)}" for name in compared}
    listed = ", ".join(f"case when {test} then {quoted_text(name)} end" for name, test in differs.items())
    joined = "positional join" if is_aligned else "inner join"
    condition = "" if is_aligned else f"using ({_listed(primary_key)})"
    rows = connection.sql(
        f"""
        select {ROW}, {CHANGED_COLUMNS}
        from (
            select now_kept.{ROW}, concat_ws(',', {listed or "null"}) as {CHANGED_COLUMNS}
            from now_kept {joined} before_kept {condition}
        ) as kept
        where {CHANGED_COLUMNS} <> ''
        order by {ROW}
        """
    ).to_arrow_table()
    return rows.cast(CHANGED)


def _listed(names: Sequence[str]) -> str:
    return ", ".join(map(quoted, names))


def _counts(connection: duckdb.DuckDBPyConnection, changed: pa.Table) -> dict[str, int]:
    """Count the changed cells of each column that has any."""
    connection.register("changed", changed)
    rows = connection.execute(
        "select column_name, count(*) from"
        f" (select unnest(string_split({CHANGED_COLUMNS}, ',')) as column_name from changed) group by column_name"
    ).fetchall()
    connection.unregister("changed")
    return {str(name): int(count) for name, count in rows}
