"""From the marts to published drops: stage, audit, compare, publish.

An organization whose drop fails keeps its last one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from pipeline.alerts.deliver import alert_of_run
from pipeline.common.errors import WarehouseError, in_words
from pipeline.drops.publish_to_folder import PublishedDrop
from pipeline.orchestration.audited_drops import AuditedDrops, stage_and_audit
from pipeline.orchestration.built_run import BuiltRun
from pipeline.orchestration.put_in_place import put_in_place
from pipeline.orchestration.run_record import history_mart, record_of
from pipeline.report.write import write_reports
from pipeline.state.runs import RunRecord, RunRecords


@dataclass(frozen=True)
class Publication:
    """What a run published, and why each of the other organizations was held back."""

    drops: Sequence[PublishedDrop]
    held_back: Mapping[int, WarehouseError]
    reports: Sequence[str] = ()
    """The locations of this run's reports."""


@dataclass(frozen=True)
class Release:
    """The publication of one run: from its marts to the drops of every organization."""

    built: BuiltRun
    on_audited: Callable[[AuditedDrops], None] = lambda _: None
    """Called with the audited drops while the staged files are still in their folders."""

    def publish(self) -> Publication:
        """Publish every drop that passed, and record what later runs need to know about this one.

        Raises WarehouseError if none may be published; then only the reports are written. Whatever fails, `latest`
        stays where it was.
        """
        with self.built.destination.turn():
            self.built.destination.clear_staging()
            try:
                audited = stage_and_audit(self.built)
                self.on_audited(audited)
                if audited.verdict.run is not None:
                    self._report_refusal(audited)
                    raise audited.verdict.run
                published, record, pages = put_in_place(self.built, audited)
            except BaseException:
                with suppress(OSError):
                    self.built.destination.clear_staging()  # nobody may read what was refused
                raise
            self._alert(record, pages)
            return Publication(published, audited.verdict.held_back, pages)

    def plan(self) -> AuditedDrops:
        """Do everything up to the verdict, and leave nothing behind."""
        with self.built.destination.turn():
            self.built.destination.clear_staging()
            try:
                return stage_and_audit(self.built)
            finally:
                with suppress(OSError):
                    self.built.destination.clear_staging()

    def _report_refusal(self, audited: AuditedDrops) -> None:
        record = record_of(self.built, audited, ())
        self._keep_record(record)
        pages = write_reports(audited.reports, self.built.destination.place, self.built.run.workspace.state)
        for page in pages:
            self.built.run.progress.view.noted(f"report: {page}")
        self._alert(record, pages)

    def _alert(self, record: RunRecord, pages: Sequence[str]) -> None:
        """Alert people of how the run ended, with a link to the operator's report, which is the last of the pages."""
        alert_of_run(self.built.run.settings, record, pages[-1:], self.built.run.progress.view.noted)

    def _keep_record(self, record: RunRecord) -> None:
        """Record a run that publishes nothing, also in the mart of runs."""
        RunRecords(self.built.run.workspace.runs).add(record)
        try:
            with self.built.run.workspace.marts_turn():
                self.built.engine.commit_written([history_mart(self.built)])
        except (WarehouseError, OSError) as fault:
            words = str(in_words(fault)).split("\n")
            self.built.run.progress.view.noted("the mart run_history could not be written:", *words)
