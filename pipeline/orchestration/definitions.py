"""The map of the house: sources, models, drops, and the job, schedule and sensor that run them."""

from __future__ import annotations

from functools import partial

import dagster as dg

from pipeline.audit import AuditProcess
from pipeline.common.progress import Progress
from pipeline.dbt.runner import parsed_project
from pipeline.dbt.worker import OpenDbt, open_dbt
from pipeline.orchestration.drops import build_drop_assets
from pipeline.orchestration.models import build_model_assets
from pipeline.orchestration.release import OpenAudit
from pipeline.orchestration.resources import progress_in_turn
from pipeline.orchestration.sources import build_source_assets
from pipeline.orchestration.triggers import build_new_files_sensor, build_weekly_schedule
from pipeline.settings import Settings

JOB = "warehouse"


def build_definitions(
    settings: Settings | None = None,
    progress: Progress | None = None,
    dbt: OpenDbt | None = None,
    audit: OpenAudit = AuditProcess,
) -> dg.Definitions:
    """Define the whole pipeline; what is not given comes from the environment and `warehouse.toml`.

    `dbt` and `audit` lend running helper processes to the steps that use them; without, each step starts its own.
    A run waits for its turn at the state folder, unless `progress` is given: whoever gives it has the turn already.
    """
    settings = settings or Settings()
    manifest = parsed_project(settings.target).manifest
    drops = build_drop_assets(manifest)
    models = build_model_assets(manifest, awaited=set(drops.dependency_keys))
    return dg.Definitions(
        assets=[*build_source_assets(), models, drops],
        jobs=[dg.define_asset_job(JOB)],
        schedules=[build_weekly_schedule(JOB)],
        sensors=[build_new_files_sensor(JOB, settings)],
        resources={
            "settings": settings,
            "progress": progress or progress_in_turn(settings),
            "open_dbt": dg.ResourceDefinition.hardcoded_resource(dbt or partial(open_dbt, settings.target)),
            "open_audit": dg.ResourceDefinition.hardcoded_resource(audit),
        },
        executor=dg.in_process_executor,  # one process writes: DuckDB allows no second
    )


@dg.definitions
def defs() -> dg.Definitions:
    """Give `dagster dev` and deployed code locations the pipeline."""
    return build_definitions()
