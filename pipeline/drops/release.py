"""From the marts to published drops: stage, audit, publish. Every organization passes, or none is published."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from pipeline.contracts import ExportContract
from pipeline.drops.manifest import build_manifest
from pipeline.drops.publish import PublishedDrop, clear_staging, publish_drop, staging_folder
from pipeline.drops.stage import StagedDrop, organizations, read_marts, stage_drop
from pipeline.engines import Engine
from pipeline.history import DUPLICATES, METRICS, RunHistory
from pipeline.ingest.landing import LandedTable
from pipeline.progress import Progress
from pipeline.run_plan import RunPlan
from pipeline.workspace import Workspace


def release(
    engine: Engine,
    contracts: Sequence[ExportContract],
    landed: Sequence[LandedTable],
    plan: RunPlan,
    workspace: Workspace,
    exports: Path,
    run_id: str,
    progress: Progress,
) -> list[PublishedDrop]:
    """Publish a drop for each organization and keep what the next run needs to know of this one."""
    crm = int(plan.decisions["crm_organization_id"])
    has_crm = any(table.is_configured and table.table.source in ("lmn", "crm") for table in landed)
    with progress.step("stage", "exports") as step:
        marts = read_marts(engine, contracts)
        kept = {DUPLICATES: marts[DUPLICATES], METRICS: _metrics_of(engine, plan.as_of)}
        clear_staging(exports)
        drops = [
            stage_drop(marts, contracts, organization, crm, staging_folder(exports, organization, run_id))
            for organization in organizations(marts, contracts, crm if has_crm else None)
        ]
        rows = sum(file.rows for drop in drops for file in drop.files if file.name.endswith(".parquet"))
        step.summary = f"{len(drops)} drops, {rows:,} rows of {len(contracts)} exports"
    with progress.step("publish", "drops") as step:
        published = []
        for drop in drops:
            manifest = build_manifest(
                drop,
                contracts,
                as_of=plan.as_of,
                data_as_of=_data_as_of(marts["account_core"], drop, plan.as_of),
                settings=plan.published_settings,
                inputs=_inputs(landed),
                checks=[],
            )
            published.append(publish_drop(drop, manifest))
        RunHistory(workspace.state).keep(plan.as_of, kept)
        new = sum(drop.is_new for drop in published)
        step.summary = f"{new} new drops, {len(published) - new} as published before"
    return published


def _metrics_of(engine: Engine, as_of: datetime) -> pa.Table:
    """Read the metrics of this run, without those of earlier runs."""
    metrics = engine.read(METRICS, ["as_of", "metric", "dimension", "value"])
    return metrics.filter(pc.equal(metrics["as_of"], pa.scalar(as_of.replace(tzinfo=None), pa.timestamp("us"))))


def _data_as_of(account_core: pa.Table, drop: StagedDrop, as_of: datetime) -> datetime:
    """Give the organization's `data_as_of` (D3): the same in all its rows, `as_of` where it has none."""
    rows = account_core.filter(pc.equal(account_core["organization_id"], drop.organization_id))
    latest = pc.max(rows["data_as_of"]).as_py()
    return as_of if latest is None else latest


def _inputs(landed: Sequence[LandedTable]) -> list[Mapping[str, Any]]:
    """Describe every configured source table and the files it was read from."""
    return [
        {
            "source": table.table.source,
            "table": table.table.name,
            "read": table.read,
            "loaded": table.loaded,
            "rejected": table.rejected,
            "files": [{"name": file.name, "bytes": file.bytes, "sha256": file.sha256} for file in table.files],
        }
        for table in landed
        if table.is_configured
    ]
