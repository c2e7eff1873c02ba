"""The platform's tables of a sample: events as Parquet, the others as CSV, or Parquet where they are large."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from pipeline.ingest.tables import source_table
from pipeline.sample.columns import rows
from pipeline.sample.customers import draw_customers
from pipeline.sample.events import write_events
from pipeline.sample.files import ParquetFile
from pipeline.sample.population import Population

CSV_UP_TO: Final = 2_000
"""Up to this many accounts the tables without events are CSV, which people can read."""


def write_platform(folder: Path, population: Population, events_per_account: int) -> dict[str, int]:
    """Write the platform's tables into `folder`; return the rows of each, those that ingest will turn away included."""
    folder.mkdir(parents=True, exist_ok=True)
    customers, tables = draw_customers(population)
    written = {}
    for name, made in tables.items():
        schema = source_table("platform", name).arrow_schema
        table = rows(schema, made)
        if len(population.accounts) <= CSV_UP_TO:
            _write_csv(folder / f"{name}.csv", table)
        else:
            file = ParquetFile(folder / f"{name}.parquet", schema)
            file.append(table)
            file.close()
        written[f"platform.{name}"] = len(table)
    return written | write_events(folder, population, customers, events_per_account)


def _write_csv(path: Path, table: pa.Table) -> None:
    spelt = pa.schema([(name, pa.string()) for name in table.schema.names])
    csv.write_csv(pa.table([_text(column) for column in table.columns], schema=spelt), path)


def _text(column: pa.ChunkedArray) -> pa.ChunkedArray:
    if pa.types.is_timestamp(column.type):
        return pc.strftime(column.cast(pa.timestamp("s")), format="%Y-%m-%dT%H:%M:%SZ")
    return column.cast(pa.string())
