"""The dbt project as assets: seeds and models by layer and name, data tests as asset checks.

dbt runs in this process on the kept parse: dagster-dbt's own step starts dbt as a program, parses the project and asks
a package index for versions, ten seconds that a small run does not have.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import dagster as dg

from pipeline.dbt_runner import NodeResult, run_dbt
from pipeline.engines import Engine, open_engine
from pipeline.errors import WarehouseError
from pipeline.progress import Progress, Step
from pipeline.raw import raw_tables
from pipeline.run_plan import RunPlan
from pipeline.settings import Settings
from pipeline.workspace import Workspace

_TABLES = ("model", "seed")


def asset_key(node: Mapping[str, Any]) -> dg.AssetKey:
    """Name a dbt node's asset: `[layer, name]` for models and seeds, `[source, table]` for sources."""
    if node["resource_type"] == "source":
        return dg.AssetKey([node["source_name"], node["name"]])
    return dg.AssetKey([node["config"].get("schema") or "main", node["name"]])


def _assets_and_checks(manifest: Mapping[str, Any]) -> tuple[dict[str, dg.AssetSpec], dict[str, dg.AssetCheckSpec]]:
    """Give the asset of every seed and model and the check of every data test, by dbt's unique id."""
    nodes = {**manifest["nodes"], **manifest["sources"]}
    assets = {}
    checks = {}
    for unique_id, node in manifest["nodes"].items():
        parents = [nodes[parent] for parent in node["depends_on"].get("nodes", []) if parent in nodes]
        if node["resource_type"] in _TABLES:
            assets[unique_id] = dg.AssetSpec(
                asset_key(node),
                deps=[asset_key(parent) for parent in parents],
                description=node["description"] or None,
                group_name=node["config"].get("schema") or "main",
                kinds={"dbt"},
            )
        elif node["resource_type"] == "test":
            tested = nodes.get(node.get("attached_node") or "") or (parents[0] if parents else None)
            if tested is not None and tested["resource_type"] in _TABLES:
                checks[unique_id] = dg.AssetCheckSpec(
                    node["name"], asset=asset_key(tested), description=node["description"] or None, blocking=True
                )
    return assets, checks


def build_model_assets(manifest: Mapping[str, Any]) -> dg.AssetsDefinition:
    """Make one step of the whole dbt project; a part of it may be selected."""
    assets, checks = _assets_and_checks(manifest)
    by_key = {spec.key: unique_id for unique_id, spec in assets.items()}

    @dg.multi_asset(name="models", specs=list(assets.values()), check_specs=list(checks.values()), can_subset=True)
    def models(
        context: dg.AssetExecutionContext,
        settings: dg.ResourceParam[Settings],
        progress: dg.ResourceParam[Progress],
    ) -> Iterator[dg.MaterializeResult[Any] | dg.AssetCheckResult]:
        """Load what has landed into the engine, then build the models and test them."""
        workspace = Workspace(settings.state)
        plan = RunPlan.of(settings, context.instance.get_run_record_by_id(context.run.run_id).create_timestamp)
        engine = open_engine(settings)
        selected = sorted(
            manifest["nodes"][by_key[key]]["name"] for key in context.selected_asset_keys if key in by_key
        )
        whole = len(selected) == len(by_key)
        try:
            with progress.step("load", "tables") as step:
                tables = raw_tables(workspace, plan)
                engine.load(tables)
                step.summary = f"{len(tables)} tables into {engine.name}"
            with progress.step("dbt", "models") as step:
                results = _build(engine, plan, workspace, step, [] if whole else ["--select", *selected])
            if whole:
                engine.commit()
        finally:
            engine.close()
        workspace.built.write_text(json.dumps(plan.to_json()))
        yield from _report(results, assets, checks)
        _stop_on_failure(results)

    return models


def _build(engine: Engine, plan: RunPlan, workspace: Workspace, step: Step, selection: list[str]) -> list[NodeResult]:
    ended = 0

    def on_node(result: NodeResult) -> None:
        nonlocal ended
        ended += 1
        step.update(ended, detail=result.name)

    arguments = ["build", "--exclude-resource-type", "unit_test", *selection]
    with engine.dbt_session() as environment:
        results = run_dbt(
            arguments,
            target=engine.name,
            target_path=workspace.dbt_target,
            environment=environment,
            variables=plan.dbt_variables,
            on_node=on_node,
        )
    tests = sum(result.resource_type == "test" for result in results)
    step.summary = f"{len(results) - tests} models and seeds built, {tests} data tests"
    return results


def _report(
    results: list[NodeResult], assets: Mapping[str, dg.AssetSpec], checks: Mapping[str, dg.AssetCheckSpec]
) -> Iterator[dg.MaterializeResult[Any] | dg.AssetCheckResult]:
    """Turn dbt's results into Dagster's: what was not built is not materialised, failed tests are failed checks."""
    for result in results:
        if result.unique_id in assets and result.ok:
            yield dg.MaterializeResult(
                asset_key=assets[result.unique_id].key, metadata={"seconds": round(result.seconds, 3)}
            )
        elif result.unique_id in checks and result.status != "skipped":
            yield dg.AssetCheckResult(
                passed=result.status in ("pass", "warn"),
                asset_key=checks[result.unique_id].asset_key,
                check_name=checks[result.unique_id].name,
                severity=dg.AssetCheckSeverity.WARN if result.status == "warn" else dg.AssetCheckSeverity.ERROR,
                metadata={"failures": result.failures or 0, "message": result.message or ""},
            )


def _stop_on_failure(results: list[NodeResult]) -> None:
    """Stop the run where a node failed, so that nothing downstream runs on."""
    failed = [result for result in results if result.status in ("error", "fail", "runtime error")]
    if failed:
        lines = [f"{result.resource_type} {result.name}: {result.message or result.status}" for result in failed]
        raise WarehouseError(
            "dbt could not build the warehouse:\n  " + "\n  ".join(lines),
            remedy="nothing was published; mend the data or the model that is named, and run again",
        )
