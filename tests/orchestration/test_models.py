"""The dbt project as assets: stored models are assets that depend on their inputs."""

from __future__ import annotations

import dagster as dg

from pipeline.dbt.runner import parsed_project
from pipeline.orchestration.models import build_model_assets


def test_an_ephemeral_model_is_no_asset_and_passes_on_its_dependencies() -> None:
    assets = {spec.key: spec for spec in build_model_assets(parsed_project().manifest).specs}
    effort = assets[dg.AssetKey(["intermediate", "int_communication__effort"])]
    assert dg.AssetKey(["intermediate", "int_communication__effort_by_user"]) not in assets
    assert {dep.asset_key.path[-1] for dep in effort.deps} == {
        "int_communication__messages_by_user",
        "int_communication__meetings_by_user",
        "stg_platform__customer",
        "stg_platform__users",
    }
