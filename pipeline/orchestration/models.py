"""The step that builds the dbt project: load the raw tables, build the models, run their tests.

dbt runs on the cached parse, in a process that was started early. dagster-dbt's own step starts dbt as a program,
parses the project and asks a package index for versions, which takes ten seconds.
"""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import closing
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
from pipeline.orchestration.dbt_project import DbtProject
from pipeline.orchestration.resources import RunContext, reported_failure
from pipeline.orchestration.source_findings import guard_sources
from pipeline.orchestration.stopped import stopped_in_words
from pipeline.storage.local_files import write_whole

if TYPE_CHECKING:
    from pipeline.orchestration.asset_catalog import AssetCatalog

_FAILED = ("error", "fail", "runtime error")


def build_model_assets(
    manifest: Mapping[str, Any],
    awaited: Collection[dg.AssetKey] | None = None,
    catalog: "AssetCatalog | None" = None,
) -> dg.AssetsDefinition:
    """Make one step of the whole dbt project; a part of it may be selected.

    `awaited` are the assets that a later step waits for, if known: a Dagster instance that discards its events after
    the run gets events of these only. `catalog` describes the assets for the page, whose runs measure what they built.
    """
    project = DbtProject.of(manifest, catalog)
    specs, check_specs = list(project.assets.values()), list(project.checks.values())

    @dg.multi_asset(name="models", specs=specs, check_specs=check_specs, can_subset=True)
    def models(
        context: dg.AssetExecutionContext, run: dg.ResourceParam[RunContext]
    ) -> Iterator[dg.MaterializeResult[Any] | dg.AssetCheckResult]:
        """Load the landed tables into the engine, then build and test the models."""
        step = _ModelsStep(project, context, run, awaited if context.instance.is_ephemeral else None)
        with (
            stopped_in_words(run, for_page=catalog is not None),
            reported_failure(run, lambda: landed_tables(run.workspace)),
        ):
            guard_sources(run, landed_tables(run.workspace))
            with closing(open_engine(run.settings)) as engine:
                yield from step.build(engine)
            yield from step.finish()

    return models


class _ModelsStep:
    """One execution of the step: the selected part of the project, its build, and the events for Dagster."""

    def __init__(
        self,
        project: DbtProject,
        context: dg.AssetExecutionContext,
        run: RunContext,
        only: Collection[dg.AssetKey] | None,
    ) -> None:
        self._project = project
        self._context = context
        self._run = run
        self._only = only
        assets = [uid for uid, spec in project.assets.items() if spec.key in context.selected_asset_keys]
        self._selected = assets
        self._checks = {uid: one for uid, one in project.checks.items() if one.key in context.selected_asset_check_keys}
        names = [project.names[unique_id] for unique_id in assets or self._checks]
        self._subset = None if len(names) == len(project.assets) else sorted(names)
        self._events = self._new_events()
        self._failed: list[NodeResult] = []

    def build(self, engine: Engine) -> Iterator[dg.MaterializeResult[Any] | dg.AssetCheckResult]:
        """Load and build; yield the events of what has ended, at once or, for the page, with what was measured."""
        build, changed, tables = _load(self._run, engine)
        results = []
        with self._run.progress.step("dbt", "nodes") as step:
            for result in _build(self._run, engine, build, changed, step, self._subset):
                results.append(result)
                if self._project.catalog is None:
                    yield from self._events.of(result)
        self._failed = [result for result in results if result.status in _FAILED]
        if not self._failed:
            is_whole = self._subset is None or changed == []
            (build if is_whole else build.without_raw()).stamp(engine, self._run.workspace.built)
        if self._project.catalog is not None:
            for event in _run_table_events(tables):
                self._context.log_event(event)
            built = [] if self._failed else self._selected
            self._events = self._new_events(_measure(self._run, engine, self._project.catalog, built, self._failed))
            for result in results:
                yield from self._events.of(result)

    def finish(self) -> Iterator[dg.MaterializeResult[Any] | dg.AssetCheckResult]:
        """Yield the events of everything that was skipped; WarehouseError if a node has failed."""
        if not self._failed:
            yield from self._events.of_the_rest()
        _stop_on_failure(self._failed, self._project.checks, self._run.workspace.dbt_target)

    def _new_events(self, facts: Mapping[str, Mapping[str, Any]] | None = None) -> DbtEvents:
        """Make the events of the build; with `facts`, which only the page has, every asset gets an event."""
        return DbtEvents(
            self._project.assets,
            self._checks,
            self._project.parents,
            with_kept=self._subset is None,
            only=self._only if facts is None else None,
            facts=facts,
        )


def _load(run: RunContext, engine: Engine) -> tuple[Build, list[str] | None, Sequence[RawTable]]:
    """Load the raw tables; return the build to make, the changed tables (None: build everything), and all tables."""
    last = Build.last(engine, run.workspace.built)
    with run.progress.step("load", "tables") as step:
        tables = raw_tables(run.workspace, run.plan)
        engine.load(tables)
        step.summary = f"{plural(len(tables), 'table')} into {engine.name}"
    build = Build.of(run.plan, engine.name, tables, named_inputs(landed_tables(run.workspace)))
    return build, build.changed_since(last) if engine.rebuilds_in_part else None, tables


def _run_table_events(tables: Sequence[RawTable]) -> Iterator[dg.AssetMaterialization]:
    """Yield the materialisation of each table that the run itself has written for the models."""
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
    """Measure the built tables and read the rows of failed tests, for the page."""
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
    """Have dbt build the subset or, without one, everything that depends on the changed raw tables.

    Yields the results of nodes as `Dbt.run` does.
    """
    workspace = run.workspace
    for record in (workspace.built, workspace.last_run):  # the content of the marts is unknown until dbt has ended
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
    """Raise WarehouseError if a node failed, so that nothing downstream runs."""
    if failed:
        lines = []
        for result in failed:
            words = (result.message or result.status).replace("\n", "\n  ")  # so that no line of it looks like a name
            lines.append(f"{result.resource_type} {result.name}: {words}")
            if (check := checks.get(result.unique_id)) and check.description:
                lines.append(f"  it requires: {check.description}")
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
            remedy="nothing was published; fix the data or the model that is named, and run again "
            f"(the queries as they were run: {dbt_target / 'compiled'})",
        )
