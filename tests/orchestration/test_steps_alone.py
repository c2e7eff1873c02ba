"""Single steps of the pipeline, as on Dagster's page: none publishes without the results of earlier steps."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

import dagster as dg
import pytest

from pipeline.common.errors import WarehouseError
from pipeline.dbt.runner import parsed_project
from pipeline.orchestration.drops import build_drop_assets
from pipeline.orchestration.models import build_model_assets
from pipeline.orchestration.sources import build_source_assets
from pipeline.paths import PROJECT_ROOT
from pipeline.settings import Settings
from tests.orchestration.runs import run_context


def materialize(settings: Settings, *steps: dg.AssetsDefinition, only: Sequence[dg.AssetKey] | None = None) -> None:
    """Run these steps, or only some of their assets."""
    selection = None if only is None else dg.AssetSelection.assets(*only)
    with dg.DagsterInstance.ephemeral(settings={"telemetry": {"enabled": False}}) as instance:
        resources = {"run": run_context(settings)}
        dg.materialize(list(steps), resources=resources, instance=instance, selection=selection)


def test_drops_refuse_models_that_are_older_than_the_sources_or_incomplete(tmp_path: Path) -> None:
    crm = tmp_path / "crm"
    shutil.copytree(PROJECT_ROOT / "sample/crm", crm)
    settings = Settings(crm=str(crm), as_of="2025-01-15", state=tmp_path / "state", exports=str(tmp_path / "exports"))
    manifest = parsed_project().manifest
    sources, models, drops = build_source_assets(), build_model_assets(manifest), build_drop_assets(manifest)
    with pytest.raises(WarehouseError, match="the record of the latest ingest is missing"):
        materialize(settings, drops)
    materialize(settings, *sources, models)
    estimates = crm / "estimates.csv"
    estimates.write_bytes(b"\n".join(estimates.read_bytes().split(b"\n")[:100]))
    materialize(settings, *sources)
    with pytest.raises(WarehouseError, match=r"the models are older than the sources: crm\.estimates changed"):
        materialize(settings, drops)
    materialize(settings, models, only=[dg.AssetKey(["staging", "stg_crm__estimates"])])
    with pytest.raises(WarehouseError, match="only a part of the models was built from these sources"):
        materialize(settings, drops)
    assert not (tmp_path / "exports").exists()
