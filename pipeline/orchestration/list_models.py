"""The models of the CRM's lists: the part of the project that they need, and its incremental build."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

from pipeline.common.progress import Progress, SilentView
from pipeline.contracts.contract import ExportContract
from pipeline.contracts.lists import AS_VIEWS, LISTS, REFERENCE_EXPORTS
from pipeline.contracts.read_contracts import contracts_from_manifest
from pipeline.dbt.build_record import Build
from pipeline.dbt.runner import ParsedProject, parsed_project
from pipeline.dbt.script import ScriptOf, execute
from pipeline.engines import RawTable
from pipeline.engines.duckdb import DuckDBEngine
from pipeline.engines.raw_tables import relations
from pipeline.ingest.landing.landed_table import LandedTable
from pipeline.orchestration.resources import RunContext
from pipeline.paths import DBT_PROJECT
from pipeline.state.history import RunHistory
from pipeline.state.workspace import Workspace

CACHE: Final = "notification_cache"
SCRIPT: Final = ScriptOf((*LISTS, *REFERENCE_EXPORTS), AS_VIEWS)


class ListModels:
    """The project's models behind the lists, in the state folder of refreshes."""

    def __init__(self, own: Workspace) -> None:
        self._own = own

    @cached_property
    def _project(self) -> ParsedProject:
        return parsed_project("duckdb", spare=self._own.dbt_target)

    @cached_property
    def all_contracts(self) -> tuple[ExportContract, ...]:
        """The contracts of all exports."""
        return contracts_from_manifest(self._project.manifest)

    @cached_property
    def contracts(self) -> tuple[ExportContract, ...]:
        """The contracts of the lists."""
        return tuple(contract for contract in self.all_contracts if contract.name in LISTS)

    def pending(self, engine: DuckDBEngine, run: RunContext, landed: Sequence[LandedTable]) -> PendingBuild:
        """Return what the landed tables require to be built."""
        history = RunHistory(run.workspace.state)
        tables = relations(self._own.run_tables, landed, history.duplicates_before(run.plan.as_of), ())
        build = Build.of(run.plan, engine.name, tables)
        last = Build.last(engine, self._own.built)
        return PendingBuild(build, tables, _changed(build, last) if engine.rebuilds_in_part else None)

    def build(self, engine: DuckDBEngine, run: RunContext, pending: PendingBuild) -> None:
        """Build what has changed, and the cache; WarehouseError if a statement or a test fails."""
        self._own.built.unlink(missing_ok=True)  # the content of the models is unknown until everything has ended
        if pending.has_changed:
            for name in REFERENCE_EXPORTS:
                self._own.reference_rows(name).unlink(missing_ok=True)
        script = SCRIPT.kept(run.plan.chosen_decisions, self._project, self._own.dbt_target, run.progress)
        execute(script.needed(pending.changed, always=[CACHE]), engine, run.plan, run.progress)

    def stamp(self, engine: DuckDBEngine, pending: PendingBuild) -> None:
        """Record what the models were built from, which decides what is pending."""
        pending.of.stamp(engine, self._own.built)


@dataclass(frozen=True)
class PendingBuild:
    """A pending build: the raw tables that have changed since the last one, or None if everything must be built."""

    of: Build
    tables: Sequence[RawTable]
    changed: Sequence[str] | None

    @property
    def has_changed(self) -> bool:
        """Whether anything but the instant has changed."""
        return self.changed is None or bool(self.changed)


def _changed(build: Build, last: Build | None) -> list[str] | None:
    """List the raw tables that have changed since the last build; None if everything must be built.

    Within one UTC day, the instant only affects the cache and the rows of new or resolved duplicates (a test checks all
    models).
    """
    if last is None or build.plan.as_of.date() != last.plan.as_of.date():
        return None
    return build.changed_since(replace(last, plan=replace(last.plan, as_of=build.plan.as_of)))


if __name__ == "__main__":  # set-up has dbt write the script once, so that no refresh has to
    SCRIPT.kept({}, parsed_project(), DBT_PROJECT / "target", Progress(SilentView()))
