"""From the marts to audited drops: stage, audit, compare, report. Readers do not see them yet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from pipeline.audit import AuditResult, StagedAudit
from pipeline.common.errors import WarehouseError
from pipeline.common.formats import plural
from pipeline.common.instants import run_name
from pipeline.common.scratch_database import spare_memory
from pipeline.contracts.contract import ExportContract
from pipeline.drops.account_changes import OUTCOMES
from pipeline.drops.catalog import REPORTS, latest_manifest
from pipeline.drops.diff import DropDiff
from pipeline.drops.find_drop import OpenDrop
from pipeline.drops.manifest import drop_name
from pipeline.drops.personal_data import complete_rows_folders
from pipeline.drops.stage import StagedDrop, organizations, stage_drops
from pipeline.drops.write_changes import DropWithBaseline, WrittenChanges, write_changes
from pipeline.guards.findings import Finding
from pipeline.ingest.landing.record import has_crm_rows
from pipeline.orchestration.built_run import BuiltRun
from pipeline.orchestration.business_pages import write_business_pages
from pipeline.orchestration.column_limits import judge_texts, unheld_figures
from pipeline.orchestration.drop_descriptions import DescribedDrops, JudgedDrops, manifests_of, reports_of
from pipeline.orchestration.drop_findings import judge_drops, judge_metrics, opened_baselines, staged_files
from pipeline.orchestration.source_findings import SourceJudgement, judge_run_sources, show_findings
from pipeline.orchestration.verdict import Verdict, find_breaking_change, judge
from pipeline.report.facts import Plot, RunFacts
from pipeline.report.page import load_templates
from pipeline.report.plots import draw_plots
from pipeline.report.sources import MeasuredTable, measure_sources
from pipeline.state.history import DUPLICATES, METRICS, METRICS_SCHEMA

ROW_KINDS = ("added", "changed", "removed")
OUTCOMES_MART = "renewal_outcomes"


@dataclass(frozen=True)
class AuditedDrops:
    """The staged drops of one run, and which of them may be published."""

    drops: Sequence[StagedDrop]
    audit: AuditResult
    manifests: Sequence[Mapping[str, Any]]
    reports: Sequence[RunFacts]
    history: Mapping[str, pa.Table]
    sources: SourceJudgement
    findings: Sequence[Finding]
    """The findings of the drift guard."""
    verdict: Verdict
    diffs: Mapping[int, DropDiff] = field(default_factory=dict)
    """What would change, for each organization that already has a drop."""


def stage_and_audit(built: BuiltRun) -> AuditedDrops:
    """Stage the drops next to the published ones, judge them, and gather the facts for their reports."""
    run = built.run
    if run.settings.spares_memory:
        spare_memory()
    metrics = built.engine.read(METRICS, METRICS_SCHEMA.names)
    staged = _staged(built)
    judgement = judge_run_sources(run.settings, run.plan, run.workspace, built.landed, run.accepted, run.profiles)
    own_metrics = _of_this_run(metrics, run.plan.as_of)
    place = built.destination.place
    with opened_baselines(place, staged.drops, run.plan.as_of, built.contracts, built.personal_data) as baselines:
        findings = _guarded(built, staged.drops, baselines, judgement, own_metrics)
        verdict = _verdict(built, staged, findings)
        changes = _changes(built, staged.passed_drops, baselines)
        plots = _plots(built, staged)
        publishable = [drop for drop in staged.drops if verdict.problem_of(drop.organization_id) is None]
        pages = write_business_pages(built, place, publishable, baselines, plots)
    judged = JudgedDrops(staged.drops, staged.audit, (*judgement.findings, *findings), verdict)
    manifests = manifests_of(built, judged, changes, pages)
    diffs = {
        drop.organization_id: replace(changes[drop.organization_id].diff, now=drop_name(manifest))
        for drop, manifest in zip(staged.drops, manifests, strict=True)
        if drop.organization_id in changes
    }
    reports = reports_of(built, judged, DescribedDrops(manifests, diffs, plots), staged.sources, metrics)
    history = {DUPLICATES: _duplicates(built), METRICS: own_metrics}
    return AuditedDrops(staged.drops, staged.audit, manifests, reports, history, judgement, findings, verdict, diffs)


@dataclass(frozen=True)
class _Staged:
    """The staged drops after their audit; `breaking_change` is a change that breaks a contract of the latest drops."""

    drops: Sequence[StagedDrop]
    audit: AuditResult
    breaking_change: WarehouseError | None
    sources: Sequence[MeasuredTable]

    @property
    def passed_drops(self) -> list[StagedDrop]:
        """The drops that passed the audit."""
        if self.breaking_change is not None or self.audit.concerns_run():
            return []
        return [drop for drop in self.drops if self.audit.problem_of(drop.organization_id) is None]


def _staged(built: BuiltRun) -> _Staged:
    """Write and audit the drops; meanwhile measure the sources and prepare the published marts."""
    run = built.run
    with (
        run.helpers.audit() as process,
        ThreadPoolExecutor(2) as background,
        complete_rows_folders(built.personal_data, folders := _folders(built)) as aside,
    ):
        exports = [*(contract.name for contract in built.contracts), *(cut.name for cut in built.cuts)]
        rules = {cut.name: cut.rules for cut in built.cuts}
        audit = process.begin(run.audit_request(folders, exports, more_rules=rules, aside=aside))
        drops = _stage(built, folders, audit, aside)
        latest = [latest_manifest(built.destination.place, drop.organization_id) for drop in drops]
        breaking_change = find_breaking_change(latest, built.contracts, run.progress.view.noted)
        # the end of the audit only keeps one core busy, so work on the report can start
        sources = background.submit(measure_sources, built.landed, run.plan.as_of)
        background.submit(load_templates)
        if run.publishes and not run.settings.spares_memory:
            built.engine.prepare(built.contracts)
        result = _finish(built, audit)
    return _Staged(drops, result, breaking_change, sources.result())


def _verdict(built: BuiltRun, staged: _Staged, findings: Sequence[Finding]) -> Verdict:
    return judge(
        [drop.organization_id for drop in staged.drops],
        staged.audit,
        findings,
        staged.breaking_change,
        unheld_figures(built.engine),
        hold_back_all=built.run.settings.hold_back == "run",
    )


def _plots(built: BuiltRun, staged: _Staged) -> dict[int, tuple[Plot, ...]]:
    """Draw the plots of all drops: those that passed the audit together, every other one separately."""
    plots = draw_plots({drop.organization_id: drop.folder for drop in staged.passed_drops}, built.run.plan)
    for drop in staged.drops:
        if drop.organization_id not in plots:
            plots |= draw_plots({drop.organization_id: drop.folder}, built.run.plan)
    return plots


def _folders(built: BuiltRun) -> dict[int, Path]:
    """Return the staging folder of every organization that gets a drop."""
    crm = built.run.plan.crm_organization_id if has_crm_rows(built.landed) else None
    found = organizations(built.engine, built.contracts, crm)
    return {organization: built.destination.staging_folder(organization, built.run_id) for organization in found}


def _stage(
    built: BuiltRun, folders: Mapping[int, Path], audit: StagedAudit, aside: Mapping[int, Path]
) -> list[StagedDrop]:
    """Write the drops; each export is audited while the next ones are written."""
    with built.run.progress.step("stage", "exports") as step:
        staged = 0

        def on_export(contract: ExportContract) -> None:
            nonlocal staged
            staged += 1
            step.update(staged, detail=contract.name)
            audit.check_export(contract)
            for cut in built.cuts:
                if cut.of.name == contract.name:
                    audit.check_export(cut.contract)
            if built.run.settings.spares_memory:
                pa.default_memory_pool().release_unused()

        drops = stage_drops(
            built.engine,
            built.contracts,
            folders,
            built.run.plan.crm_organization_id,
            csv_safe=built.run.settings.csv_safe,
            xlsx=built.run.settings.xlsx,
            cuts=built.cuts,
            personal_data=built.personal_data,
            aside=aside,
            on_export=on_export,
        )
        rows = sum(file.rows for drop in drops for file in drop.files if file.name.endswith(".parquet"))
        step.summary = f"{plural(len(drops), 'drop')}, {plural(rows, 'row')} of {len(built.contracts)} exports"
        step.summary += f", {plural(len(built.cuts), 'cut')}" if built.cuts else ""
    return drops


def _finish(built: BuiltRun, audit: StagedAudit) -> AuditResult:
    """Wait for the result of the audit, and show its warnings."""
    reports = built.run.workspace.state / REPORTS
    reports.mkdir(parents=True, exist_ok=True)
    with built.run.progress.step("audit", "checks") as step:
        result = audit.finish(reports / f"{run_name(built.run.plan.as_of)}.great_expectations.json")
        failed = len(result.errors)
        step.summary = f"{len(result.checks):,} checks, {failed} failed, {len(result.warnings)} with a warning"
        for warning in result.warnings:
            step.note(*str(warning).split("\n"))
    return result


def _guarded(
    built: BuiltRun,
    drops: Sequence[StagedDrop],
    baselines: Mapping[int, OpenDrop],
    judgement: SourceJudgement,
    metrics: pa.Table,
) -> tuple[Finding, ...]:
    """Return the findings of the drift guard and of the models of this run, and show them."""
    with built.run.progress.step("compare", "drops") as step:
        findings = judge_drops(built.run, built.destination.place, drops, baselines)
        findings += judge_texts(built.run, built.engine) + judge_metrics(built.run, metrics)
        show_findings(findings, built.run.progress)
        _show_unneeded_acceptances(built, [*judgement.findings, *findings])
        stops = sum(finding.stops for finding in findings)
        warned = sum(finding.level == "warn" and finding.accepted is None for finding in findings)
        step.summary = f"{plural(len(baselines), 'drop')} with the last ones, {stops} held back, {warned} warned of"
    return findings


def _show_unneeded_acceptances(built: BuiltRun, findings: Sequence[Finding]) -> None:
    """Report acceptances that no finding needed: they could hide next week's findings."""
    needed = {finding.accepted for finding in findings}
    for each in built.run.accepted:
        if each not in needed:
            place = f":{each.place}" if each.place else ""
            built.run.progress.view.noted(f"accepted, but no finding needed it: {each.guard}{place}={each.why}")


def _changes(
    built: BuiltRun, drops: Sequence[StagedDrop], baselines: Mapping[int, OpenDrop]
) -> dict[int, WrittenChanges]:
    """Write the changes into each drop that passed the audit and has a predecessor.

    A drop that guards hold back is not published, but its report shows what would have changed.
    """
    if not baselines:
        return {}
    written: dict[int, WrittenChanges] = {}
    with built.run.progress.step("changes", "drops") as step:
        outcomes = built.engine.read(OUTCOMES_MART, OUTCOMES.names)
        compared = [
            DropWithBaseline(drop, staged_files(drop, built.run.plan), baselines[drop.organization_id])
            for drop in drops
            if drop.organization_id in baselines
        ]
        changes = write_changes(compared, built.contracts, outcomes, xlsx=built.run.settings.xlsx)
        for one, changed in zip(compared, changes, strict=True):
            written[one.drop.organization_id] = changed
            step.update(len(written))
        if otherwise := sorted({export for changes in written.values() for export in changes.treatment_changed}):
            step.note(
                f"personal data is treated differently than before, which counts as no change: {', '.join(otherwise)}"
            )
        exports = [export for changes in written.values() for export in changes.diff.exports]
        added, changed, removed = (sum(getattr(export, kind) for export in exports) for kind in ROW_KINDS)
        step.summary = f"{plural(added, 'row')} added, {changed:,} changed, {removed:,} removed"
    return written


def _duplicates(built: BuiltRun) -> pa.Table:
    (contract,) = (contract for contract in built.contracts if contract.name == DUPLICATES)
    return built.engine.read(DUPLICATES, [column.name for column in contract.columns])


def _of_this_run(metrics: pa.Table, as_of: datetime) -> pa.Table:
    """Leave out the metrics of earlier runs."""
    return metrics.filter(pc.equal(metrics["as_of"], pa.scalar(as_of.replace(tzinfo=None), pa.timestamp("us"))))
