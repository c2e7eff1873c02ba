"""The drops of the CRM's lists: stages, audits, compares and publishes them, and updates the marts."""

from __future__ import annotations

import re
import uuid
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache, cached_property
from pathlib import Path
from typing import Final

import pyarrow.parquet as pq

from pipeline.audit import AuditResult
from pipeline.contracts.lists import LISTS, REFERENCE_EXPORTS
from pipeline.drops.catalog import NOTIFICATIONS, baseline_drop, is_overtaken, latest_name, read_manifest
from pipeline.drops.destination import Destination, open_destination
from pipeline.drops.find_drop import open_drop
from pipeline.drops.manifest import build_manifest
from pipeline.drops.personal_data import PersonalData, complete_rows_folders
from pipeline.drops.publish_to_folder import PublishedDrop
from pipeline.drops.retention import NOTIFICATIONS_GRACE, prune
from pipeline.drops.stage import StagedDrop, stage_drops
from pipeline.engines import WrittenMart, replace_marts
from pipeline.engines.duckdb import DuckDBEngine
from pipeline.guards.findings import Finding, findings_of
from pipeline.ingest.landing.landed_table import LandedTable
from pipeline.ingest.landing.record import named_inputs
from pipeline.ingest.landing.retention import prune_landing
from pipeline.orchestration.drop_findings import judge_one_drop
from pipeline.orchestration.list_models import ListModels
from pipeline.orchestration.resources import RunContext
from pipeline.orchestration.source_findings import show_findings
from pipeline.orchestration.verdict import find_breaking_change, judge
from pipeline.paths import EXPECTATIONS
from pipeline.state.history import DUPLICATES, DUPLICATES_SCHEMA, RunHistory
from pipeline.state.workspace import Workspace
from pipeline.storage.local_files import whole_file

_WORD: Final = re.compile(r"\w+")
_ACCOUNT: Final = "account_id"
"""The column by which a list names accounts."""


@dataclass(frozen=True)
class ListDrops:
    """The publication of one refresh, under the workspace of refreshes (`own`)."""

    run: RunContext
    own: Workspace
    models: ListModels
    engine: DuckDBEngine
    landed: Sequence[LandedTable]
    sources: Sequence[str]
    """The sources that a refresh reads; the manifest names only these."""

    def publish(self) -> PublishedDrop:
        """Publish the lists; WarehouseError, with nothing published, if the audit or a guard refuses them."""
        destination = open_destination(self.run.settings, self.own, NOTIFICATIONS)
        with destination.turn():
            destination.clear_staging()
            try:
                return self._publish(destination)
            finally:
                with suppress(OSError):
                    destination.clear_staging()

    def _publish(self, destination: Destination) -> PublishedDrop:
        plan, progress = self.run.plan, self.run.progress
        organization_id = plan.crm_organization_id
        drops_folder = destination.drops_folder(organization_id)
        with progress.step("audit", "checks") as step:
            drop, result = self._staged_and_audited(destination)
            step.summary = f"{len(result.checks):,} checks, {len(result.errors)} failed"
        findings = self._compared(drop, destination)
        name = latest_name(drops_folder)
        latest = None if name is None else read_manifest(drops_folder.child(name))
        broken = find_breaking_change([latest], self.models.contracts, progress.view.noted)
        verdict = judge([organization_id], result, findings, broken)
        if verdict.run is not None:
            raise verdict.run
        own_findings = findings_of(findings, organization_id, organization_id)
        manifest = build_manifest(
            drop,
            self.models.contracts,
            as_of=plan.as_of,
            data_as_of=None,  # these are only part of the organization's data
            settings=plan.published_settings,
            inputs=named_inputs([table for table in self.landed if table.table.source in self.sources]),
            checks=result.of_organization(organization_id),
            guards=[finding.as_dict() for finding in own_findings],
            series=NOTIFICATIONS,
            personal_data=self._personal_data,
        )
        with progress.step("publish", "drops") as step:
            published = destination.put(drop, manifest)
            if is_overtaken(drops_folder, plan.as_of):
                step.note(f"latest stays at {latest_name(drops_folder)}, because that drop has a later as_of")
            else:
                self._show(destination)
                destination.point(published)
            prune(drops_folder, self.run.settings.keep_drops, datetime.now(UTC), NOTIFICATIONS_GRACE)
            prune_landing(self.own.landing, self.landed, datetime.now(UTC), grace=timedelta())
            step.summary = published.location
        return published

    @cached_property
    def _personal_data(self) -> PersonalData:
        return PersonalData.of(self.run.settings, self.models.all_contracts).only(LISTS)

    def _staged_and_audited(self, destination: Destination) -> tuple[StagedDrop, AuditResult]:
        plan, settings = self.run.plan, self.run.settings
        folders = {
            plan.crm_organization_id: destination.staging_folder(plan.crm_organization_id, uuid.uuid4().hex),
        }
        exports = [contract.name for contract in self.models.contracts]
        with self.run.helpers.audit() as process, complete_rows_folders(self._personal_data, folders) as whole:
            audit = process.begin(
                self.run.audit_request(folders, exports, reference_exports=list(REFERENCE_EXPORTS), aside=whole)
            )
            (drop,) = stage_drops(
                self.engine,
                self.models.contracts,
                folders,
                plan.crm_organization_id,
                csv_safe=settings.csv_safe,
                xlsx=settings.xlsx,
                personal_data=self._personal_data,
                aside=whole,
                on_export=audit.check_export,
            )
            for name, account in REFERENCE_EXPORTS.items():  # rules that need no other export are checked meanwhile
                audit.add_reference_export(name, self._reference_rows(name, account))
            return drop, audit.finish()

    def _reference_rows(self, export: str, account: str) -> Path:
        """Write the rows of an export whose `account` column names a listed account, if the file is not current.

        Only lists whose rules need the export count: their accounts have 47,000 of 432,000 estimates, those of all
        lists 282,000.
        """
        columns = self._named_by_rules(export)
        path = self.own.reference_rows(export)
        if not path.exists() or pq.read_schema(path).names != ["drop_organization_id", *columns]:
            listed = " union ".join(f"select {_ACCOUNT} from marts.{name}" for name in self._lists_needing(export))
            rows = self.engine.query(
                f"select {self.run.plan.crm_organization_id} as drop_organization_id, {', '.join(columns)} "
                f"from marts.{export} where {account} in ({listed}) order by id"
            )
            with whole_file(path) as draft:
                pq.write_table(rows, draft)
        return path

    def _lists_needing(self, export: str) -> list[str]:
        """Return the lists of accounts whose rules need an export."""
        lists = [contract for contract in self.models.contracts if _ACCOUNT in contract.arrow_schema.names]
        return [contract.name for contract in lists if export in _words_of_rules(contract.name)]

    def _named_by_rules(self, export: str) -> list[str]:
        """Return the columns of an export that the lists' rules name: a fifth of the columns of estimates."""
        words = {word for name in LISTS for word in _words_of_rules(name)}
        (contract,) = (contract for contract in self.models.all_contracts if contract.name == export)
        return [column.name for column in contract.columns if column.name in words]

    def _compared(self, drop: StagedDrop, destination: Destination) -> tuple[Finding, ...]:
        """Compare the lists with those of the previous refresh, or else of the last run; return the findings."""
        plan = self.run.plan
        drops_folder = destination.drops_folder(drop.organization_id)
        before = baseline_drop(drops_folder, plan.as_of) or baseline_drop(drops_folder.parent(), plan.as_of)
        if before is None:
            return ()
        with open_drop(before) as opened:
            findings = judge_one_drop(self.run.settings, plan, drop, opened, self.run.accepted)
        show_findings(findings, self.run.progress)
        return findings

    def _show(self, destination: Destination) -> None:
        """Record when duplicates were detected, and publish the lists in the marts.

        The marts stay as they are if a run with a later `as_of` has published them.
        """
        plan, workspace = self.run.plan, self.run.workspace
        RunHistory(workspace.state).keep_duplicates(plan.as_of, self.engine.read(DUPLICATES, DUPLICATES_SCHEMA.names))
        if is_overtaken(destination.drops_folder(plan.crm_organization_id).parent(), plan.as_of):
            return
        marts = [
            WrittenMart(contract, self.engine.read(contract.name, [column.name for column in contract.columns]))
            for contract in self.models.contracts
        ]
        with workspace.marts_turn():
            replace_marts(self.run.settings, marts)


@cache
def _words_of_rules(export: str) -> frozenset[str]:
    """Return all words in the rules of an export, including the names of exports and columns."""
    return frozenset(_WORD.findall((EXPECTATIONS / f"{export}.yml").read_text("utf-8")))
