"""The reports of a run that stops before its drops are staged: what stopped it, where, and what it had read.

If the audit stops a run, the release writes the reports instead, because it has the staged files.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.alerts.deliver import alert_of_run
from pipeline.common.errors import Interruptions, WarehouseError, in_words
from pipeline.common.progress import Progress
from pipeline.drops.catalog import organizations_in
from pipeline.drops.encrypted_files import open_exports
from pipeline.guards.findings import Finding, GuardError
from pipeline.ingest.landing.landed_table import LandedTable
from pipeline.ingest.landing.record import SOURCES, has_crm_rows
from pipeline.ingest.rejects import REJECTS_SCHEMA
from pipeline.report.gather import gather_facts, gather_operator_facts
from pipeline.report.measured_run import MeasuredRun, RunOutcome, measure_run
from pipeline.report.sources import measure_sources
from pipeline.report.write import write_reports
from pipeline.run_plan import RunPlan
from pipeline.settings import Settings
from pipeline.state.history import METRICS_SCHEMA
from pipeline.state.runs import RunRecord, RunRecords
from pipeline.state.workspace import Workspace
from pipeline.storage.place import Place

_CUSTOMERS = ("platform", "customer")
"""The table whose organizations get drops; other tables may contain ids of further organizations."""


@contextmanager
def failure_reported(
    settings: Settings, plan: RunPlan, progress: Progress, landed: Callable[[], Sequence[LandedTable]]
) -> Iterator[None]:
    """Run a step. If it fails, write the run's reports, show where they are, and raise the error again.

    `landed` returns the tables that have landed by then.
    """
    try:
        yield
    except Exception as error:
        if Interruptions.is_requested():  # an interruption is no failure
            raise
        problem = as_problem(error)
        try:
            record, pages = _keep_record(settings, plan, problem), list[str]()
            try:
                pages = _write(settings, plan, landed(), problem)
            finally:
                alert_of_run(settings, record, pages[:1], progress.view.noted)
            for page in pages:
                progress.view.noted(f"report: {page}")
        except Exception as fault:  # an error in the report must not hide what stopped the run
            progress.view.noted("not every report could be written:", *str(fault).split("\n"))
        raise


def _keep_record(settings: Settings, plan: RunPlan, problem: WarehouseError) -> RunRecord:
    """Record that the run failed, with only the first line of the reason, because the rest may quote rows."""
    record = RunRecord(
        uuid.uuid4().hex,
        datetime.now(UTC),
        plan.as_of,
        "failed",
        findings=tuple(finding.as_dict() for finding in _findings(problem)),
        problem=problem.lines[0],
    )
    RunRecords(Workspace(settings.state).runs).add(record)
    return record


def _findings(problem: WarehouseError) -> tuple[Finding, ...]:
    """Return the guards' findings if they stopped the run; otherwise none."""
    return problem.findings if isinstance(problem, GuardError) else ()


def as_problem(error: Exception) -> WarehouseError:
    """Describe an error for people. Of a bug, only its type is shown, because its message may contain any value."""
    return in_words(error) or WarehouseError(
        f"the program itself failed ({type(error).__name__})",
        remedy="report it as a bug, with the traceback from the run's log; the data is not at fault",
    )


def _write(settings: Settings, plan: RunPlan, landed: Sequence[LandedTable], problem: WarehouseError) -> list[str]:
    """Write the operator's report, and one next to the drops of each known organization."""
    place = open_exports(settings)
    read = {table.table.source for table in landed}
    unread = tuple(source for source in SOURCES if source not in read)
    sources = measure_sources(landed, plan.as_of)
    run = measure_run(
        plan,
        sources,
        _rejects(landed),
        METRICS_SCHEMA.empty_table(),
        RunOutcome(problem=problem, findings=_findings(problem), unread=unread),
        shows_values=settings.keeps_personal_data,
    )
    pages = write_reports([gather_operator_facts(run)], place, settings.state)
    own = [gather_facts(run, place, organization, None, None, ()) for organization in _organizations(run, place)]
    return pages + write_reports(own, place, settings.state)


def _rejects(landed: Sequence[LandedTable]) -> pa.Table:
    tables = [pq.read_table(part, schema=REJECTS_SCHEMA) for table in landed for part in table.rejects]
    return pa.concat_tables(tables) if tables else REJECTS_SCHEMA.empty_table()


def _organizations(run: MeasuredRun, place: Place) -> list[int]:
    """List the organizations that expect a drop: those that have one, and those in the sources read so far."""
    known = set(organizations_in(place))
    for source in run.sources:
        if (source.landed.table.source, source.landed.table.name) == _CUSTOMERS:
            known.update(source.tenants)
    if has_crm_rows(source.landed for source in run.sources):
        known.add(run.plan.crm_organization_id)
    return sorted(known)
