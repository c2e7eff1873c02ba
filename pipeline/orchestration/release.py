"""From the marts to published drops: stage, audit, publish. Every organization passes, or none is published."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from pipeline.audit import AuditRequest, AuditResult, StagedAudit
from pipeline.common.errors import WarehouseError, in_words
from pipeline.common.formats import plural
from pipeline.common.instants import run_name
from pipeline.common.scratch_database import spare_memory
from pipeline.contracts.compatibility import check_versions, contracts_of_drop
from pipeline.contracts.contract import ExportContract
from pipeline.drops.catalog import REPORTS, latest_manifest, organizations_left_behind
from pipeline.drops.destination import Destination
from pipeline.drops.manifest import build_manifest
from pipeline.drops.publish_to_folder import PublishedDrop
from pipeline.drops.retention import prune, prune_reports
from pipeline.drops.stage import StagedDrop, organizations, stage_drops
from pipeline.engines import Engine
from pipeline.ingest.landing.record import has_crm_rows
from pipeline.ingest.landing.zone import LandedTable
from pipeline.ingest.rejects import REJECTS_SCHEMA
from pipeline.orchestration.resources import RunContext
from pipeline.paths import PROJECT_ROOT
from pipeline.report.facts import RunFacts
from pipeline.report.gather import gather_facts, gather_operator_facts, measure_run
from pipeline.report.page import load_templates
from pipeline.report.sources import MeasuredTable, measure_sources
from pipeline.report.write import write_reports
from pipeline.state.history import DUPLICATES, METRICS, METRICS_SCHEMA, RunHistory
from pipeline.storage.place import open_place

EXPECTATIONS = PROJECT_ROOT / "expectations"

REJECTS = "rejects"


@dataclass(frozen=True)
class AuditedDrops:
    """The drops of one run as they stand staged; `problem` says why none of them may be published."""

    drops: Sequence[StagedDrop]
    manifests: Sequence[Mapping[str, Any]]
    reports: Sequence[RunFacts]
    history: Mapping[str, pa.Table]
    problem: WarehouseError | None


@dataclass(frozen=True)
class Release:
    """One run's way from the marts to the drops of every organization."""

    run: RunContext
    run_id: str
    engine: Engine
    contracts: Sequence[ExportContract]
    landed: Sequence[LandedTable]
    destination: Destination

    def publish(self) -> list[PublishedDrop]:
        """Publish a drop for each organization, and keep what the next run needs to know of this one.

        WarehouseError, with nothing published but the reports that say so, where a contract breaks what its version
        promises or the audit fails. Whatever fails, `latest` stays where it was.
        """
        with self.destination.turn():
            self.destination.clear_staging()
            try:
                audited = self.stage_and_audit()
                if audited.problem is not None:
                    for page in write_reports(audited.reports, self.destination.place, self.run.workspace.state):
                        self.run.progress.view.noted(f"report: {page}")
                    raise audited.problem
                return self.put_in_place(audited)
            except BaseException:
                with suppress(OSError):
                    self.destination.clear_staging()  # what was refused is for nobody to read
                raise

    def stage_and_audit(self) -> AuditedDrops:
        """Write the drops beside the published ones, judge them, and gather what their reports tell."""
        settings, plan = self.run.settings, self.run.plan
        if settings.spares_memory:
            spare_memory()
        metrics = self.engine.read(METRICS, METRICS_SCHEMA.names)
        with self.run.helpers.audit() as process, ThreadPoolExecutor(1) as aside:
            folders = self._folders()
            exports = [contract.name for contract in self.contracts]
            audit = process.begin(
                AuditRequest(
                    folders, exports, EXPECTATIONS, plan.as_of, plan.published_settings, settings.spares_memory
                )
            )
            drops = self._stage(folders, audit)
            problem = self._broken_promise(drops)
            # the audit's end is one thread's work in another process, so there is room for the report's beginning
            sources = aside.submit(measure_sources, self.landed, plan.as_of)
            aside.submit(load_templates)
            result = self._concluded(audit)
        manifests = self._manifests(drops, result)
        problem = problem or result.problem()
        reports = self._reports(drops, manifests, sources.result(), result, metrics, problem)
        history = {DUPLICATES: self._duplicates(), METRICS: _of_this_run(metrics, plan.as_of)}
        return AuditedDrops(drops, manifests, reports, history, problem)

    def put_in_place(self, audited: AuditedDrops) -> list[PublishedDrop]:
        """Do all that may fail, then let readers see it, then tidy.

        The history comes first: of a drop that somebody has read, the next run must know when groups were detected.
        """
        state = self.run.workspace.state
        with self.run.progress.step("publish", "drops") as step:
            published = []
            for drop, manifest in zip(audited.drops, audited.manifests, strict=True):
                published.append(self.destination.put(drop, manifest))
                step.update(len(published))
            RunHistory(state).keep(self.run.plan.as_of, audited.history)
            write_reports(audited.reports, self.destination.place, state)
            self.engine.commit(self.contracts)
            for put in published:
                self.destination.point(put)
            self._prune(published)
            new = sum(drop.is_new for drop in published)
            step.summary = f"{plural(new, 'new drop')}, {len(published) - new} as published before"
        return published

    def _folders(self) -> dict[int, Path]:
        """Name the staging folder of every organization that gets a drop."""
        crm = self.run.plan.crm_organization_id if has_crm_rows(self.landed) else None
        found = organizations(self.engine, self.contracts, crm)
        for gone in organizations_left_behind(self.destination.place, found):
            self.run.progress.view.noted(f"organization {gone} has no row any more: its latest drop stays as it is")
        return {organization: self.destination.staging_folder(organization, self.run_id) for organization in found}

    def _stage(self, folders: Mapping[int, Path], audit: StagedAudit) -> list[StagedDrop]:
        """Write the drops; what is written is audited meanwhile."""
        with self.run.progress.step("stage", "exports") as step:
            staged = 0

            def on_export(contract: ExportContract) -> None:
                nonlocal staged
                staged += 1
                step.update(staged, detail=contract.name)
                audit.look_at(contract)
                if self.run.settings.spares_memory:
                    pa.default_memory_pool().release_unused()

            drops = stage_drops(
                self.engine,
                self.contracts,
                folders,
                self.run.plan.crm_organization_id,
                csv_safe=self.run.settings.csv_safe,
                on_export=on_export,
            )
            rows = sum(file.rows for drop in drops for file in drop.files if file.name.endswith(".parquet"))
            step.summary = f"{plural(len(drops), 'drop')}, {plural(rows, 'row')} of {len(self.contracts)} exports"
        return drops

    def _broken_promise(self, drops: Sequence[StagedDrop]) -> WarehouseError | None:
        """Hold the contracts against those that readers of the latest drops rely on; say what breaks them."""
        noted: set[str] = set()
        for drop in drops:
            latest = latest_manifest(self.destination.place, drop.organization_id)
            if latest is not None:
                try:
                    noted.update(check_versions(contracts_of_drop(latest), self.contracts))
                except WarehouseError as broken:
                    return broken
        for line in sorted(noted):
            self.run.progress.view.noted(line)
        return None

    def _concluded(self, audit: StagedAudit) -> AuditResult:
        reports = self.run.workspace.state / REPORTS
        reports.mkdir(parents=True, exist_ok=True)
        with self.run.progress.step("audit", "checks") as step:
            result = audit.concluded(reports / f"{run_name(self.run.plan.as_of)}.great_expectations.json")
            failed = len(result.errors)
            step.summary = f"{len(result.checks):,} checks, {failed} failed, {len(result.warnings)} with a warning"
            for warning in result.warnings:
                step.note(str(warning))
        return result

    def _manifests(self, drops: Sequence[StagedDrop], audit: AuditResult) -> list[dict[str, Any]]:
        data_as_of = _data_as_of(self.engine.read("account_core", ["organization_id", "data_as_of"]))
        return [
            build_manifest(
                drop,
                self.contracts,
                as_of=self.run.plan.as_of,
                data_as_of=data_as_of.get(drop.organization_id, self.run.plan.as_of),
                settings=self.run.plan.published_settings,
                inputs=_inputs(self.landed),
                checks=audit.of_organization(drop.organization_id),
            )
            for drop in drops
        ]

    def _reports(
        self,
        drops: Sequence[StagedDrop],
        manifests: Sequence[Mapping[str, Any]],
        sources: Sequence[MeasuredTable],
        audit: AuditResult,
        metrics: pa.Table,
        problem: WarehouseError | None,
    ) -> list[RunFacts]:
        """Gather the facts of every report while the staged files are where they are."""
        with self.run.progress.step("report", "reports") as step:
            rejects = self.engine.read(REJECTS, REJECTS_SCHEMA.names)
            measured = measure_run(self.run.plan, sources, rejects, metrics, audit, problem)
            place = self.destination.place
            facts = [
                gather_facts(measured, place, drop.organization_id, drop, manifest, self.contracts)
                for drop, manifest in zip(drops, manifests, strict=True)
            ]
            step.summary = plural(len(facts), "report")
        return [*facts, gather_operator_facts(measured)]

    def _duplicates(self) -> pa.Table:
        (contract,) = (contract for contract in self.contracts if contract.name == DUPLICATES)
        return self.engine.read(DUPLICATES, [column.name for column in contract.columns])

    def _prune(self, published: Sequence[PublishedDrop]) -> None:
        """Remove what is past keeping; the run has published, so that a fault here is only told."""
        now = datetime.now(UTC)
        kept = self.run.settings.keep_drops
        try:
            for drop in published:
                prune(self.destination.place, drop.organization_id, kept, now)
            prune_reports(open_place(str(self.run.workspace.state / REPORTS)), set(), kept, now)
        except (WarehouseError, OSError) as fault:
            self.run.progress.view.noted(f"what is past keeping could not be removed: {in_words(fault)}")


def _of_this_run(metrics: pa.Table, as_of: datetime) -> pa.Table:
    """Leave out the metrics of earlier runs."""
    return metrics.filter(pc.equal(metrics["as_of"], pa.scalar(as_of.replace(tzinfo=None), pa.timestamp("us"))))


def _data_as_of(account_core: pa.Table) -> dict[int, datetime]:
    """Give each organization's `data_as_of` (D3), the same in all its rows."""
    latest = account_core.group_by("organization_id").aggregate([("data_as_of", "max")])
    return dict(zip(latest["organization_id"].to_pylist(), latest["data_as_of_max"].to_pylist(), strict=True))


def _inputs(landed: Sequence[LandedTable]) -> list[Mapping[str, Any]]:
    """Name every configured source table's files by their hashes.

    Counts are not told here: tenants share these tables, and none may learn of another's rows.
    """
    return [
        {
            "source": table.table.source,
            "table": table.table.name,
            "files": [{"name": file.name, "sha256": file.sha256} for file in table.files],
        }
        for table in landed
        if table.is_configured
    ]
