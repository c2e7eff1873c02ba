"""Where the models run: DuckDB, PostgreSQL or Spark behind one small protocol. Nothing else knows which engine runs."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

import pyarrow as pa

from pipeline.contracts.contract import CRM_TENANT, ExportContract
from pipeline.settings import Settings

TENANT: Final = "organization_id"
"""The column by which a mart's rows are an organization's."""


@dataclass(frozen=True)
class RawTable:
    """A relation of the raw schema. `parts` have at least `schema`'s columns; `fingerprint` changes with the rows."""

    name: str
    schema: pa.Schema
    parts: tuple[Path, ...]
    fingerprint: str


@dataclass(frozen=True)
class HeldBack:
    """The organizations whose published rows stay as they are (D40), and the one that the CRM's marts belong to.

    So do the `marts` whose published rows speak of a later instant.
    """

    organizations: frozenset[int] = frozenset()
    crm_organization_id: int = 0
    marts: frozenset[str] = frozenset()

    @property
    def listed(self) -> str:
        """The organizations as SQL lists them."""
        return ", ".join(map(str, sorted(self.organizations)))

    def keeps_whole(self, contract: ExportContract | None) -> bool:
        """Return whether a mart stays as a whole: one of `marts`, or the CRM's where that organization is held back."""
        if contract is None:
            return False
        is_held_back = contract.tenant == CRM_TENANT and self.crm_organization_id in self.organizations
        return is_held_back or contract.name in self.marts

    def __bool__(self) -> bool:
        """Return whether any row stays."""
        return bool(self.organizations or self.marts)


NOBODY: Final = HeldBack()


@dataclass(frozen=True)
class WrittenMart:
    """A mart that no model builds, such as the history of runs: its rows in the order of its contract's columns."""

    contract: ExportContract
    rows: pa.Table


@dataclass(frozen=True)
class PartedMart:
    """A mart that lies in Parquet files, one for each organization and drop, which are its rows' `drop_name`.

    What is published of a part stays as it is, unless the mart `is_rewritten`: parts never change.
    """

    contract: ExportContract
    parts: Mapping[tuple[int, str], Path]
    is_rewritten: bool = False


@dataclass(frozen=True)
class OrganizationRows:
    """An organization's rows of a mart, which take the place of those that it has there; others' stay as they are.

    Of a mart without a column for organizations, such as the CRM's, `organization_id` is None and they are all rows.
    """

    contract: ExportContract
    organization_id: int | None
    rows: pa.Table


AnyMart = WrittenMart | PartedMart | OrganizationRows
"""Rows of a mart that come from elsewhere than a model of this run."""


class Engine(Protocol):
    """What a run needs of an engine, in this order: stamped, load, the dbt session, stamp, read, commit."""

    name: str
    rebuilds_in_part: bool
    """Whether models of an earlier build may stay, so that only what has changed need be built."""

    def load(self, tables: Sequence[RawTable]) -> None:
        """Make every table a relation of the schema `raw`, replacing what was there."""

    def dbt_session(self) -> AbstractContextManager[Mapping[str, str]]:
        """Return the environment variables that dbt's profile reads; while it is open, only dbt uses the engine."""

    def stamp(self, content: str) -> str:
        """Write into the database what its models were built from; return a mark of all that was built."""

    def stamped(self, mark: str) -> str | None:
        """Return what was stamped; None where what was built is gone, or is not as it was when it got this mark."""

    def read(self, mart: str, columns: Sequence[str]) -> pa.Table:
        """Return the columns of a mart, all rows, in any order."""

    def read_in_order(self, mart: str, columns: Sequence[str], order_by: Sequence[str]) -> pa.Table:
        """Return the columns of a mart, all rows, as `scratch_database.in_order` sorts them."""

    def query(self, select: str) -> pa.Table:
        """Return the rows of a select that dbt has compiled, of the marts and of what they were built from."""

    def read_published(self, mart: str, having: Mapping[str, int | str]) -> pa.Table:
        """Return the rows of a mart as people read it, where the columns have these values."""

    def prepare(self, contracts: Sequence[ExportContract]) -> None:
        """Begin what of `commit` can be done before anybody knows whether it may be done; nobody sees it."""

    def commit(
        self, contracts: Sequence[ExportContract], held_back: HeldBack = NOBODY, written: Sequence[AnyMart] = ()
    ) -> None:
        """Let readers of the marts see this run's, but for the organizations held back, whose rows stay as they are.

        Beside what the models built they see the `written` marts.
        """

    def commit_written(self, written: Sequence[AnyMart]) -> None:
        """Let readers see these marts, where marts are published; all others stay as they are."""

    def close(self) -> None:
        """Release what the engine holds."""


def keeps_models(target: str, state: Path, mark: str) -> bool:
    """Return whether the models of the build with this mark stand, as far as the state folder knows."""
    if target == "duckdb":
        from pipeline.engines.duckdb import DATABASE_FILE, stamped_in

        return stamped_in(state / DATABASE_FILE, mark) is not None
    if target == "spark":
        from pipeline.engines.spark import SPARK_FOLDER
        from pipeline.engines.spark import stamped_in as stamped_in_spark

        return stamped_in_spark(state / SPARK_FOLDER, mark) is not None
    return True


def replace_marts(settings: Settings, marts: Sequence[AnyMart]) -> None:
    """Let readers of the marts see these rows of some of them at once; all others stay as they are.

    On Spark nothing is done: its marts are the weekly run's files.
    """
    if settings.target == "duckdb":
        from pipeline.engines.duckdb_marts import PUBLISHED_FILE, replace_written

        replace_written(settings.state / PUBLISHED_FILE, marts)
    elif settings.target == "postgres":
        from pipeline.engines.postgres_marts import replace_written as replace_in_postgres
        from pipeline.engines.postgres_server import open_server

        with open_server(settings).connect() as connection:
            replace_in_postgres(connection, marts)


def rewrite_marts(settings: Settings, change: Callable[[str, pa.Table], pa.Table]) -> list[str]:
    """Write the published marts as `change` gives each of them, by name and rows; return the names of what changes.

    On Spark they go with all that it has built: the next run makes them again.
    """
    if settings.target == "duckdb":
        from pipeline.engines.duckdb_marts import PUBLISHED_FILE
        from pipeline.engines.duckdb_marts import rewrite_marts as rewrite

        return rewrite(settings.state / PUBLISHED_FILE, change)
    if settings.target == "postgres":
        from pipeline.engines.postgres_marts import rewrite_marts as rewrite_in_postgres
        from pipeline.engines.postgres_server import open_server

        with open_server(settings).connect() as connection:
            return rewrite_in_postgres(connection, change)
    return []


def remove_build(settings: Settings) -> None:
    """Remove what the models of the latest run have built: the next run builds all of it again."""
    for path in settings.state.glob("warehouse.duckdb*"):
        path.unlink()
    shutil.rmtree(settings.state / "spark", ignore_errors=True)
    if settings.target == "postgres":
        from pipeline.engines.postgres import BUILT_SCHEMAS
        from pipeline.engines.postgres_server import open_server

        with open_server(settings).connect() as connection:
            for schema in BUILT_SCHEMAS:
                connection.execute(f'drop schema if exists "{schema}" cascade')
            connection.commit()


def shared_database_turn(settings: Settings, say: Callable[[str], None]) -> AbstractContextManager[None]:
    """Wait until no run of another state folder uses the database, where several may; `say` hears of that."""
    if settings.target != "postgres" or settings.postgres_url is None:
        return nullcontext()
    from pipeline.engines.postgres import run_turn

    return run_turn(settings, say)


def open_engine(settings: Settings) -> Engine:
    """Open the engine that the settings name, importing no other."""
    if settings.target == "postgres":
        from pipeline.engines.postgres import PostgresEngine

        return PostgresEngine(settings)
    if settings.target == "spark":
        from pipeline.engines.spark import SparkEngine

        return SparkEngine(settings)
    from pipeline.engines.duckdb import DuckDBEngine

    return DuckDBEngine(settings)
