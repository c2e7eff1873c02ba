"""The map of the house: sources, models, drops, and the job, schedule and sensor that run them."""

from __future__ import annotations

import dagster as dg

from pipeline.dbt.runner import parsed_project
from pipeline.orchestration.backfill import build_backfill_job
from pipeline.orchestration.drops import build_drop_assets
from pipeline.orchestration.models import build_model_assets
from pipeline.orchestration.resources import RunContext, run_in_turn
from pipeline.orchestration.sources import build_source_assets
from pipeline.orchestration.triggers import build_new_files_sensor, build_schedules
from pipeline.settings import Settings
from pipeline.state.workspace import Workspace

JOB = "warehouse"
MODELS_JOB = "models_only"
"""All but the drops: nothing is published."""


def build_definitions(settings: Settings, run: RunContext | None = None) -> dg.Definitions:
    """Define the whole pipeline for these settings.

    `run` is the one run that these definitions are for; who gives it has the turn at its state folder already. Without,
    each run that Dagster starts makes its own and waits for its turn.
    """
    workspace = run.workspace if run else Workspace(settings.state)
    manifest = parsed_project(settings.target, spare=workspace.dbt_target).manifest
    drops = build_drop_assets(manifest)
    models = build_model_assets(manifest, awaited=set(drops.dependency_keys))
    return dg.Definitions(
        assets=[*build_source_assets(), models, drops],
        jobs=[
            dg.define_asset_job(JOB),
            dg.define_asset_job(MODELS_JOB, selection=dg.AssetSelection.all() - dg.AssetSelection.assets(drops)),
            build_backfill_job(settings),
        ],
        schedules=build_schedules(JOB, settings),
        sensors=[build_new_files_sensor(JOB, settings)],
        resources={"run": run or run_in_turn(settings)},
        executor=dg.in_process_executor,  # one process writes: DuckDB allows no second
    )


@dg.definitions
def defs() -> dg.Definitions:
    """Give `dagster dev` and deployed code locations the pipeline."""
    return build_definitions(Settings())
