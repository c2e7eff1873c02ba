"""One run from the command line: the same Dagster job as in service, in this process, with its steps shown."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from pipeline.errors import WarehouseError
from pipeline.progress import Progress
from pipeline.settings import Settings
from pipeline.workspace import Workspace

_QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}  # the steps speak through Progress


@dataclass(frozen=True)
class RunOutcome:
    """What a run published, as the drop step recorded it, and the seconds of each step."""

    drops: list[dict[str, Any]]
    seconds: dict[str, float]


def run_warehouse(settings: Settings, progress: Progress) -> RunOutcome:
    """Run every step; WarehouseError, and nothing published, if one fails."""
    if not (settings.lmn or settings.crm or settings.platform):
        raise WarehouseError(
            "no source is configured",
            remedy="give --lmn, --crm or --platform (or WAREHOUSE_LMN …, or a line in warehouse.toml)",
        )
    workspace = Workspace(settings.state)
    with workspace.turn(progress):
        _execute(settings, progress)
        return RunOutcome(json.loads(workspace.published.read_text()), dict(progress.seconds))


def _execute(settings: Settings, progress: Progress) -> None:
    import dagster as dg

    from pipeline.definitions import JOB, build_definitions

    job = build_definitions(settings, progress).resolve_job_def(JOB)
    with dg.DagsterInstance.ephemeral() as instance:
        job.execute_in_process(instance=instance, run_config=_QUIET)
