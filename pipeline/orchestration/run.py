"""One run from the command line: the same Dagster job as on the page, in this process, with its steps shown."""

from __future__ import annotations

import getpass
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.common.errors import Interrupted, Interruptions, WarehouseError, in_words
from pipeline.common.json_log import logged
from pipeline.common.progress import Progress
from pipeline.common.startup import quick_imports
from pipeline.guards.findings import read_acceptances
from pipeline.orchestration.resources import RunContext, helpers_started_early
from pipeline.paths import PROJECT_ROOT
from pipeline.run_plan import RunPlan
from pipeline.settings import Settings
from pipeline.state.workspace import Workspace
from pipeline.storage.openpgp import EncryptionKeys
from pipeline.storage.place import require_writable

if TYPE_CHECKING:
    import dagster as dg

_QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}  # the steps report through Progress


@dataclass(frozen=True)
class RunOutcome:
    """What a run published; `is_repetition` if there was nothing to do."""

    drops: list[dict[str, Any]]
    is_repetition: bool = False
    held_back: Sequence[Mapping[str, Any]] = ()
    """The organizations whose drops were held back, each with what was wrong and the remedy (D40)."""


def run_warehouse(settings: Settings, progress: Progress, accept: Sequence[str] = ()) -> RunOutcome:
    """Run every step, accepting the given findings; WarehouseError, with nothing published, if one fails."""
    accepted = read_acceptances(accept, current_user())
    _require_plain_path(PROJECT_ROOT)
    settings.require_source()
    require_writable(settings.exports)
    EncryptionKeys(settings.receiver_key, settings.state).require_usable(settings.exports)
    workspace = Workspace(settings.state)
    with workspace.turn(progress.view.noted), logged(progress, workspace.log):
        plan = RunPlan.of(settings, datetime.now(UTC))
        with helpers_started_early(settings.target, workspace) as helpers:
            with quick_imports():
                from pipeline.orchestration.skip_repeated import record_run, recorded_drops, run_fingerprint
            fingerprint = run_fingerprint(settings, plan)
            if (standing := recorded_drops(workspace, fingerprint)) is not None:
                return RunOutcome(standing, is_repetition=True)
            drops, held_back = _execute(RunContext(settings, plan, workspace, progress, helpers, accepted=accepted))
        if held_back:
            return RunOutcome(drops, held_back=held_back)
        try:
            record_run(workspace, fingerprint, drops, progress.seconds)
        except OSError as fault:  # the run has published
            words = str(in_words(fault)).split("\n")
            progress.view.noted("the next run will do all of this again, because it can't be recorded:", *words)
        return RunOutcome(drops)


def current_user() -> str:
    """Return the name of the person who runs."""
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):  # a user without an entry in the system's list, as in a container
        return "unknown"


def _require_plain_path(program: Path) -> None:
    """Raise WarehouseError if dbt-duckdb or Dagster would take the name of the program's folder for syntax."""
    if odd := {"'", "%"} & set(str(program)):
        raise WarehouseError(
            f"the program's folder has {' and '.join(sorted(odd))} in its path, which dbt and Dagster can't read",
            where=str(program),
            remedy="move or rename it, then run `make clean` and try again",
        )


def _execute(run: RunContext) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Run the job; return the drops that it published, and the organizations that it held back."""
    result = execute_job(run)
    from pipeline.orchestration.drops import PUBLISHED

    (published,) = (event for event in result.get_asset_materialization_events() if event.asset_key == PUBLISHED)
    drops, held_back = (published.materialization.metadata[name].value for name in ("drops", "held_back"))
    assert isinstance(drops, list)
    assert isinstance(held_back, list)
    return drops, held_back


def execute_job(run: RunContext, job_name: str | None = None) -> dg.ExecuteInProcessResult:
    """Run a job in this process, by default the complete one."""
    with quick_imports():
        import dagster as dg

        from pipeline.engines import shared_database_turn
        from pipeline.orchestration.definitions import JOB, build_definitions

    job = build_definitions(run.settings, run).resolve_job_def(job_name or JOB)
    with (
        shared_database_turn(run.settings, run.progress.view.noted),
        dg.DagsterInstance.ephemeral(settings={"telemetry": {"enabled": False}}) as instance,
    ):
        try:
            return job.execute_in_process(instance=instance, run_config=_QUIET)
        except dg.DagsterExecutionInterruptedError:
            raise Interrupted from None
        except Exception:
            if Interruptions.is_requested():
                raise Interrupted from None
            raise
