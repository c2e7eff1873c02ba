"""`warehouse refresh`: updates the CRM's lists (at risk, duplicates, neglected, their cache) from what has changed.

It reads LMN and the CRM into its own state folder, builds what the lists need with the embedded engine (`list_models`),
audits the lists and publishes them as `notifications/` and in the marts (`list_drops`). Why its state is separate:
docs/decisions/refresh-has-a-state-of-its-own.md.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from pipeline.common.errors import WarehouseError
from pipeline.common.formats import plural
from pipeline.common.json_log import logged
from pipeline.common.progress import Progress
from pipeline.drops.publish_to_folder import PublishedDrop
from pipeline.engines.duckdb import DuckDBEngine
from pipeline.guards.findings import Acceptance
from pipeline.ingest.landing.landed_table import LandedTable
from pipeline.ingest.landing.record import landed_tables, write_record
from pipeline.ingest.landing.zone import Landing
from pipeline.ingest.sources import ingest_source
from pipeline.orchestration.list_drops import ListDrops
from pipeline.orchestration.list_models import ListModels, PendingBuild
from pipeline.orchestration.resources import Helpers, RunContext
from pipeline.orchestration.source_findings import judge_run_sources, show_findings, stop_where_needed
from pipeline.run_plan import RunPlan
from pipeline.settings import Settings
from pipeline.state.forgotten_file import read_forgotten
from pipeline.state.workspace import Workspace

SOURCES: Final = ("lmn", "crm")


@dataclass(frozen=True)
class Refreshed:
    """What a refresh published: its drop, the rows of each list, and whether anything but the instant had changed."""

    drop: PublishedDrop
    rows: Mapping[str, int]
    has_changed: bool
    seconds: float


class Refresher:
    """Refreshes the lists, and keeps what is slow to start: the audit's process and the parsed project."""

    def __init__(
        self, settings: Settings, progress: Progress, helpers: Helpers, accepted: Sequence[Acceptance] = ()
    ) -> None:
        self._settings = settings
        self._accepted = tuple(accepted)
        self._progress = progress
        self._helpers = helpers
        self._workspace = Workspace(settings.state)
        self._own = self._workspace.refresh
        self._models = ListModels(self._own)

    def refresh(self) -> Refreshed:
        """Publish the lists from the sources as they are now; WarehouseError, with nothing published, if that fails."""
        started = time.monotonic()
        with self._own.turn(self._progress.view.noted), logged(self._progress, self._workspace.log):
            plan = RunPlan.of(self._settings, datetime.now(UTC))
            run = RunContext(
                self._settings, plan, self._workspace, self._progress, self._helpers, accepted=self._accepted
            )
            read = self._read_sources()
            landed = [*read, *self._platform_as_landed()]
            with closing(DuckDBEngine(self._settings.model_copy(update={"state": self._own.state}))) as engine:
                pending = self._models.pending(engine, run, landed)
                if pending.has_changed:
                    self._load_and_build(engine, run, pending, read)
                else:
                    self._models.build(engine, run, pending)
                self._models.stamp(engine, pending)
                drop = ListDrops(run, self._own, self._models, engine, landed, SOURCES).publish()
        rows = {file["export"]: file["rows"] for file in drop.manifest["files"]}
        return Refreshed(drop, rows, pending.has_changed, time.monotonic() - started)

    def _read_sources(self) -> list[LandedTable]:
        """Land the tables of LMN and the CRM in parallel."""
        if not (self._settings.lmn or self._settings.crm):
            raise WarehouseError("neither LMN nor the CRM is configured", remedy="give --lmn, --crm or both")
        landing = Landing(self._own.landing, forgotten=read_forgotten(self._workspace.state))
        with self._progress.step("read", "rows") as step, ThreadPoolExecutor(len(SOURCES)) as side_by_side:

            def read(source: str) -> list[LandedTable]:
                order, page = self._settings.date_order_of(source), self._settings.code_page_of(source)
                return ingest_source(source, getattr(self._settings, source), landing, step, order, page)

            landed = [table for tables in side_by_side.map(read, SOURCES) for table in tables]
            step.summary = f"{plural(sum(table.loaded for table in landed), 'row')} of LMN and the CRM"
        for source in SOURCES:
            write_record(self._own.landed(source), [table for table in landed if table.table.source == source])
        return landed

    def _platform_as_landed(self) -> list[LandedTable]:
        """Return the platform's tables as the last run landed them, for the marts' platform ids; empty before a run."""
        if self._workspace.landed("platform").exists():
            return landed_tables(self._workspace, ("platform",))
        with self._progress.step("platform") as step:
            return ingest_source("platform", None, Landing(self._own.landing), step)

    def _load_and_build(
        self, engine: DuckDBEngine, run: RunContext, pending: PendingBuild, read: Sequence[LandedTable]
    ) -> None:
        """Build the models, and judge the sources meanwhile; WarehouseError if the build fails or a finding stops it.

        If both fail, the fault of the sources is reported, because it probably caused the other.
        """
        if pending.changed is None:
            engine.remove()
        engine.load(pending.tables)
        with ThreadPoolExecutor(1) as background:
            judging = background.submit(judge_run_sources, run.settings, run.plan, run.workspace, read, run.accepted)
            try:
                self._models.build(engine, run, pending)
            except WarehouseError:
                stop_where_needed(judging.result().findings)
                raise
            findings = judging.result().findings
        show_findings(findings, run.progress)
        stop_where_needed(findings)
