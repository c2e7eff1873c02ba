"""The CSV form of a drop: UTF-8, LF, RFC 4180 quoting, a header; null empty and unquoted, the empty string `""`.

Booleans are true and false, decimals carry their full scale, instants look like `2025-01-15T00:00:00Z` (a fraction only
where it is not zero). DuckDB writes it whatever the engine that computed, so that the bytes are one writer's.
"""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa

from pipeline.common.duckdb_sql import quoted, quoted_text
from pipeline.common.scratch_database import scratch_connection


def write_csv(table: pa.Table, path: Path) -> None:
    """Write the rows of `table`, in their order; timestamps are in UTC."""
    plain = table.cast(pa.schema([field.with_type(_without_zone(field.type)) for field in table.schema]))
    cells = ", ".join(_cell(field) for field in plain.schema)
    with scratch_connection() as connection:
        connection.register("rows_in_order", plain)
        connection.execute(
            f"copy (select {cells} from rows_in_order) to {quoted_text(str(path))} "
            "(format csv, header, delimiter ',', nullstr '', quote '\"', escape '\"')"
        )


def _without_zone(kind: pa.DataType) -> pa.DataType:
    return pa.timestamp("us") if pa.types.is_timestamp(kind) else kind


def _cell(field: pa.Field) -> str:
    name = quoted(field.name)
    if not pa.types.is_timestamp(field.type):
        return name
    return (
        f"case when {name} is null then null "
        f"when date_part('microseconds', {name}) % 1000000 = 0 then strftime({name}, '%Y-%m-%dT%H:%M:%SZ') "
        f"else strftime({name}, '%Y-%m-%dT%H:%M:%S.%fZ') end as {name}"
    )
