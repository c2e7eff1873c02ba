"""`warehouse refresh`: the CRM's lists (at risk, duplicates, neglected, their cache) from what has changed.

It reads LMN and the CRM into a state of its own, builds what the lists need with the embedded engine, audits them and
publishes them as `notifications/` and in the marts. Why apart: docs/decisions/refresh-has-a-state-of-its-own.md.
"""

from __future__ import annotations

import re
import time
import uuid
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any, Final

import pyarrow.parquet as pq

from pipeline.audit import AuditRequest, AuditResult
from pipeline.common.errors import WarehouseError
from pipeline.common.formats import plural
from pipeline.common.progress import Progress
from pipeline.contracts.contract import ExportContract
from pipeline.contracts.read_contracts import contracts_from_manifest
from pipeline.dbt.build_record import Build
from pipeline.dbt.needed_nodes import needed_nodes
from pipeline.dbt.runner import DbtContext, parsed_project
from pipeline.drops.catalog import NOTIFICATIONS, baseline_drop, is_overtaken, latest_name, read_manifest
from pipeline.drops.destination import Destination, open_destination
from pipeline.drops.find_drop import open_drop
from pipeline.drops.manifest import build_manifest
from pipeline.drops.personal_data import PersonalData, whole_rows_aside
from pipeline.drops.publish_to_folder import PublishedDrop
from pipeline.drops.retention import NOTIFICATIONS_GRACE, prune
from pipeline.drops.stage import StagedDrop, stage_drops
from pipeline.engines import WrittenMart, replace_marts
from pipeline.engines.duckdb import DuckDBEngine
from pipeline.engines.raw_tables import relations
from pipeline.guards.drift_guard import LISTS
from pipeline.guards.findings import Acceptance, Finding, findings_of
from pipeline.ingest.landing.landed_table import LandedTable
from pipeline.ingest.landing.record import landed_tables, named_inputs, write_record
from pipeline.ingest.landing.retention import prune_landing
from pipeline.ingest.landing.zone import Landing
from pipeline.ingest.sources import ingest_source
from pipeline.orchestration.drop_findings import judge_one_drop
from pipeline.orchestration.resources import Helpers
from pipeline.orchestration.source_findings import judge_run_sources, stop_where_needed, tell_findings
from pipeline.orchestration.verdict import find_broken_promise, judge
from pipeline.paths import EXPECTATIONS
from pipeline.run_plan import RunPlan
from pipeline.settings import Settings
from pipeline.state.forgotten_file import read_forgotten
from pipeline.state.history import DUPLICATES, DUPLICATES_SCHEMA, RunHistory
from pipeline.state.workspace import Workspace

SOURCES: Final = ("lmn", "crm")
CACHE: Final = "notification_cache"
ASKED_FOR: Final = {
    "accounts": "select * from marts.accounts where id in (select account_id from listed)",
    "estimates": "select * from marts.estimates where account_id in (select account_id from listed)",
}
"""Exports that the rules of the lists ask for and that a refresh does not publish: of the accounts that are listed."""
_WORD: Final = re.compile(r"\w+")
_LISTED: Final = """with listed as (
    select account_id from marts.at_risk_accounts
    union select account_id from marts.neglected_accounts
    union select account_id from marts.duplicate_at_risk_estimates
)"""


@dataclass(frozen=True)
class Refreshed:
    """What a refresh published: its drop, the rows of each list, and whether anything but the instant had changed."""

    drop: PublishedDrop
    rows: Mapping[str, int]
    has_changed: bool
    seconds: float


class Refresher:
    """What one process keeps between refreshes: dbt and the audit, ready in processes of their own, and the project."""

    def __init__(
        self, settings: Settings, progress: Progress, helpers: Helpers, accepted: Sequence[Acceptance] = ()
    ) -> None:
        self._settings = settings
        self._accepted = accepted
        self._progress = progress
        self._helpers = helpers
        self._workspace = Workspace(settings.state)
        self._own = self._workspace.refresh

    @cached_property
    def _manifest(self) -> dict[str, Any]:
        return parsed_project("duckdb", spare=self._own.dbt_target).manifest

    @cached_property
    def _all_contracts(self) -> tuple[ExportContract, ...]:
        return contracts_from_manifest(self._manifest)

    @cached_property
    def _contracts(self) -> tuple[ExportContract, ...]:
        return tuple(contract for contract in self._all_contracts if contract.name in LISTS)

    @cached_property
    def _personal_data(self) -> PersonalData:
        of_all = PersonalData.of(self._settings, self._all_contracts)
        return of_all.only(LISTS)

    def _named_by_rules(self, export: str) -> list[str]:
        """List the columns of an export that the rules of the lists name: a fifth of all that estimates have."""
        words = {word for name in LISTS for word in _WORD.findall((EXPECTATIONS / f"{name}.yml").read_text("utf-8"))}
        (contract,) = (contract for contract in self._all_contracts if contract.name == export)
        return [column.name for column in contract.columns if column.name in words]

    def refresh(self) -> Refreshed:
        """Publish the lists as the sources have them now; WarehouseError, and nothing published, where that fails."""
        started = time.monotonic()
        with self._own.turn(self._progress.view.noted):
            plan = RunPlan.of(self._settings, datetime.now(UTC))
            read = self._read_sources()
            landed = [*read, *self._platform_as_landed()]
            with closing(DuckDBEngine(self._settings.model_copy(update={"state": self._own.state}))) as engine:
                has_changed = self._build(engine, plan, landed, read)
                destination = open_destination(self._settings, self._own, NOTIFICATIONS)
                with destination.turn():
                    destination.clear_staging()
                    try:
                        drop = self._publish(engine, plan, landed, destination)
                    finally:
                        with suppress(OSError):
                            destination.clear_staging()
        rows = {file["export"]: file["rows"] for file in drop.manifest["files"]}
        return Refreshed(drop, rows, has_changed, time.monotonic() - started)

    def _read_sources(self) -> list[LandedTable]:
        """Land LMN's and the CRM's tables, side by side."""
        if not (self._settings.lmn or self._settings.crm):
            raise WarehouseError("neither LMN nor the CRM is configured", remedy="give --lmn, --crm or both")
        landing = Landing(self._own.landing, forgotten=read_forgotten(self._workspace.state))
        with self._progress.step("read", "rows") as step, ThreadPoolExecutor(len(SOURCES)) as side_by_side:

            def read(source: str) -> list[LandedTable]:
                order = self._settings.date_order_of(source)
                return ingest_source(source, getattr(self._settings, source), landing, step, order)

            landed = [table for tables in side_by_side.map(read, SOURCES) for table in tables]
            step.summary = f"{plural(sum(table.loaded for table in landed), 'row')} of LMN and the CRM"
        for source in SOURCES:
            write_record(self._own.landed(source), [table for table in landed if table.table.source == source])
        return landed

    def _platform_as_landed(self) -> list[LandedTable]:
        """Give the platform's tables as the latest run landed them, for the marts' platform ids; else empty ones."""
        if self._workspace.landed("platform").exists():  # else no run has been there yet
            return landed_tables(self._workspace, ("platform",))
        with self._progress.step("platform") as step:
            return ingest_source("platform", None, Landing(self._own.landing), step)

    def _build(
        self, engine: DuckDBEngine, plan: RunPlan, landed: Sequence[LandedTable], read: Sequence[LandedTable]
    ) -> bool:
        """Judge the sources and have dbt build what has changed; tell whether more than the instant had."""
        history = RunHistory(self._workspace.state)
        tables = relations(self._own.run_tables, landed, history.duplicates_before(plan.as_of), ())
        last = Build.standing(engine, self._own.built)
        build = Build.of(plan, engine.name, tables)
        changed = _changed(build, last) if engine.rebuilds_in_part else None
        if changed != []:
            engine.load(tables)
            self._guard(plan, read)
        self._own.built.unlink(missing_ok=True)  # until dbt is through, nobody knows what the models hold
        names = needed_nodes(self._manifest, [*LISTS, *ASKED_FOR], changed, always=[CACHE])
        arguments = [
            "build",
            "--exclude-resource-type",
            "unit_test",
            "--cache-selected-only",  # 0.1 s less to list what is there (2026-11-29)
            "--indirect-selection",
            "empty",
            "--select",
            *names,
        ]
        with (
            self._progress.step("dbt", "nodes") as step,
            engine.dbt_session() as environment,
            self._helpers.dbt() as dbt,
        ):
            context = DbtContext(engine.name, self._own.dbt_target, environment, build.plan.dbt_variables)
            nodes = list(dbt.run(arguments, context, lambda _: None))
            step.summary = plural(len(nodes), "node")
        if failed := [f"{node.name}: {node.message or node.status}" for node in nodes if not node.ok]:
            raise WarehouseError(
                "dbt could not build the lists:\n  " + "\n  ".join(failed),
                remedy="nothing was published; mend the data or the model that is named, and refresh again",
            )
        build.stamp(engine, self._own.built)
        return changed != []

    def _guard(self, plan: RunPlan, landed: Sequence[LandedTable]) -> None:
        """Hold the sources against what the last weekly run published; WarehouseError where a finding stops it."""
        judgement = judge_run_sources(self._settings, plan, self._workspace, landed, self._accepted)
        tell_findings(judgement.findings, self._progress)
        stop_where_needed(judgement.findings)

    def _publish(
        self, engine: DuckDBEngine, plan: RunPlan, landed: Sequence[LandedTable], destination: Destination
    ) -> PublishedDrop:
        """Stage the lists, audit them, put them in place, then let readers see them."""
        organization_id = plan.crm_organization_id
        shelf = destination.shelf(organization_id)
        with self._progress.step("audit", "checks") as step:
            drop, result = self._staged_and_audited(engine, plan, destination)
            step.summary = f"{len(result.checks):,} checks, {len(result.errors)} failed"
        findings = self._compared(plan, drop, destination)
        name = latest_name(shelf)
        latest = None if name is None else read_manifest(shelf.child(name))
        broken = find_broken_promise([latest], self._contracts, self._progress.view.noted)
        verdict = judge([organization_id], result, findings, broken)
        if verdict.run is not None:
            raise verdict.run
        own = findings_of(findings, organization_id, organization_id)
        manifest = build_manifest(
            drop,
            self._contracts,
            as_of=plan.as_of,
            data_as_of=None,  # of the organization's data, these are a part
            settings=plan.published_settings,
            inputs=named_inputs([table for table in landed if table.table.source in SOURCES]),
            checks=result.of_organization(organization_id),
            guards=[finding.as_dict() for finding in own],
            series=NOTIFICATIONS,
            personal_data=self._personal_data,
        )
        with self._progress.step("publish", "drops") as step:
            published = destination.put(drop, manifest)
            if is_overtaken(shelf, plan.as_of):
                step.note(f"latest stays at {latest_name(shelf)}, which speaks of a later instant")
            else:
                RunHistory(self._workspace.state).keep_duplicates(
                    plan.as_of, engine.read(DUPLICATES, DUPLICATES_SCHEMA.names)
                )
                self._replace_marts(engine, plan, destination)
                destination.point(published)
            prune(shelf, self._settings.keep_drops, datetime.now(UTC), NOTIFICATIONS_GRACE)
            prune_landing(self._own.landing, landed, datetime.now(UTC), grace=timedelta())
            step.summary = published.location
        return published

    def _staged_and_audited(
        self, engine: DuckDBEngine, plan: RunPlan, destination: Destination
    ) -> tuple[StagedDrop, AuditResult]:
        folders = {
            plan.crm_organization_id: destination.staging_folder(plan.crm_organization_id, uuid.uuid4().hex),
        }
        beside = {name: self._own.run_tables / f"{name}.parquet" for name in ASKED_FOR}
        for name, path in beside.items():
            columns = ", ".join([f"{plan.crm_organization_id} as drop_organization_id", *self._named_by_rules(name)])
            pq.write_table(engine.query(f"{_LISTED} select {columns} from ({ASKED_FOR[name]})"), path)
        exports = [contract.name for contract in self._contracts]
        settings = self._settings
        with self._helpers.audit() as process, whole_rows_aside(self._personal_data, folders) as whole:
            audit = process.begin(
                AuditRequest(
                    folders,
                    exports,
                    EXPECTATIONS,
                    plan.as_of,
                    plan.published_settings,
                    settings.spares_memory,
                    beside,
                    aside=whole,
                )
            )
            (drop,) = stage_drops(
                engine,
                self._contracts,
                folders,
                plan.crm_organization_id,
                csv_safe=settings.csv_safe,
                xlsx=settings.xlsx,
                personal_data=self._personal_data,
                aside=whole,
                on_export=audit.look_at,
            )
            return drop, audit.concluded()

    def _compared(self, plan: RunPlan, drop: StagedDrop, destination: Destination) -> tuple[Finding, ...]:
        """Hold the lists against those of the refresh before, else of the last run."""
        shelf = destination.shelf(drop.organization_id)
        before = baseline_drop(shelf, plan.as_of) or baseline_drop(shelf.parent(), plan.as_of)
        if before is None:
            return ()
        with open_drop(before) as opened:
            findings = judge_one_drop(self._settings, plan, drop, opened, self._accepted)
        tell_findings(findings, self._progress)
        return findings

    def _replace_marts(self, engine: DuckDBEngine, plan: RunPlan, destination: Destination) -> None:
        """Let readers of the marts see the lists, unless a run that speaks of a later instant has published them."""
        if is_overtaken(destination.shelf(plan.crm_organization_id).parent(), plan.as_of):
            return
        marts = [
            WrittenMart(contract, engine.read(contract.name, [column.name for column in contract.columns]))
            for contract in self._contracts
        ]
        with self._workspace.marts_turn():
            replace_marts(self._settings, marts)


def _changed(build: Build, last: Build | None) -> list[str] | None:
    """List the raw tables that have changed since the last build; None where all must be built.

    Of one UTC day, instants differ in the cache alone, and in what duplicates that are new or gone bear (a test holds
    all models against that).
    """
    if last is None or build.plan.as_of.date() != last.plan.as_of.date():
        return None
    return build.changed_since(replace(last, plan=replace(last.plan, as_of=build.plan.as_of)))
