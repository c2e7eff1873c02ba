"""Detects Parquet files whose bytes can be copied: with the landing types, and no value that a cell rule would change.

Event tables of millions of rows usually have this form. DuckDB searches for values that the rules of `cells.py` would
change; if there is one, the file is typed by those rules. So the conditions here may be stricter than the rules, but
never laxer.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Final

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.common.scratch_database import quoted, quoted_text, read_parquet, scratch_connection
from pipeline.ingest.deleted_rows import marks_deleted
from pipeline.ingest.readers.parquet import check_column_chunks
from pipeline.ingest.schema import ROW_COLUMN, Column, Kind, SourceTable
from pipeline.ingest.values.dates import FIRST_DAY, LAST_DAY
from pipeline.ingest.values.plain_columns import PLAIN_KEY, PLAIN_REQUIRED_TEXT
from pipeline.ingest.values.spellings import NULLS

LARGEST_ROW_GROUP: Final = 2 * 1024 * 1024
"""With larger row groups, the engines could not read a file with several threads."""
_CODECS: Final = frozenset({"UNCOMPRESSED", "SNAPPY", "ZSTD", "GZIP", "LZ4_RAW"})


def is_plain(table: SourceTable, path: Path, trusted: Collection[str] = ()) -> bool:
    """Return whether the file's bytes can be copied into the landing zone.

    Of the `trusted` columns, only the types are checked, because the caller checks their values.
    """
    checked = [column for column in table.columns if column.name not in trusted]
    if table.row_numbers or any(column.kind is Kind.TAGS for column in table.columns):
        return False
    try:
        file = pq.ParquetFile(path)
        if not _has_landing_types(table, file):
            return False
        check_column_chunks(path)
        if not _has_usual_form(file.metadata):
            return False
        with scratch_connection() as connection:
            # hashing a column without conditions forces DuckDB to read all its pages, which shows damage
            unread = [f"bit_xor(hash({quoted(column.name)}))" for column in checked if not _oddities_of(column)]
            figures = ", ".join([f"count(*) filter (where {_oddities(checked, table.one_of)})", *unread])
            found = connection.execute(f"select {figures} from {read_parquet([path])}").fetchone()
    except (pa.ArrowException, OSError, ValueError, duckdb.Error):  # the general path reports what is wrong
        return False
    return found is not None and found[0] == 0


def _has_landing_types(table: SourceTable, file: pq.ParquetFile) -> bool:
    schema = file.schema_arrow
    if len({name.lower() for name in schema.names}) < len(schema.names):
        return False
    if ROW_COLUMN in schema.names:  # it would be mistaken for the column that ingest adds
        return False
    if any(map(marks_deleted, schema.names)):  # deleted rows must be counted
        return False
    return all(
        column.name in schema.names and _is_same(schema.field(column.name).type, column.arrow_type)
        for column in table.columns
    )


def _is_same(found: pa.DataType, wanted: pa.DataType) -> bool:
    """Return whether two types are the same in Parquet, where text has one type and in Arrow several."""
    if wanted == pa.string():
        return found in (pa.string(), pa.large_string(), pa.string_view())
    return bool(found == wanted)


def _has_usual_form(metadata: pq.FileMetaData) -> bool:
    groups = [metadata.row_group(at) for at in range(metadata.num_row_groups)]
    return all(
        group.num_rows <= LARGEST_ROW_GROUP
        and all(group.column(at).compression in _CODECS for at in range(group.num_columns))
        for group in groups
    )


def _oddities(columns: Sequence[Column], one_of: Sequence[str]) -> str:
    """Return a SQL condition: a row has a value that would change, or lacks a required one."""
    conditions = [condition for column in columns for condition in _oddities_of(column)]
    if one_of:
        conditions.append("(" + " and ".join(f"{quoted(name)} is null" for name in one_of) + ")")
    return " or ".join(conditions) or "false"


def _oddities_of(column: Column) -> list[str]:
    name = quoted(column.name)
    conditions = [f"{name} is null"] if column.required else []
    if column.allowed:
        return [*conditions, f"{name} not in ({', '.join(quoted_text(value) for value in column.allowed)})"]
    match column.kind:
        case Kind.KEY | Kind.TRIMMED | Kind.CODE:
            conditions.append(f"not regexp_full_match({name}, '{PLAIN_KEY}')")
        case Kind.TEXT:
            conditions.append(f"contains({name}, chr(0)) or starts_with({name}, '#') or starts_with({name}, '=')")
            conditions.append(f"{name} in ({', '.join(quoted_text(value) for value in sorted(NULLS))})")
            if column.required:
                conditions.append(f"not regexp_matches({name}, '{PLAIN_REQUIRED_TEXT}')")
        case Kind.RATE:
            conditions.append(f"{name} < 0")
        case Kind.DATE:
            conditions.append(f"{name} not between date '{FIRST_DAY}' and date '{LAST_DAY}'")
        case Kind.TIMESTAMP:
            conditions.append(f"{name} < timestamp '0001-01-01' or {name} >= timestamp '10000-01-01'")
    return conditions
