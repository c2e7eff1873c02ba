"""The raw schema of a run: the landed tables, and the run's own tables (loads, rejects, results of earlier runs)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.engines import RawTable
from pipeline.ingest.landing.landed_table import LandedTable
from pipeline.ingest.landing.record import landed_tables
from pipeline.ingest.rejects import REJECTS_SCHEMA
from pipeline.run_plan import RunPlan
from pipeline.state.history import DUPLICATES_SCHEMA, METRICS_SCHEMA, RunHistory
from pipeline.state.workspace import Workspace
from pipeline.storage.local_files import naming

CONFIGURED_SCHEMA = pa.schema(
    [
        ("source", pa.string()),
        ("table_name", pa.string()),
    ]
)

LOADS_SCHEMA = pa.schema(
    [
        *CONFIGURED_SCHEMA,
        ("files", pa.int64()),
        ("read", pa.int64()),
        ("loaded", pa.int64()),
        ("rejected", pa.int64()),
        ("fingerprint", pa.string()),
    ]
)


def raw_tables(workspace: Workspace, plan: RunPlan) -> list[RawTable]:
    """List every relation that a run's models read."""
    history = RunHistory(workspace.state)
    return relations(
        workspace.run_tables,
        landed_tables(workspace),
        history.duplicates_before(plan.as_of),
        history.metrics_before(plan.as_of),
    )


def relations(
    folder: Path, landed: Sequence[LandedTable], duplicates: Sequence[Path], metrics: Sequence[Path]
) -> list[RawTable]:
    """List the relations of the landed tables and of earlier runs; the run's own tables are written to `folder`."""
    folder.mkdir(exist_ok=True)
    tables = [
        RawTable(table.table.qualified_name, table.table.arrow_schema, table.parts, table.fingerprint)
        for table in landed
    ]
    loads = [_load(table) for table in landed if table.is_configured]
    rejects = tuple(part for table in landed for part in table.rejects)
    return [
        *tables,
        # separate from the loads, which change with the data: models that only need the list of tables are not rebuilt
        _write_rows(folder, "configured_tables", CONFIGURED_SCHEMA, loads),
        _write_rows(folder, "loads", LOADS_SCHEMA, loads),
        _run_table(folder, "rejects", REJECTS_SCHEMA, rejects),
        _run_table(folder, "duplicate_history", DUPLICATES_SCHEMA, duplicates),
        _run_table(folder, "metric_history", METRICS_SCHEMA, metrics),
    ]


def _run_table(folder: Path, name: str, schema: pa.Schema, parts: Sequence[Path]) -> RawTable:
    """Return a table of the run; without files it is empty."""
    if not parts:
        parts = (folder / f"{name}.empty.parquet",)
        pq.write_table(schema.empty_table(), parts[0])
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part.read_bytes())
    return RawTable(f"run__{name}", schema, tuple(parts), digest.hexdigest())


def _write_rows(folder: Path, name: str, schema: pa.Schema, rows: Sequence[Mapping[str, Any]]) -> RawTable:
    """Write a table of the run with the schema's columns; other values of the rows are ignored."""
    path = folder / f"{name}.parquet"
    with naming(path):
        pq.write_table(pa.Table.from_pylist(list(rows), schema), path)
    return _run_table(folder, name, schema, [path])


def _load(table: LandedTable) -> dict[str, Any]:
    return {
        "source": table.table.source,
        "table_name": table.table.name,
        "files": len(table.files),
        "read": table.read,
        "loaded": table.loaded,
        "rejected": table.rejected,
        "fingerprint": table.fingerprint,
    }
