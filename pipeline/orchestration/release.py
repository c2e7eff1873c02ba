"""From the marts to published drops: stage, audit, compare, publish. Whoever's drop fails keeps the last one."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence, Set
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from pipeline.alerts.deliver import alert_of_run
from pipeline.audit import AuditRequest, AuditResult, StagedAudit
from pipeline.common.errors import WarehouseError, in_words
from pipeline.common.formats import plural
from pipeline.common.instants import run_name
from pipeline.common.scratch_database import spare_memory
from pipeline.contracts.compatibility import check_versions, contracts_of_drop
from pipeline.contracts.contract import ExportContract
from pipeline.contracts.cuts import Cut
from pipeline.dbt.build_record import Build
from pipeline.drops.account_changes import OUTCOMES
from pipeline.drops.catalog import NOTIFICATIONS, REPORTS, is_overtaken, latest_manifest, latest_name, shelf_of
from pipeline.drops.destination import Destination
from pipeline.drops.diff import DropDiff
from pipeline.drops.find_drop import OpenDrop
from pipeline.drops.manifest import build_manifest, drop_name
from pipeline.drops.publication_log import PublicationLog
from pipeline.drops.publish_to_folder import PublishedDrop
from pipeline.drops.retention import prune, prune_reports
from pipeline.drops.stage import StagedDrop, organizations, stage_drops
from pipeline.drops.write_changes import WrittenChanges, write_changes
from pipeline.engines import AnyMart, Engine, HeldBack, WrittenMart
from pipeline.guards.drift_guard import LISTS
from pipeline.guards.findings import Finding, findings_of
from pipeline.ingest.landing.record import has_crm_rows
from pipeline.ingest.landing.zone import LandedTable
from pipeline.ingest.rejects import REJECTS_SCHEMA
from pipeline.orchestration.business_pages import write_business_pages
from pipeline.orchestration.column_limits import judge_texts, unheld_figures
from pipeline.orchestration.drop_findings import judge_drops, judge_metrics, opened_baselines, staged_files
from pipeline.orchestration.look_back import written_timeline
from pipeline.orchestration.origins import Origins
from pipeline.orchestration.resources import RunContext
from pipeline.orchestration.source_findings import SourceJudgement, judge_run_sources, tell_findings
from pipeline.orchestration.upkeep import prune_origins, published_by_organization
from pipeline.orchestration.verdict import Verdict, judge
from pipeline.paths import EXPECTATIONS
from pipeline.report.facts import RunFacts
from pipeline.report.gather import figures_to_keep, gather_facts, gather_operator_facts, measure_run
from pipeline.report.page import load_templates
from pipeline.report.sources import MeasuredTable, measure_sources
from pipeline.report.write import write_reports
from pipeline.state.history import DUPLICATES, METRICS, METRICS_SCHEMA, RunHistory
from pipeline.state.run_history import run_history, run_history_contract
from pipeline.state.runs import OrganizationOutcome, RunRecord, RunRecords, without_rows
from pipeline.storage.place import open_place
from pipeline.timeline.record import read_record
from pipeline.timeline.timeline import Timeline

REJECTS = "rejects"
ROW_KINDS = ("added", "changed", "removed")
OUTCOMES_MART = "renewal_outcomes"


@dataclass(frozen=True)
class AuditedDrops:
    """The drops of one run as they stand staged, and what may be published of them."""

    drops: Sequence[StagedDrop]
    audit: AuditResult
    manifests: Sequence[Mapping[str, Any]]
    reports: Sequence[RunFacts]
    history: Mapping[str, pa.Table]
    sources: SourceJudgement
    findings: Sequence[Finding]
    """The drift guard's."""
    verdict: Verdict
    diffs: Mapping[int, DropDiff] = field(default_factory=dict)
    """What would change for each organization that has a drop already."""


@dataclass(frozen=True)
class Publication:
    """What a run published, and why each of the other organizations was held back."""

    drops: Sequence[PublishedDrop]
    held_back: Mapping[int, WarehouseError]
    reports: Sequence[str] = ()
    """Where the pages of this run's reports lie."""


@dataclass(frozen=True)
class Release:
    """One run's way from the marts to the drops of every organization."""

    run: RunContext
    run_id: str
    engine: Engine
    contracts: Sequence[ExportContract]
    landed: Sequence[LandedTable]
    build: Build
    """What the marts were built from, by their stamp."""
    destination: Destination
    cuts: Sequence[Cut] = ()
    on_audited: Callable[[AuditedDrops], None] = lambda _: None
    """Hears what was found while the staged files are still where they are."""

    def publish(self) -> Publication:
        """Publish the drop of each organization that may be, and keep what the next run needs to know of this one.

        WarehouseError, with nothing published but the reports that say so, where none may be. Whatever fails, `latest`
        stays where it was.
        """
        with self.destination.turn():
            self.destination.clear_staging()
            try:
                audited = self.stage_and_audit()
                self.on_audited(audited)
                if audited.verdict.run is not None:
                    record = self._record(audited, ())
                    self._keep_record(record)
                    pages = write_reports(audited.reports, self.destination.place, self.run.workspace.state)
                    for page in pages:
                        self.run.progress.view.noted(f"report: {page}")
                    self._alert(record, pages)
                    raise audited.verdict.run
                published, record, pages = self.put_in_place(audited)
            except BaseException:
                with suppress(OSError):
                    self.destination.clear_staging()  # what was refused is for nobody to read
                raise
            self._alert(record, pages)
            return Publication(published, audited.verdict.held_back, pages)

    def plan(self) -> AuditedDrops:
        """Do all that publishing does up to the verdict, and leave nothing of it."""
        with self.destination.turn():
            self.destination.clear_staging()
            try:
                return self.stage_and_audit()
            finally:
                with suppress(OSError):
                    self.destination.clear_staging()

    def stage_and_audit(self) -> AuditedDrops:
        """Write the drops beside the published ones, judge them, and gather what their reports tell."""
        settings, plan = self.run.settings, self.run.plan
        if settings.spares_memory:
            spare_memory()
        metrics = self.engine.read(METRICS, METRICS_SCHEMA.names)
        with self.run.helpers.audit() as process, ThreadPoolExecutor(1) as aside:
            folders = self._folders()
            exports = [*(contract.name for contract in self.contracts), *(cut.name for cut in self.cuts)]
            audit = process.begin(
                AuditRequest(
                    folders,
                    exports,
                    EXPECTATIONS,
                    plan.as_of,
                    plan.published_settings,
                    settings.spares_memory,
                    more_rules={cut.name: cut.rules for cut in self.cuts},
                )
            )
            drops = self._stage(folders, audit)
            problem = self._broken_promise(drops)
            # the audit's end is one thread's work in another process, so there is room for the report's beginning
            sources = aside.submit(measure_sources, self.landed, plan.as_of)
            aside.submit(load_templates)
            result = self._concluded(audit)
        judgement = judge_run_sources(settings, plan, self.run.workspace, self.landed, self.run.accepted)
        with opened_baselines(self.destination.place, drops, plan.as_of) as baselines:
            findings = self._guarded(drops, baselines, judgement, _of_this_run(metrics, plan.as_of))
            verdict = judge(
                [drop.organization_id for drop in drops],
                result,
                findings,
                problem,
                unheld_figures(self.engine),
                hold_back_all=settings.hold_back == "run",
            )
            has_whole_files = problem is None and not result.concerns_run()
            sound = [drop for drop in drops if has_whole_files and result.problem_of(drop.organization_id) is None]
            changes = self._changes(sound, baselines)
            may = [drop for drop in drops if verdict.problem_of(drop.organization_id) is None]
            pages = write_business_pages(self.engine, plan, self.destination.place, may, baselines)
        manifests = self._manifests(drops, result, [*judgement.findings, *findings], changes, pages)
        diffs = {
            drop.organization_id: replace(changes[drop.organization_id].diff, now=drop_name(manifest))
            for drop, manifest in zip(drops, manifests, strict=True)
            if drop.organization_id in changes
        }
        reports = self._reports(
            drops, manifests, diffs, sources.result(), result, metrics, verdict, [*judgement.findings, *findings]
        )
        history = {DUPLICATES: self._duplicates(), METRICS: _of_this_run(metrics, plan.as_of)}
        return AuditedDrops(drops, result, manifests, reports, history, judgement, findings, verdict, diffs)

    def _guarded(
        self,
        drops: Sequence[StagedDrop],
        baselines: Mapping[int, OpenDrop],
        judgement: SourceJudgement,
        metrics: pa.Table,
    ) -> tuple[Finding, ...]:
        """Hold the staged drops against the ones published last, and take what the models found in this run."""
        with self.run.progress.step("compare", "drops") as step:
            findings = judge_drops(self.run, self.destination.place, drops, baselines)
            findings += judge_texts(self.run, self.engine) + judge_metrics(self.run, metrics)
            tell_findings(findings, self.run.progress)
            self._tell_unneeded([*judgement.findings, *findings])
            stops = sum(finding.stops for finding in findings)
            warned = sum(finding.level == "warn" and finding.accepted is None for finding in findings)
            step.summary = f"{plural(len(baselines), 'drop')} with the last ones, {stops} held back, {warned} warned of"
        return findings

    def _tell_unneeded(self, findings: Sequence[Finding]) -> None:
        """Say which acceptances nothing needed: they may hide what comes next week."""
        needed = {finding.accepted for finding in findings}
        for each in self.run.accepted:
            if each not in needed:
                place = f":{each.place}" if each.place else ""
                self.run.progress.view.noted(f"accepted, but nothing needed it: {each.guard}{place}={each.why}")

    def _changes(self, drops: Sequence[StagedDrop], baselines: Mapping[int, OpenDrop]) -> dict[int, WrittenChanges]:
        """Write what changed into each drop that passed the audit and has one before it.

        One that guards hold back is not published, but its report tells what would have changed.
        """
        if not baselines:
            return {}
        written = {}
        with self.run.progress.step("changes", "drops") as step:
            outcomes = self.engine.read(OUTCOMES_MART, OUTCOMES.names)
            for drop in drops:
                before = baselines.get(drop.organization_id)
                if before is not None:
                    files = staged_files(drop, self.run.plan)
                    written[drop.organization_id] = write_changes(
                        drop, files, before, self.contracts, outcomes, xlsx=self.run.settings.xlsx
                    )
                    step.update(len(written))
            exports = [export for changes in written.values() for export in changes.diff.exports]
            added, changed, removed = (sum(getattr(export, kind) for export in exports) for kind in ROW_KINDS)
            step.summary = f"{plural(added, 'row')} added, {changed:,} changed, {removed:,} removed"
        return written

    def put_in_place(self, audited: AuditedDrops) -> tuple[list[PublishedDrop], RunRecord, list[str]]:
        """Do all that may fail, then let readers see it, then tidy. Return the drops, the record and the pages.

        The history comes first: of a drop that somebody has read, the next run must know when groups were detected.
        """
        state, held_back = self.run.workspace.state, audited.verdict.held_back
        with self.run.progress.step("publish", "drops") as step:
            published = []
            names = {
                drop.organization_id: drop_name(m) for drop, m in zip(audited.drops, audited.manifests, strict=True)
            }
            going_out = {one: name for one, name in names.items() if one not in held_back}
            exports = self.destination.place.address
            Origins(self.run.workspace).keep(self.run_id, self.run.plan, exports, self.landed, going_out)
            for drop, manifest in zip(audited.drops, audited.manifests, strict=True):
                if drop.organization_id not in held_back:
                    published.append(self._put(drop, manifest))
                    step.update(len(published))
            for put in published:
                self._log_of(put.organization_id).add_publication(
                    drop_name(put.manifest), put.manifest["accepted"], datetime.now(UTC)
                )
            late = {drop.organization_id for drop in published if self._is_overtaken(drop)}
            if self.run.plan.crm_organization_id not in held_back:
                RunHistory(state).keep(self.run.plan.as_of, audited.history)
            pages = write_reports(audited.reports, self.destination.place, state)
            record = self._record(audited, published, late)
            written = [self._run_history(record), *self._timeline(published, late)]
            with self.run.workspace.marts_turn():
                self.engine.commit(self.contracts, self._rows_that_stay(held_back.keys() | late), written)
            for put in published:
                if put.organization_id not in late:
                    self.destination.point(put)
            RunRecords(self.run.workspace.runs).add(record)
            self.destination.clear_staging()
            self._prune(published)
            new = sum(drop.is_new for drop in published)
            step.summary = f"{plural(new, 'new drop')}, {len(published) - new} as published before"
            step.summary += f", {len(held_back)} held back" if held_back else ""
        return published, record, pages

    def _put(self, drop: StagedDrop, manifest: Mapping[str, Any]) -> PublishedDrop:
        """Put a drop in place; of one that goes to a server, keep its record, for which its files are here now."""
        place = self.destination.place
        left = None if place.is_local else read_record(drop.folder, manifest)
        put = self.destination.put(drop, manifest)
        if left is not None and put.is_new:
            Timeline(self.run.workspace.timeline).keep(left)
        return put

    def _log_of(self, organization_id: int) -> PublicationLog:
        """Open the log of an organization's publications."""
        place = self.destination.place
        return PublicationLog(self.run.workspace.publications, place, organization_id, self.destination.signer)

    def _timeline(self, published: Sequence[PublishedDrop], late: Collection[int]) -> list[AnyMart]:
        """Make the marts of the timeline with these drops, and with kept ones that it does not know yet."""
        place, workspace = self.destination.place, self.run.workspace
        if place.is_local:
            for drop in published:
                Timeline(workspace.timeline).fill(place, drop.organization_id)
        going_out = {
            drop.organization_id: drop_name(drop.manifest) for drop in published if drop.organization_id not in late
        }
        return written_timeline(workspace, place, going_out)

    def _is_overtaken(self, drop: PublishedDrop) -> bool:
        """Tell whether `latest` names a drop of a later instant, which stays (D38)."""
        shelf = self.destination.shelf(drop.organization_id)
        if not is_overtaken(shelf, self.run.plan.as_of):
            return False
        stays = f"latest stays at {latest_name(shelf)}, which speaks of a later instant"
        self.run.progress.view.noted(f"organization {drop.organization_id}: {stays}")
        return True

    def _alert(self, record: RunRecord, pages: Sequence[str]) -> None:
        """Tell people how the run ended; the operator's page, which is of all organizations, is the last."""
        alert_of_run(self.run.settings, record, pages[-1:], self.run.progress.view.noted)

    def _rows_that_stay(self, organizations: Set[int]) -> HeldBack:
        """Name the published rows that stay: of these organizations, and lists that a refresh published of late."""
        crm = self.run.plan.crm_organization_id
        is_refreshed = is_overtaken(shelf_of(self.destination.place, crm, NOTIFICATIONS), self.run.plan.as_of)
        return HeldBack(frozenset(organizations), crm, LISTS if is_refreshed else frozenset())

    def _record(
        self, audited: AuditedDrops, published: Sequence[PublishedDrop], late: Collection[int] = ()
    ) -> RunRecord:
        """Describe what this run was about, published and held back, for the next one's guards and for people.

        `late` are the organizations whose `latest` stayed (D38).
        """
        verdict, found = audited.verdict, [*audited.sources.findings, *audited.findings]
        names = {drop.organization_id: drop_name(drop.manifest) for drop in published}
        new = {drop.organization_id for drop in published if drop.is_new}
        outcomes = tuple(
            OrganizationOutcome(
                one,
                names.get(one),
                is_new=one in new,
                why=tuple(without_rows(verdict.held_back[one].lines)[:3]) if one in verdict.held_back else (),
                findings=tuple(
                    finding.as_dict() for finding in findings_of(found, one, self.run.plan.crm_organization_id)
                ),
                is_latest=one not in late,
            )
            for one in [*names, *sorted(verdict.held_back)]
        )
        return RunRecord(
            run_id=self.run_id,
            finished_at=datetime.now(UTC),
            as_of=self.run.plan.as_of,
            verdict="held back" if verdict.run else "partly held back" if verdict.held_back else "published",
            organizations=outcomes,
            sources=tuple(table.as_dict() for table in audited.sources.tables) if published else (),
            findings=tuple(finding.as_dict() for finding in found),
            accepted=tuple(asdict(each) for each in self.run.accepted),
            figures={
                "rows": {str(drop.organization_id): _rows(drop) for drop in published},
                "warned_checks": len(audited.audit.warnings),
                "organizations": {
                    str(facts.organization_id): figures_to_keep(facts)
                    for facts in audited.reports
                    if facts.organization_id in names
                },
            },
            problem=None if verdict.run is None else "\n".join(without_rows(verdict.run.lines)),
            build=self.build.build_id,
            selected_year=self.run.plan.selected_year,
        )

    def _keep_record(self, record: RunRecord) -> None:
        """Keep the record of a run that publishes nothing, and let readers of the marts see it."""
        RunRecords(self.run.workspace.runs).add(record)
        try:
            with self.run.workspace.marts_turn():
                self.engine.commit_written([self._run_history()])
        except (WarehouseError, OSError) as fault:
            words = str(in_words(fault)).split("\n")
            self.run.progress.view.noted("the mart run_history could not be written:", *words)

    def _run_history(self, *records: RunRecord) -> WrittenMart:
        """Return the history of runs as a mart: these records and those that are kept."""
        kept = RunRecords(self.run.workspace.runs).newest_first()
        return WrittenMart(run_history_contract(), run_history([*records, *kept]))

    def _folders(self) -> dict[int, Path]:
        """Name the staging folder of every organization that gets a drop."""
        crm = self.run.plan.crm_organization_id if has_crm_rows(self.landed) else None
        found = organizations(self.engine, self.contracts, crm)
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
                for cut in self.cuts:
                    if cut.of.name == contract.name:
                        audit.look_at(cut.contract)
                if self.run.settings.spares_memory:
                    pa.default_memory_pool().release_unused()

            drops = stage_drops(
                self.engine,
                self.contracts,
                folders,
                self.run.plan.crm_organization_id,
                csv_safe=self.run.settings.csv_safe,
                xlsx=self.run.settings.xlsx,
                cuts=self.cuts,
                on_export=on_export,
            )
            rows = sum(file.rows for drop in drops for file in drop.files if file.name.endswith(".parquet"))
            step.summary = f"{plural(len(drops), 'drop')}, {plural(rows, 'row')} of {len(self.contracts)} exports"
            step.summary += f", {plural(len(self.cuts), 'cut')}" if self.cuts else ""
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
                step.note(*str(warning).split("\n"))
        return result

    def _manifests(
        self,
        drops: Sequence[StagedDrop],
        audit: AuditResult,
        findings: Sequence[Finding],
        changes: Mapping[int, WrittenChanges],
        pages: Mapping[int, Mapping[str, Any]],
    ) -> list[dict[str, Any]]:
        data_as_of = _data_as_of(self.engine.read("account_core", ["organization_id", "data_as_of"]))
        return [
            build_manifest(
                drop,
                self.contracts,
                as_of=self.run.plan.as_of,
                data_as_of=data_as_of.get(drop.organization_id, self.run.plan.as_of),
                settings=self.run.plan.published_settings,
                inputs=self.build.inputs,
                checks=audit.of_organization(drop.organization_id),
                guards=[finding.as_dict() for finding in own],
                accepted=[asdict(finding.accepted) for finding in own if finding.accepted],
                changes=written.as_dict() if (written := changes.get(drop.organization_id)) else None,
                page=pages.get(drop.organization_id),
                cuts=self.cuts,
            )
            for drop in drops
            for own in [findings_of(findings, drop.organization_id, self.run.plan.crm_organization_id)]
        ]

    def _reports(
        self,
        drops: Sequence[StagedDrop],
        manifests: Sequence[Mapping[str, Any]],
        diffs: Mapping[int, DropDiff],
        sources: Sequence[MeasuredTable],
        audit: AuditResult,
        metrics: pa.Table,
        verdict: Verdict,
        findings: Sequence[Finding],
    ) -> list[RunFacts]:
        """Gather the facts of every report while the staged files are where they are."""
        with self.run.progress.step("report", "reports") as step:
            rejects = self.engine.read(REJECTS, REJECTS_SCHEMA.names)
            measured = measure_run(
                self.run.plan,
                sources,
                rejects,
                metrics,
                audit,
                verdict.run,
                findings=findings,
                held_back=verdict.held_back,
                records=RunRecords(self.run.workspace.runs).newest_first(),
            )
            place = self.destination.place
            facts = [
                gather_facts(
                    measured,
                    place,
                    drop.organization_id,
                    drop,
                    manifest,
                    self.contracts,
                    diffs.get(drop.organization_id),
                )
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
                prune(self.destination.shelf(drop.organization_id), kept, now)
            prune_reports(open_place(str(self.run.workspace.state / REPORTS)), set(), kept, now)
            place = self.destination.place
            prune_origins(self.run.workspace, place.address, published_by_organization(place), now)
        except (WarehouseError, OSError) as fault:
            self.run.progress.view.noted(
                "what is past keeping could not be removed:", *str(in_words(fault)).split("\n")
            )


def _rows(drop: PublishedDrop) -> dict[str, int]:
    return {file["export"]: file["rows"] for file in drop.manifest["files"] if file["name"].endswith(".parquet")}


def _of_this_run(metrics: pa.Table, as_of: datetime) -> pa.Table:
    """Leave out the metrics of earlier runs."""
    return metrics.filter(pc.equal(metrics["as_of"], pa.scalar(as_of.replace(tzinfo=None), pa.timestamp("us"))))


def _data_as_of(account_core: pa.Table) -> dict[int, datetime]:
    """Give each organization's `data_as_of` (D3), the same in all its rows."""
    latest = account_core.group_by("organization_id").aggregate([("data_as_of", "max")])
    return dict(zip(latest["organization_id"].to_pylist(), latest["data_as_of_max"].to_pylist(), strict=True))
