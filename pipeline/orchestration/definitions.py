"""Dagster's definitions: sources, models, drops, and the jobs, schedules and sensor that run them."""

from __future__ import annotations

import dagster as dg

from pipeline.dbt.runner import parsed_project
from pipeline.orchestration.drops import build_drop_assets
from pipeline.orchestration.models import build_model_assets
from pipeline.orchestration.resources import TURN, RunContext, run_in_turn
from pipeline.orchestration.sources import build_source_assets
from pipeline.settings import Settings
from pipeline.state.workspace import Workspace

JOB = "warehouse"
MODELS_JOB = "models_only"
"""Everything but the drops: nothing is published."""
REFRESH_JOB = "refresh"
"""Publishes only the CRM's lists."""


def build_definitions(settings: Settings, run: RunContext | None = None) -> dg.Definitions:
    """Define the whole pipeline for these settings.

    `run` is the one run that these definitions are for; its creator already has the lock of the state folder. Without
    it, they are for the page: each run that Dagster starts creates its own and waits for its turn, and assets are
    described, checked and measured for people to see.
    """
    return _of_the_page(settings) if run is None else _of_one_run(settings, run)


def _of_one_run(settings: Settings, run: RunContext) -> dg.Definitions:
    manifest = parsed_project(settings.target, spare=run.workspace.dbt_target).manifest
    drops = build_drop_assets(manifest)
    models = build_model_assets(manifest, awaited=set(drops.dependency_keys))
    return dg.Definitions(
        assets=[*build_source_assets(), models, drops],
        jobs=[dg.define_asset_job(JOB), dg.define_asset_job(MODELS_JOB, selection=_all_but(drops))],
        resources={"run": run},
        executor=dg.in_process_executor,  # one process writes: DuckDB allows no second
    )


def _of_the_page(settings: Settings) -> dg.Definitions:
    from pipeline.orchestration.asset_catalog import AssetCatalog
    from pipeline.orchestration.backfill import build_backfill_job
    from pipeline.orchestration.notifications import build_notification_assets
    from pipeline.orchestration.source_checks import build_source_checks
    from pipeline.orchestration.triggers import build_new_files_sensor, build_schedules

    project = parsed_project(settings.target, spare=Workspace(settings.state).dbt_target)
    catalog = AssetCatalog(settings, project.manifest)
    drops = build_drop_assets(catalog.manifest, catalog)
    models = build_model_assets(catalog.manifest, catalog=catalog)
    lists = build_notification_assets(settings, catalog)
    return dg.Definitions(
        assets=[*build_source_assets(catalog), *catalog.run_tables(), models, drops, lists],
        asset_checks=[build_source_checks()],
        jobs=[
            dg.define_asset_job(
                JOB,
                selection=_all_but(lists),
                tags={TURN: "run"},
                description="Read the sources, build and test the models, audit the exports, publish the drops.",
            ),
            dg.define_asset_job(
                REFRESH_JOB,
                selection=dg.AssetSelection.assets(lists),
                tags={TURN: "refresh"},
                description="Publish the CRM's lists from LMN and the CRM as they are now; a run may continue.",
            ),
            dg.define_asset_job(
                MODELS_JOB,
                selection=_all_but(drops, lists),
                tags={TURN: "run"},
                description="Read the sources, build and test the models; nothing is published.",
            ),
            build_backfill_job(settings),
        ],
        schedules=build_schedules(JOB, REFRESH_JOB, settings),
        sensors=[build_new_files_sensor(JOB, settings)],
        resources={"run": run_in_turn(settings)},
        executor=dg.in_process_executor,
    )


def _all_but(*steps: dg.AssetsDefinition) -> dg.AssetSelection:
    return dg.AssetSelection.all() - dg.AssetSelection.assets(*steps)


@dg.definitions
def defs() -> dg.Definitions:
    """Return the pipeline for `dagster dev` and deployed code locations."""
    return build_definitions(Settings())
