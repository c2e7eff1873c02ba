"""Queries the models of the latest run: dbt compiles the analyses for one account, the engine returns the rows.

Each analysis is queried once. DuckDB then selects the rows of each piece of evidence, whatever the engine.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

import pyarrow as pa

from pipeline.common.errors import WarehouseError
from pipeline.common.scratch_database import in_order, scratch_connection
from pipeline.dbt.build_record import Build, BuildRecord
from pipeline.dbt.runner import DbtContext, compile_analyses, parsed_project, project_fingerprint
from pipeline.engines import Engine, open_engine
from pipeline.explain.evidence import Evidence
from pipeline.explain.identity import Identity
from pipeline.explain.published import Published, published_last
from pipeline.settings import Settings
from pipeline.state.runs import RunRecords
from pipeline.state.workspace import Workspace

if TYPE_CHECKING:
    from pipeline.engines.spark import SparkEngine

Row = dict[str, Any]


class Queries:
    """The analyses of the latest build; `plan` is the plan of its run."""

    def __init__(self, engine: Engine, workspace: Workspace, build: Build) -> None:
        self.plan = build.plan
        self._build = build
        self._engine = engine
        self._workspace = workspace

    @cached_property
    def manifest(self) -> dict[str, Any]:
        """The manifest of the dbt project, with the columns, their rules and their evidence."""
        return parsed_project(spare=self._workspace.dbt_target).manifest

    def identities(self) -> list[Row]:
        """List every account with the ids and names that people use."""
        compiled = self._compiled(["identities"], {})
        return _rows(self._engine.query(compiled["identities"]))

    def published(self, organization_id: int) -> Published:
        """Return what was published last for an organization."""
        return published_last(RunRecords(self._workspace.runs).newest_first(), self._build, organization_id)

    def published_row(self, mart: str, account: Identity) -> Row:
        """Return an account's published row of a mart; empty if there is none."""
        having: dict[str, int | str] = {"organization_id": account.organization_id, "account_id": account.account_id}
        if mart == "accounts":
            if account.crm_account_id is None:
                return {}
            having = {"id": account.crm_account_id}
        rows = _rows(self._engine.read_published(mart, having))
        return rows[0] if rows else {}

    def published_rows(self, mart: str, having: Mapping[str, int | str], order_by: Sequence[str]) -> list[Row]:
        """Return published rows of a mart, sorted by some of its columns."""
        found = in_order(self._engine.read_published(mart, having), order_by)
        return _rows(found)

    def about(self, account: Identity, names: Iterable[str]) -> AccountRows:
        """Run analyses, named without `explain_`, for an account."""
        compiled = self._compiled(
            names,
            {
                "explain_organization_id": account.organization_id,
                "explain_account_id": account.account_id,
                "explain_crm_account_id": account.crm_account_id,
            },
        )
        return AccountRows({name: self._engine.query(select) for name, select in compiled.items()})

    def _compiled(self, names: Iterable[str], about: dict[str, Any]) -> dict[str, str]:
        with self._engine.dbt_session() as environment:
            compiled = compile_analyses(
                sorted({f"explain_{name}" for name in names}),
                DbtContext(
                    self._engine.name, self._workspace.dbt_target, environment, {**self.plan.dbt_variables, **about}
                ),
            )
        return {name.removeprefix("explain_"): select for name, select in compiled.items()}


class AccountRows:
    """The rows of the analyses for one account."""

    def __init__(self, tables: Mapping[str, pa.Table]) -> None:
        self._tables = tables
        self._connection = scratch_connection()

    def row(self, name: str) -> Row:
        """Return the only row of an analysis; empty if there is none."""
        rows = _rows(self._tables[name])
        return rows[0] if rows else {}

    def evidence(self, wanted: Evidence) -> list[Row]:
        """Return the rows of a piece of evidence, in its order, with its columns."""
        self._connection.register("evidence", self._tables[wanted.query])
        chosen = self._connection.sql(wanted.select).to_arrow_table()
        return _rows(chosen.select(list(wanted.shows)))


def _rows(table: pa.Table) -> list[Row]:
    rows: list[Row] = table.to_pylist()
    return rows


@contextmanager
def open_queries(settings: Settings) -> Iterator[Queries]:
    """Open the warehouse of a state folder under the lock of runs; WarehouseError if nothing is built."""
    from pipeline.common.progress import open_progress

    if not settings.state.exists():
        raise _nothing_built(settings)
    workspace = Workspace(settings.state)
    with workspace.turn(open_progress().view.noted):
        record = BuildRecord.read(workspace.built)
        if record is None:
            raise _nothing_built(settings)
        with closing(open_engine(settings.model_copy(update={"target": record.target}))) as engine:
            build = Build.last(engine, workspace.built)
            if build is None:
                raise _nothing_built(settings)  # or it has changed since
            if build.project != project_fingerprint(build.target):
                raise WarehouseError(
                    "the models have changed since the run that built the marts",
                    where=str(settings.state),
                    remedy="run again with this --state, then explain what it built",
                )
            if build.target == "spark":
                from pipeline.explain.spark_files import SparkFiles  # imports DuckDB, which other builds do not need

                with closing(SparkFiles(cast("SparkEngine", engine), settings, workspace, build.plan)) as files:
                    yield Queries(files, workspace, build)
            else:
                yield Queries(engine, workspace, build)


def _nothing_built(settings: Settings) -> WarehouseError:
    return WarehouseError(
        "nothing has been built here, or a part of it was removed or changed by another program",
        where=str(settings.state),
        remedy="run `warehouse run` with this --state first",
    )
