"""The resources of every step: one RunContext, made once. Dagster is imported late, because helpers start before it."""

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
"""The tag with which the page runs one run and one refresh at a time, because each kind has one state folder."""

OpenAudit = Callable[[], AbstractContextManager[AuditProcess]]

Helper = TypeVar("Helper")


@dataclass(frozen=True)
class Helpers:
    """Opens the two helper processes of a run; each ends with the step that used it, because others need its memory."""

    dbt: OpenDbt
    audit: OpenAudit


@dataclass(frozen=True)
class RunContext:
    """One run. Steps receive all of it; the functions that they call take the values that they need."""

    settings: Settings
    plan: RunPlan
    workspace: Workspace
    progress: Progress
    helpers: Helpers
    publishes: bool = True
    """False for a run that only plans: it leaves no record and no report, not even of its failure."""
    accepted: tuple[Acceptance, ...] = ()
    """Findings that the person who runs accepts, for this run only."""
    reports: list[str] = field(default_factory=list)
    """The report pages of a run of the page, as they are written."""
    profiles: MadeProfiles = field(default_factory=dict)
    """The profiles of the landed tables, each made once."""

    def audit_request(self, folders: Mapping[int, Path], exports: Sequence[str], **more: Any) -> AuditRequest:
        """Request the audit of exports in these folders by organization; `more` are further fields of AuditRequest."""
        values, spares_memory = self.plan.published_settings, self.settings.spares_memory
        return AuditRequest(folders, exports, EXPECTATIONS, self.plan.as_of, values, spares_memory, **more)


def reported_failure(run: RunContext, landed: Callable[[], Sequence[LandedTable]]) -> AbstractContextManager[None]:
    """Report the failure of a step of a run that publishes (`failure_reported`)."""
    if not run.publishes:
        return nullcontext()
    from pipeline.report.failure import failure_reported

    return failure_reported(run.settings, run.plan, run.progress, landed)


def helpers_on_demand(target: str, workspace: Workspace) -> Helpers:
    """Return helpers that start when a step needs them."""
    return Helpers(dbt=partial(open_dbt, target, workspace.dbt_target), audit=AuditProcess)


@contextmanager
def helpers_started_early(target: str, workspace: Workspace) -> Iterator[Helpers]:
    """Start both helpers now, so that they load while the sources are read."""
    with ExitStack() as dbt_process, ExitStack() as audit_process:
        dbt = dbt_process.enter_context(open_dbt(target, workspace.dbt_target))
        audit = audit_process.enter_context(AuditProcess())
        yield Helpers(
            dbt=partial(_until_step_ends, dbt_process, dbt), audit=partial(_until_step_ends, audit_process, audit)
        )


def shared_helper(helper: Helper) -> Callable[[], AbstractContextManager[Helper]]:
    """Give every step the same helper, which outlives them."""
    return lambda: nullcontext(helper)


@contextmanager
def _until_step_ends(started: ExitStack, helper: Helper) -> Iterator[Helper]:
    """Give a step the helper that was started early; it ends with the step."""
    with started:
        yield helper


class PageView(PlainView):
    """Shows a run on the page in its output, and shows notes in Dagster's log as well."""

    def __init__(self, log: Callable[[str], None]) -> None:
        super().__init__()
        self.reports: list[str] = []
        self._log = log

    def noted(self, *lines: str) -> None:
        """Show a note, and remember the reports that it names."""
        super().noted(*lines)
        self._log("\n".join(map(shown, lines)))
        self.reports += [line.removeprefix("report: ") for line in lines if line.startswith("report: ")]


def run_in_turn(settings: Settings) -> dg.ResourceDefinition:
    """Define the context of a run that Dagster starts by itself.

    The run locks the state folder from its first step to its last, because every step needs this resource. The instant
    at which Dagster created the run is its `as_of`, unless the settings give one (D1).
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
