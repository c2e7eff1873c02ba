"""The dbt project as assets: seeds and models by layer and name, data tests as asset checks.

dbt runs on the kept parse, in a process that was started early: dagster-dbt's own step starts dbt as a program, parses
the project and asks a package index for versions, ten seconds that a small run does not have.
"""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import closing
from graphlib import TopologicalSorter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dagster as dg
import pyarrow.parquet as pq

from pipeline.common.errors import MORE_MEMORY, WarehouseError, is_out_of_memory
from pipeline.common.formats import plural
from pipeline.common.progress import Step
from pipeline.dbt.build_record import Build, selection
from pipeline.dbt.runner import DbtContext, NodeResult
from pipeline.engines import Engine, RawTable, open_engine
from pipeline.engines.raw_tables import raw_tables
from pipeline.ingest.landing.record import landed_tables, named_inputs
from pipeline.orchestration.dbt_events import DbtEvents
from pipeline.orchestration.resources import RunContext, reported_failure
from pipeline.orchestration.source_findings import guard_sources
from pipeline.orchestration.stopped import stopped_in_words
from pipeline.storage.local_files import write_whole

if TYPE_CHECKING:
    from pipeline.orchestration.asset_catalog import AssetCatalog

_TABLES = ("model", "seed")


def asset_key(node: Mapping[str, Any]) -> dg.AssetKey:
    """Name a dbt node's asset: `[layer, name]` for models and seeds, `[source, table]` for sources."""
    if node["resource_type"] == "source":
        return dg.AssetKey([node["source_name"], node["name"]])
    return dg.AssetKey([node["config"].get("schema") or "main", node["name"]])


def _stored_parents(manifest: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return the stored parents of every node, by dbt's unique id, without the ephemeral models among the nodes.

    An ephemeral model is a part of the SQL of those that read it: what it reads, they read.
    """
    parents: Mapping[str, list[str]] = manifest["parent_map"]
    ephemeral = {
        unique_id for unique_id, node in manifest["nodes"].items() if node["config"].get("materialized") == "ephemeral"
    }

    def stored(unique_id: str) -> Iterator[str]:
        for parent in parents[unique_id]:
            if parent in ephemeral:
                yield from stored(parent)
            else:
                yield parent

    return {unique_id: list(dict.fromkeys(stored(unique_id))) for unique_id in parents if unique_id not in ephemeral}


def _assets_and_checks(
    manifest: Mapping[str, Any], stored_parents: Mapping[str, Sequence[str]]
) -> tuple[dict[str, dg.AssetSpec], dict[str, dg.AssetCheckSpec]]:
    """Return the asset of every seed and model, parents first, and the check of every data test, by dbt's unique id."""
    nodes = {**manifest["nodes"], **manifest["sources"]}
    assets = {}
    checks = {}
    for unique_id in TopologicalSorter(stored_parents).static_order():
        if unique_id not in manifest["nodes"]:
            continue
        node = manifest["nodes"][unique_id]
        parents = [nodes[parent] for parent in stored_parents[unique_id] if parent in nodes]
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


def build_model_assets(
    manifest: Mapping[str, Any],
    awaited: Collection[dg.AssetKey] | None = None,
    catalog: "AssetCatalog | None" = None,
) -> dg.AssetsDefinition:
    """Make one step of the whole dbt project; a part of it may be selected.

    `awaited` are the assets that a later step waits for, where one is known: a Dagster that forgets its events when the
    run ends hears of no others. `catalog` describes the assets for the page, whose runs measure what they have built.
    """
    stored_parents = _stored_parents(manifest)
    assets, checks = _assets_and_checks(manifest, stored_parents)
    if catalog is not None:
        assets = {unique_id: catalog.model(spec, manifest["nodes"][unique_id]) for unique_id, spec in assets.items()}
    by_key = {spec.key: unique_id for unique_id, spec in assets.items()}

    @dg.multi_asset(name="models", specs=list(assets.values()), check_specs=list(checks.values()), can_subset=True)
    def models(
        context: dg.AssetExecutionContext, run: dg.ResourceParam[RunContext]
    ) -> Iterator[dg.MaterializeResult[Any] | dg.AssetCheckResult]:
        """Load what has landed into the engine, then build the models and test them."""
        selected = [manifest["nodes"][by_key[key]]["name"] for key in context.selected_asset_keys if key in by_key]
        chosen = {uid: check for uid, check in checks.items() if check.key in context.selected_asset_check_keys}
        if not selected:
            selected = [manifest["nodes"][unique_id]["name"] for unique_id in chosen]
        only = awaited if context.instance.is_ephemeral else None
        subset = None if len(selected) == len(by_key) else sorted(selected)
        events = DbtEvents(assets, chosen, stored_parents, with_kept=subset is None, only=only)
        failed, results = [], []
        with (
            stopped_in_words(run, for_page=catalog is not None),
            reported_failure(run, lambda: landed_tables(run.workspace)),
        ):
            guard_sources(run, landed_tables(run.workspace))
            with closing(open_engine(run.settings)) as engine:
                build, changed, tables = _load(run, engine)
                with run.progress.step("dbt", "nodes") as step:
                    for result in _build(run, engine, build, changed, step, subset):
                        if result.status in ("error", "fail", "runtime error"):
                            failed.append(result)
                        if catalog is None:
                            yield from events.of(result)
                        results.append(result)
                if not failed:
                    is_whole = subset is None or changed == []
                    (build if is_whole else build.without_raw()).stamp(engine, run.workspace.built)
                if catalog is not None:
                    for event in _run_table_events(tables):
                        context.log_event(event)
                    built = [unique_id for unique_id, spec in assets.items() if spec.key in context.selected_asset_keys]
                    facts = _measure(run, engine, catalog, [] if failed else built, failed)
                    events = DbtEvents(assets, chosen, stored_parents, with_kept=subset is None, facts=facts)
                    for result in results:
                        yield from events.of(result)
            if not failed:
                yield from events.of_the_rest()
            _stop_on_failure(failed, checks, run.workspace.dbt_target)

    return models


def _load(run: RunContext, engine: Engine) -> tuple[Build, list[str] | None, Sequence[RawTable]]:
    """Load the raw tables; return what is to be built of them, which have changed since (None: all), and the tables."""
    last = Build.standing(engine, run.workspace.built)
    with run.progress.step("load", "tables") as step:
        tables = raw_tables(run.workspace, run.plan)
        engine.load(tables)
        step.summary = f"{plural(len(tables), 'table')} into {engine.name}"
    build = Build.of(run.plan, engine.name, tables, named_inputs(landed_tables(run.workspace)))
    return build, build.changed_since(last) if engine.rebuilds_in_part else None, tables


def _run_table_events(tables: Sequence[RawTable]) -> Iterator[dg.AssetMaterialization]:
    """Return the materialisation of each table that the run itself has written for the models."""
    for table in tables:
        source, _, name = table.name.partition("__")
        if source == "run":
            rows = sum(pq.read_metadata(part).num_rows for part in table.parts)
            columns = [dg.TableColumn(field.name, str(field.type)) for field in table.schema]
            metadata = {"dagster/row_count": rows, "dagster/column_schema": dg.TableSchema(columns)}
            yield dg.AssetMaterialization([source, name], metadata=metadata)


def _measure(
    run: RunContext,
    engine: Engine,
    catalog: "AssetCatalog",
    built: Sequence[str],
    failed: Sequence[NodeResult],
) -> Mapping[str, Mapping[str, Any]]:
    """Measure the tables that were built and look at the rows of failed tests, for the page."""
    from pipeline.orchestration.column_lineage import read_lineage
    from pipeline.orchestration.table_facts import TableMeasures

    lineage = read_lineage(run.workspace, run.settings.target)
    measures = TableMeasures(catalog.manifest, catalog.contracts, engine, lineage)
    with run.progress.step("measure", "tables") as step:
        facts = {**measures.measure(built), **measures.failing_rows(failed, run.workspace)}
        if built and not lineage:
            measures.keep_columns(run.workspace)
        step.summary = plural(len(facts), "table")
    return facts


def _build(
    run: RunContext,
    engine: Engine,
    build: Build,
    changed: Sequence[str] | None,
    step: Step,
    subset: Sequence[str] | None,
) -> Iterator[NodeResult]:
    """Have dbt build the subset, or where there is none, all that the changed raw tables make necessary.

    The nodes come as `Dbt.run` gives them.
    """
    workspace = run.workspace
    for record in (workspace.built, workspace.last_run):  # until dbt is through, nobody knows what the marts hold
        record.unlink(missing_ok=True)
    if subset is not None:
        arguments = ["--select", *subset]
    elif changed is None:
        arguments = []
    elif changed:
        arguments = selection(changed)
    else:
        step.summary = "nothing has changed since the last build"
        return
    ended = 0

    def on_node(result: NodeResult) -> None:
        nonlocal ended
        ended += 1
        step.update(ended, detail=result.name)

    results = []
    with engine.dbt_session() as environment, run.helpers.dbt() as dbt:
        for result in dbt.run(
            ["build", "--exclude-resource-type", "unit_test", *arguments],
            DbtContext(engine.name, workspace.dbt_target, environment, build.plan.dbt_variables),
            on_node,
        ):
            results.append(result)
            yield result
    write_whole(workspace.model_seconds, json.dumps({result.name: round(result.seconds, 3) for result in results}))
    tests = sum(result.resource_type == "test" for result in results)
    step.summary = f"{len(results) - tests} models and seeds built, {plural(tests, 'data test')}"
    if changed:
        step.summary += f", for {plural(len(changed), 'raw table that has', 'raw tables that have')} changed"


def _stop_on_failure(failed: Sequence[NodeResult], checks: Mapping[str, dg.AssetCheckSpec], dbt_target: Path) -> None:
    """Stop the run where a node failed, so that nothing downstream runs on."""
    if failed:
        lines = []
        for result in failed:
            words = (result.message or result.status).replace("\n", "\n  ")  # so that none stands where a name does
            lines.append(f"{result.resource_type} {result.name}: {words}")
            if (check := checks.get(result.unique_id)) and check.description:
                lines.append(f"  it wants: {check.description}")
        if any(is_out_of_memory(result.message or "") for result in failed):
            raise WarehouseError(
                "the models need more memory than they were given; nothing was published",
                details=lines,
                where="memory_limit",
                remedy=MORE_MEMORY,
            )
        raise WarehouseError(
            "dbt could not build the warehouse:",
            details=lines,
            remedy="nothing was published; mend the data or the model that is named, and run again "
            f"(the queries as they were run: {dbt_target / 'compiled'})",
        )
