"""Runs `floor.sql` over a platform folder and says how long it took: `floor.py PLATFORM_DIR OUT AS_OF`.

Here is only what the script can't do for itself: make a view of each source file, Parquet as it is, CSV with its cells
typed (a row without a required value goes, and of a repeated key the row that counts stays). Every table must be there.
"""

from __future__ import annotations

import argparse
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import duckdb

from pipeline.ingest.schema import Column, Kind, SourceTable
from pipeline.ingest.tables import PLATFORM_TABLES

SCRIPT: Final = Path(__file__).with_name("floor.sql")

_TYPED: Final = {
    Kind.ID: "case when regexp_full_match(trim({0}), '[+-]?[0-9]+') then try_cast(trim({0}) as bigint) end",
    Kind.KEY: "nullif(trim({0}), '')",
    Kind.TEXT: "{0}",
    Kind.MONEY: "try_cast({0} as decimal(12, 2))",
    Kind.RATE: "try_cast({0} as decimal(12, 2))",
    Kind.BOOL: "try_cast({0} as boolean)",
    Kind.DATE: "try_cast({0} as date)",
    Kind.TIMESTAMP: "cast(try_cast({0} as timestamptz) as timestamp)",
}
"""How the sample's CSV spells each kind; the ingest reads far more spellings."""


def main() -> None:
    """Run the script, timed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("platform", type=Path, help="the folder of the platform's tables")
    parser.add_argument("out", type=Path, help="where the two tables go")
    parser.add_argument("as_of", type=datetime.fromisoformat, help="the run's instant")
    given = parser.parse_args()
    started = time.monotonic()
    run(given.platform, given.out, given.as_of)
    print(f"{time.monotonic() - started:.2f} seconds")


def run(platform: Path, out: Path, as_of: datetime) -> None:
    """Write account_core.parquet and account_communication_stats.parquet of all tenants into `out`."""
    out.mkdir(parents=True, exist_ok=True)
    config = {"memory_limit": "6GB", "temp_directory": str(out / "spill"), "preserve_insertion_order": False}
    with duckdb.connect(config=config) as connection:
        connection.execute("set timezone = 'UTC'")
        for table in PLATFORM_TABLES:
            connection.execute(f"create view {table.name} as {_source(table, platform)}")
        instant = as_of.astimezone(UTC) if as_of.tzinfo else as_of
        connection.execute("set variable as_of = ?::timestamp", [instant.replace(tzinfo=None)])
        connection.execute("set variable core = ?", [str(out / "account_core.parquet")])
        connection.execute("set variable stats = ?", [str(out / "account_communication_stats.parquet")])
        connection.execute(SCRIPT.read_text())


def _source(table: SourceTable, platform: Path) -> str:
    """Select a source table from its file."""
    parquet, text = platform / f"{table.name}.parquet", platform / f"{table.name}.csv"
    if parquet.exists():
        return f"select * from read_parquet({_quoted(parquet)})"
    columns = ", ".join(f"{_cell(column)} as {column.name}" for column in table.columns)
    present = " and ".join(f"{column.name} is not null" for column in table.columns if column.required)
    newest = "updated_at desc nulls last, " if any(column.name == "updated_at" for column in table.columns) else ""
    spelling = "all_varchar = true, header = true, allow_quoted_nulls = false, parallel = false"
    return (
        f"select * exclude (place) from (select {columns}, row_number() over () as place "
        f"from read_csv({_quoted(text)}, {spelling})) "
        f"where {present} "
        f"qualify row_number() over (partition by {', '.join(table.key)} order by {newest}place desc) = 1"
    )


def _cell(column: Column) -> str:
    return _TYPED[column.kind].format(column.name)


def _quoted(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"


if __name__ == "__main__":
    main()
