"""What every step of a run is handed: one RunContext, made once. Dagster is imported late: helpers start before it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

from pipeline.audit import AuditProcess, AuditRequest
from pipeline.common.json_log import logged
from pipeline.common.progress import PlainView, Progress
from pipeline.common.shown_text import shown
from pipeline.dbt.worker import OpenDbt, open_dbt
from pipeline.guards.findings import Acceptance
from pipeline.paths import EXPECTATIONS
from pipeline.run_plan import RunPlan
from pipeline.settings import Settings
from pipeline.state.workspace import Workspace

if TYPE_CHECKING:
    import dagster as dg

    from pipeline.ingest.landing.landed_table import LandedTable
    from pipeline.ingest.landing.profile import MadeProfiles

TURN: Final = "warehouse/turn"
"""The tag of the page's jobs by which one run and one refresh are at work at a time: each kind has one state folder."""

OpenAudit = Callable[[], AbstractContextManager[AuditProcess]]

Helper = TypeVar("Helper")


@dataclass(frozen=True)
class Helpers:
    """Open the two processes that work for a run; each ends with the step that used it: others need its memory."""

    dbt: OpenDbt
    audit: OpenAudit


@dataclass(frozen=True)
class RunContext:
    """One run. Steps are handed all of it; what they call takes the values that it needs."""

    settings: Settings
    plan: RunPlan
    workspace: Workspace
    progress: Progress
    helpers: Helpers
    publishes: bool = True
    """Whether the run publishes: one that only plans leaves no record and no report, of its failure neither."""
    accepted: tuple[Acceptance, ...] = ()
    """What the person who runs accepts, for this run alone: no file and no variable says it."""
    reports: list[str] = field(default_factory=list)
    """The report pages of a run of the page, as they are written."""
    profiles: MadeProfiles = field(default_factory=dict)
    """What the guards know of the landed tables, each made once."""

    def audit_request(self, folders: Mapping[int, Path], exports: Sequence[str], **more: Any) -> AuditRequest:
        """Ask for the audit of exports in these folders of organizations; `more` is named as in AuditRequest."""
        values, spares_memory = self.plan.published_settings, self.settings.spares_memory
        return AuditRequest(folders, exports, EXPECTATIONS, self.plan.as_of, values, spares_memory, **more)


def reported_failure(run: RunContext, landed: Callable[[], Sequence[LandedTable]]) -> AbstractContextManager[None]:
    """Report the failure of a step of a run that publishes (`failure_reported`)."""
    if not run.publishes:
        return nullcontext()
    from pipeline.report.failure import failure_reported

    return failure_reported(run.settings, run.plan, run.progress, landed)


def helpers_on_demand(target: str, workspace: Workspace) -> Helpers:
    """Return helpers that start when a step asks for them."""
    return Helpers(dbt=partial(open_dbt, target, workspace.dbt_target), audit=AuditProcess)


@contextmanager
def helpers_started_early(target: str, workspace: Workspace) -> Iterator[Helpers]:
    """Start both helpers now, so that they load what they need while the sources are read."""
    with ExitStack() as dbt_process, ExitStack() as audit_process:
        dbt = dbt_process.enter_context(open_dbt(target, workspace.dbt_target))
        audit = audit_process.enter_context(AuditProcess())
        yield Helpers(dbt=partial(_lent, dbt_process, dbt), audit=partial(_lent, audit_process, audit))


def lent_for_good(helper: Helper) -> Callable[[], AbstractContextManager[Helper]]:
    """Give every step that asks the same helper, which outlives them."""
    return lambda: nullcontext(helper)


@contextmanager
def _lent(started: ExitStack, helper: Helper) -> Iterator[Helper]:
    """Give a step the helper that was started early; it ends with the step."""
    with started:
        yield helper


class PageView(PlainView):
    """Shows a run of the page in what it prints, and what a person should read in Dagster's log as well."""

    def __init__(self, log: Callable[[str], None]) -> None:
        super().__init__()
        self.reports: list[str] = []
        self._log = log

    def noted(self, *lines: str) -> None:
        """Show something to read, and keep which reports are named."""
        super().noted(*lines)
        self._log("\n".join(map(shown, lines)))
        self.reports += [line.removeprefix("report: ") for line in lines if line.startswith("report: ")]


def run_in_turn(settings: Settings) -> dg.ResourceDefinition:
    """Define the context of a run that Dagster starts by itself.

    The run holds the state folder from its first step to its last, since every step asks for this resource. The
    instant at which Dagster created the run is its `as_of`, unless the settings give one (D1).
    """
    import dagster as dg

    from pipeline.engines import shared_database_turn
    from pipeline.orchestration.quick_records import records_held_open

    @dg.resource
    def run(context: dg.InitResourceContext) -> Iterator[RunContext]:
        assert context.instance is not None and context.run is not None
        record = context.instance.get_run_record_by_id(context.run.run_id)
        assert record is not None
        plan = RunPlan.of(settings, record.create_timestamp)
        workspace = Workspace(settings.state)
        log = context.log.info if context.log else print
        with records_held_open(context.instance), workspace.turn(log), shared_database_turn(settings, log):
            helpers = helpers_on_demand(settings.target, workspace)
            view = PageView(log)
            progress = Progress(view)
            with logged(progress, workspace.log):
                yield RunContext(settings, plan, workspace, progress, helpers, reports=view.reports)

    return run
