"""From the marts to published drops: stage, audit, publish. Every organization passes, or none is published."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from pipeline.contracts import ExportContract
from pipeline.drops.audit import AuditProcess, AuditResult
from pipeline.drops.destination import Destination
from pipeline.drops.manifest import build_manifest
from pipeline.drops.publish import PublishedDrop
from pipeline.drops.retention import prune
from pipeline.drops.stage import StagedDrop, organizations, read_marts, stage_drop
from pipeline.engines import Engine
from pipeline.history import DUPLICATES, METRICS, RunHistory
from pipeline.ingest.landing import LandedTable
from pipeline.progress import Progress
from pipeline.run_plan import RunPlan
from pipeline.settings import PROJECT_ROOT, Settings

EXPECTATIONS = PROJECT_ROOT / "expectations"

OpenAudit = Callable[[], AbstractContextManager[AuditProcess]]


@dataclass(frozen=True)
class Release:
    """One run's way from the marts to the drops of every organization."""

    engine: Engine
    contracts: Sequence[ExportContract]
    landed: Sequence[LandedTable]
    plan: RunPlan
    settings: Settings
    destination: Destination
    open_audit: OpenAudit
    run_id: str
    progress: Progress

    def publish(self) -> list[PublishedDrop]:
        """Publish a drop for each organization, and keep what the next run needs to know of this one.

        WarehouseError, with nothing published and nothing kept, where the audit fails.
        """
        with self.destination.turn():
            self.destination.clear_staging()
            marts = read_marts(self.engine, self.contracts)
            history = {DUPLICATES: marts[DUPLICATES], METRICS: self._metrics()}
            drops = self._stage(marts)
            audit = self._audit(drops)
            self.engine.commit()
            published = self._publish(drops, audit, _data_as_of(marts["account_core"]))
        RunHistory(self.settings.state).keep(self.plan.as_of, history)
        return published

    def _stage(self, marts: Mapping[str, pa.Table]) -> list[StagedDrop]:
        crm = int(self.plan.decisions["crm_organization_id"])
        has_crm = any(table.is_configured and table.table.source in ("lmn", "crm") for table in self.landed)
        with self.progress.step("stage", "drops") as step:
            drops = []
            for organization in organizations(marts, self.contracts, crm if has_crm else None):
                folder = self.destination.staging_folder(organization, self.run_id)
                drops.append(
                    stage_drop(marts, self.contracts, organization, crm, folder, csv_safe=self.settings.csv_safe)
                )
                step.update(len(drops))
            rows = sum(file.rows for drop in drops for file in drop.files if file.name.endswith(".parquet"))
            step.summary = f"{len(drops)} drops, {rows:,} rows of {len(self.contracts)} exports"
        return drops

    def _audit(self, drops: Sequence[StagedDrop]) -> AuditResult:
        with self.progress.step("audit", "checks") as step, self.open_audit() as process:
            result = process.audit(
                {drop.organization_id: drop.folder for drop in drops},
                self.contracts,
                EXPECTATIONS,
                as_of=self.plan.as_of,
                settings=self.plan.published_settings,
            )
            result.raise_if_failed()
            step.summary = f"{len(result.checks):,} checks passed, {len(result.warnings)} with a warning"
            for warning in result.warnings:
                step.note(str(warning))
        return result

    def _publish(
        self, drops: Sequence[StagedDrop], audit: AuditResult, data_as_of: Mapping[int, datetime]
    ) -> list[PublishedDrop]:
        with self.progress.step("publish", "drops") as step:
            published = []
            for drop in drops:
                manifest = build_manifest(
                    drop,
                    self.contracts,
                    as_of=self.plan.as_of,
                    data_as_of=data_as_of.get(drop.organization_id, self.plan.as_of),
                    settings=self.plan.published_settings,
                    inputs=_inputs(self.landed),
                    checks=audit.of_organization(drop.organization_id),
                )
                published.append(self.destination.publish(drop, manifest))
                prune(self.destination.place, drop.organization_id, self.settings.keep_drops, datetime.now(UTC))
                step.update(len(published))
            new = sum(drop.is_new for drop in published)
            step.summary = f"{new} new drops, {len(published) - new} as published before"
        return published

    def _metrics(self) -> pa.Table:
        """Read the metrics of this run, without those of earlier runs."""
        metrics = self.engine.read(METRICS, ["as_of", "metric", "dimension", "value"])
        as_of = pa.scalar(self.plan.as_of.replace(tzinfo=None), pa.timestamp("us"))
        return metrics.filter(pc.equal(metrics["as_of"], as_of))


def _data_as_of(account_core: pa.Table) -> dict[int, datetime]:
    """Give each organization's `data_as_of` (D3), the same in all its rows."""
    latest = account_core.group_by("organization_id").aggregate([("data_as_of", "max")])
    return dict(zip(latest["organization_id"].to_pylist(), latest["data_as_of_max"].to_pylist(), strict=True))


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
