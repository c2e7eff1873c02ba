"""The context of a run whose helpers are in this process, and the output of its steps."""

from __future__ import annotations

from contextlib import nullcontext
from datetime import UTC, datetime

from pipeline.audit import AuditProcess
from pipeline.common.progress import Progress, Step, StepView
from pipeline.dbt.worker import InProcessDbt
from pipeline.orchestration.resources import Helpers, RunContext
from pipeline.run_plan import RunPlan
from pipeline.settings import Settings
from pipeline.state.workspace import Workspace


class Listener:
    """Records what a person sees during a run: the summaries of steps by name, and the lines."""

    def __init__(self) -> None:
        self.summaries: dict[str, str] = {}
        self.lines: list[str] = []

    def began(self, step: Step) -> None: ...
    def changed(self, step: Step, detail: str) -> None: ...

    def ended(self, step: Step, ok: bool) -> None:
        self.summaries[step.name] = step.summary

    def noted(self, *lines: str) -> None:
        self.lines.append("\n".join(lines))


def run_context(
    settings: Settings,
    view: StepView | None = None,
    *,
    plan: RunPlan | None = None,
    auditor: AuditProcess | None = None,
) -> RunContext:
    """Make the context of a run that starts now; without `auditor`, an audit has its own process."""
    return RunContext(
        settings,
        plan or RunPlan.of(settings, datetime.now(UTC)),
        Workspace(settings.state),
        Progress(view or Listener()),
        Helpers(
            dbt=lambda: nullcontext(InProcessDbt()), audit=(lambda: nullcontext(auditor)) if auditor else AuditProcess
        ),
    )
