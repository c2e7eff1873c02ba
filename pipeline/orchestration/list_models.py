"""The models of the CRM's lists: what of the project they need, and their build from what has changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Final

from pipeline.common.errors import WarehouseError
from pipeline.common.formats import plural
from pipeline.contracts.contract import ExportContract
from pipeline.contracts.lists import ASKED_FOR, LISTS
from pipeline.contracts.read_contracts import contracts_from_manifest
from pipeline.dbt.build_record import Build
from pipeline.dbt.needed_nodes import needed_nodes
from pipeline.dbt.runner import DbtContext, parsed_project
from pipeline.engines import RawTable
from pipeline.engines.duckdb import DuckDBEngine
from pipeline.engines.raw_tables import relations
from pipeline.ingest.landing.landed_table import LandedTable
from pipeline.orchestration.resources import RunContext
from pipeline.state.history import RunHistory
from pipeline.state.workspace import Workspace

CACHE: Final = "notification_cache"


class ListModels:
    """The project's models of which the lists are made, in the state folder of refreshes."""

    def __init__(self, own: Workspace) -> None:
        self._own = own

    @cached_property
    def _manifest(self) -> dict[str, Any]:
        return parsed_project("duckdb", spare=self._own.dbt_target).manifest

    @cached_property
    def all_contracts(self) -> tuple[ExportContract, ...]:
        """Those of all exports."""
        return contracts_from_manifest(self._manifest)

    @cached_property
    def contracts(self) -> tuple[ExportContract, ...]:
        """Those of the lists."""
        return tuple(contract for contract in self.all_contracts if contract.name in LISTS)

    def pending(self, engine: DuckDBEngine, run: RunContext, landed: Sequence[LandedTable]) -> PendingBuild:
        """Tell what is to be built from what has landed."""
        history = RunHistory(run.workspace.state)
        tables = relations(self._own.run_tables, landed, history.duplicates_before(run.plan.as_of), ())
        build = Build.of(run.plan, engine.name, tables)
        last = Build.standing(engine, self._own.built)
        return PendingBuild(build, tables, _changed(build, last) if engine.rebuilds_in_part else None)

    def build(self, engine: DuckDBEngine, run: RunContext, pending: PendingBuild) -> None:
        """Have dbt build what has changed, and the cache; WarehouseError where a node fails."""
        self._own.built.unlink(missing_ok=True)  # until dbt is through, nobody knows what the models hold
        if pending.has_changed:
            for name in ASKED_FOR:
                self._own.rows_asked_for(name).unlink(missing_ok=True)
        names = needed_nodes(self._manifest, [*LISTS, *ASKED_FOR], pending.changed, always=[CACHE])
        arguments = [
            "build",
            "--exclude-resource-type",
            "unit_test",
            "--cache-selected-only",  # 0.1 s less to list what is there (2026-11-29)
            "--indirect-selection",
            "empty",
            "--select",
            *names,
        ]
        with (
            run.progress.step("dbt", "nodes") as step,
            engine.dbt_session() as environment,
            run.helpers.dbt() as dbt,
        ):
            context = DbtContext(engine.name, self._own.dbt_target, environment, run.plan.dbt_variables)
            nodes = list(dbt.run(arguments, context, lambda _: None))
            step.summary = plural(len(nodes), "node")
        if failed := [f"{node.name}: {node.message or node.status}" for node in nodes if not node.ok]:
            raise WarehouseError(
                "dbt could not build the lists:\n  " + "\n  ".join(failed),
                remedy="nothing was published; mend the data or the model that is named, and refresh again",
            )

    def stamp(self, engine: DuckDBEngine, pending: PendingBuild) -> None:
        """Say of what the models were built: what is pending then is told from that."""
        pending.of.stamp(engine, self._own.built)


@dataclass(frozen=True)
class PendingBuild:
    """A build to be made of raw tables: those that have changed since the last one, None where all must be built."""

    of: Build
    tables: Sequence[RawTable]
    changed: Sequence[str] | None

    @property
    def has_changed(self) -> bool:
        """Whether more than the instant has."""
        return self.changed is None or bool(self.changed)


def _changed(build: Build, last: Build | None) -> list[str] | None:
    """List the raw tables that have changed since the last build; None where all must be built.

    Of one UTC day, instants differ in the cache alone, and in what duplicates that are new or gone bear (a test holds
    all models against that).
    """
    if last is None or build.plan.as_of.date() != last.plan.as_of.date():
        return None
    return build.changed_since(replace(last, plan=replace(last.plan, as_of=build.plan.as_of)))
