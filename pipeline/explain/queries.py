"""Queries the latest run's models: dbt compiles the analyses for one account, the engine returns the rows.

Each analysis is queried once. Evidence then selects from its rows with DuckDB, whatever the engine.
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
    """The analyses of the run whose marts the engine holds; `plan` is that run's."""

    def __init__(self, engine: Engine, workspace: Workspace, build: Build) -> None:
        self.plan = build.plan
        self._build = build
        self._engine = engine
        self._workspace = workspace

    @cached_property
    def manifest(self) -> dict[str, Any]:
        """The manifest of the dbt project, which holds the columns, their rules and their evidence."""
        return parsed_project(spare=self._workspace.dbt_target).manifest

    def identities(self) -> list[Row]:
        """List every account with the ids and names that people use."""
        compiled = self._compiled(["identities"], {})
        return _rows(self._engine.query(compiled["identities"]))

    def published(self, organization_id: int) -> Published:
        """Return what was published last for an organization."""
        return published_last(RunRecords(self._workspace.runs).newest_first(), self._build, organization_id)

    def published_row(self, mart: str, account: Identity) -> Row:
        """Read an account's row of a mart as it was published; empty where there is none."""
        having: dict[str, int | str] = {"organization_id": account.organization_id, "account_id": account.account_id}
        if mart == "accounts":
            if account.crm_account_id is None:
                return {}
            having = {"id": account.crm_account_id}
        rows = _rows(self._engine.read_published(mart, having))
        return rows[0] if rows else {}

    def published_rows(self, mart: str, having: Mapping[str, int | str], order_by: Sequence[str]) -> list[Row]:
        """Read rows of a mart as they were published, in the order of some of its columns."""
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
        """Return the one row of an analysis; empty where there is none."""
        rows = _rows(self._tables[name])
        return rows[0] if rows else {}

    def evidence(self, wanted: Evidence) -> list[Row]:
        """Return the rows that a piece of evidence selects, in its order, with its columns."""
        self._connection.register("evidence", self._tables[wanted.query])
        chosen = self._connection.sql(wanted.select).to_arrow_table()
        return _rows(chosen.select(list(wanted.shows)))


def _rows(table: pa.Table) -> list[Row]:
    rows: list[Row] = table.to_pylist()
    return rows


@contextmanager
def open_queries(settings: Settings) -> Iterator[Queries]:
    """Open the warehouse of a state folder, taking turns with runs; WarehouseError where nothing is built."""
    from pipeline.common.progress import open_progress

    if not settings.state.exists():
        raise _nothing_built(settings)
    workspace = Workspace(settings.state)
    with workspace.turn(open_progress().view.noted):
        record = BuildRecord.read(workspace.built)
        if record is None:
            raise _nothing_built(settings)
        with closing(open_engine(settings.model_copy(update={"target": record.target}))) as engine:
            build = Build.standing(engine, workspace.built)
            if build is None:
                raise _nothing_built(settings)  # or no longer there
            if build.project != project_fingerprint(build.target):
                raise WarehouseError(
                    "the models have changed since the run that built the marts",
                    where=str(settings.state),
                    remedy="run again with this --state, then explain what it built",
                )
            if build.target == "spark":
                from pipeline.explain.spark_files import SparkFiles  # DuckDB's too, which other builds do without

                with closing(SparkFiles(cast("SparkEngine", engine), settings, workspace, build.plan)) as files:
                    yield Queries(files, workspace, build)
            else:
                yield Queries(engine, workspace, build)


def _nothing_built(settings: Settings) -> WarehouseError:
    return WarehouseError(
        "nothing has been built here, or part of it is gone or was changed by someone else",
        where=str(settings.state),
        remedy="run `warehouse run` with this --state first",
    )
