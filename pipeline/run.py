"""One run from the command line: the same Dagster job as in service, in this process, with its steps shown."""

from __future__ import annotations

import json
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from pipeline.dbt_process import Dbt, open_dbt
from pipeline.drops.audit import AuditProcess
from pipeline.errors import WarehouseError
from pipeline.progress import Progress
from pipeline.repetition import record_run, recorded_drops, run_fingerprint
from pipeline.run_plan import RunPlan
from pipeline.settings import Settings
from pipeline.workspace import Workspace

_QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}  # the steps speak through Progress


@dataclass(frozen=True)
class RunOutcome:
    """What a run published, and the seconds of each step; `is_repetition` where there was nothing to do."""

    drops: list[dict[str, Any]]
    seconds: dict[str, float]
    is_repetition: bool = False


def run_warehouse(settings: Settings, progress: Progress) -> RunOutcome:
    """Run every step; WarehouseError, and nothing published, if one fails."""
    if not (settings.lmn or settings.crm or settings.platform):
        raise WarehouseError(
            "no source is configured",
            remedy="give --lmn, --crm or --platform (or WAREHOUSE_LMN …, or a line in warehouse.toml)",
        )
    workspace = Workspace(settings.state)
    with workspace.turn(progress):
        plan = RunPlan.of(settings, datetime.now(UTC))
        fingerprint = run_fingerprint(settings, plan)
        if (standing := recorded_drops(workspace, fingerprint)) is not None:
            return RunOutcome(standing, {}, is_repetition=True)
        workspace.last_run.unlink(missing_ok=True)
        # both load what they need while the sources are read
        with open_dbt(settings.target) as dbt, AuditProcess() as audit:
            _execute(settings.model_copy(update={"as_of": plan.as_of}), progress, dbt, audit)
        drops = json.loads(workspace.published.read_text())
        record_run(workspace, fingerprint, drops, progress.seconds)
        return RunOutcome(drops, dict(progress.seconds))


def _execute(settings: Settings, progress: Progress, dbt: Dbt, audit: AuditProcess) -> None:
    import dagster as dg

    from pipeline.definitions import JOB, build_definitions

    job = build_definitions(settings, progress, lambda: nullcontext(dbt), lambda: nullcontext(audit)).resolve_job_def(
        JOB
    )
    with dg.DagsterInstance.ephemeral(settings={"telemetry": {"enabled": False}}) as instance:
        job.execute_in_process(instance=instance, run_config=_QUIET)
