"""Writes the platform's tables of a sample: events as Parquet, the others as CSV, or as Parquet if they are large."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from pipeline.ingest.tables import source_table
from pipeline.sample.draw.customers import draw_customers
from pipeline.sample.draw.events import write_events
from pipeline.sample.draw.population import Population
from pipeline.sample.draw.random_columns import rows
from pipeline.sample.draw.topics import draw_topics
from pipeline.sample.edge_cases import bad_platform_cells
from pipeline.sample.edge_cases.events import cast_events
from pipeline.sample.edge_cases.platform import play_cast
from pipeline.sample.edge_cases.topics import play_topics
from pipeline.sample.files.tables import ParquetFile, Row

CSV_UP_TO: Final = 2_000
"""Up to this many accounts the tables without events are CSV files, which people can read."""


def write_platform(folder: Path, population: Population, events_per_account: int) -> dict[str, int]:
    """Write the platform's tables into `folder`; return their row counts, including rows that ingest rejects."""
    folder.mkdir(parents=True, exist_ok=True)
    customers, tables = draw_customers(population)
    play_cast(population, customers, tables)
    tables |= draw_topics(population)
    play_topics(population, tables)
    by_hand = cast_events(population, customers, _excluded_user(tables["users"]))
    tables["ai_summary"] += by_hand.pop("ai_summary")
    traps = bad_platform_cells.traps(population)
    written = {}
    for name, made in tables.items():
        schema = source_table("platform", name).arrow_schema
        table = rows(schema, made)
        written[f"platform.{name}"] = len(table)
        if len(population.accounts) <= CSV_UP_TO:
            written[f"platform.{name}"] += _write_csv(folder / f"{name}.csv", table, traps.get(name, []))
        else:
            file = ParquetFile(folder / f"{name}.parquet", schema)
            file.append(table)
            file.close()
    return written | write_events(folder, population, customers, events_per_account, by_hand)


def _excluded_user(users: list[dict[str, Any]]) -> int:
    """Return an excluded user of the CRM's tenant."""
    return next(int(row["id"]) for row in users if row["excluded"] and row["organization_id"] == 1)


def _write_csv(path: Path, table: pa.Table, traps: Sequence[Row]) -> int:
    """Write a table followed by the traps; return the number of traps."""
    schema = pa.schema([(name, pa.string()) for name in table.schema.names])
    typed = pa.table([_text(column) for column in table.columns], schema=schema)
    csv.write_csv(pa.concat_tables([typed, rows(schema, traps)]), path)
    return len(traps)


def _text(column: pa.ChunkedArray) -> pa.ChunkedArray:
    if pa.types.is_timestamp(column.type):
        return pc.strftime(column.cast(pa.timestamp("s")), format="%Y-%m-%dT%H:%M:%SZ")
    return column.cast(pa.string())
