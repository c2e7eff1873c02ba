"""The engines: DuckDB, PostgreSQL or Spark behind one small protocol, on which all other code depends."""

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
"""The column of a mart with the organization of each row."""


@dataclass(frozen=True)
class RawTable:
    """A relation of the raw schema. `parts` have at least `schema`'s columns; `fingerprint` changes with the rows."""

    name: str
    schema: pa.Schema
    parts: tuple[Path, ...]
    fingerprint: str


@dataclass(frozen=True)
class HeldBack:
    """The published rows that stay: those of organizations held back (D40), and complete marts with a later `as_of`.

    `crm_organization_id` is the organization that the CRM's marts belong to.
    """

    organizations: frozenset[int] = frozenset()
    crm_organization_id: int = 0
    marts: frozenset[str] = frozenset()

    @property
    def listed(self) -> str:
        """The organizations as a list in SQL."""
        return ", ".join(map(str, sorted(self.organizations)))

    def keeps_whole(self, contract: ExportContract | None) -> bool:
        """Return whether a mart stays completely: one of `marts`, or the CRM's if that organization is held back."""
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
    """A mart that no model builds, such as the history of runs: its rows, sorted by the key of its contract."""

    contract: ExportContract
    rows: pa.Table


@dataclass(frozen=True)
class PartedMart:
    """A mart in Parquet files, one per organization and drop; the column `drop_name` names the drop.

    Parts that are already published are not written again, because they never change, unless the mart `is_rewritten`.
    """

    contract: ExportContract
    parts: Mapping[tuple[int, str], Path]
    is_rewritten: bool = False


@dataclass(frozen=True)
class OrganizationRows:
    """An organization's rows of a mart, which replace its published rows; rows of others stay.

    For a mart without organizations, such as the CRM's, `organization_id` is None and these are all its rows.
    """

    contract: ExportContract
    organization_id: int | None
    rows: pa.Table


AnyMart = WrittenMart | PartedMart | OrganizationRows
"""Rows of a mart that no model of this run has built."""


class Engine(Protocol):
    """An engine, as a run uses it: `stamped`, `load`, `dbt_session`, `stamp`, `read`, `commit`, in this order."""

    name: str
    rebuilds_in_part: bool
    """Whether only models that have changed need to be built, because others stay from an earlier build."""

    def load(self, tables: Sequence[RawTable]) -> None:
        """Make a relation of every table in the schema `raw`, replacing existing ones."""

    def dbt_session(self) -> AbstractContextManager[Mapping[str, str]]:
        """Yield the environment variables for dbt's profile; within the block, only dbt uses the engine."""

    def stamp(self, content: str) -> str:
        """Store in the database what its models were built from; return a mark that identifies what was built."""

    def stamped(self, mark: str) -> str | None:
        """Return the stamp; None if what was built is gone, or has changed since `stamp` returned this mark."""

    def read(self, mart: str, columns: Sequence[str]) -> pa.Table:
        """Return the columns of a mart, all rows, in any order."""

    def read_in_order(self, mart: str, columns: Sequence[str], order_by: Sequence[str]) -> pa.Table:
        """Return the columns of a mart, all rows, as `scratch_database.in_order` sorts them."""

    def query(self, select: str) -> pa.Table:
        """Return the rows of a compiled dbt query on the marts and the models that they were built from."""

    def read_published(self, mart: str, having: Mapping[str, int | str]) -> pa.Table:
        """Return the published rows of a mart that have these values."""

    def prepare(self, contracts: Sequence[ExportContract]) -> None:
        """Start the part of `commit` that can be done before publication is decided; readers do not see it."""

    def commit(
        self, contracts: Sequence[ExportContract], held_back: HeldBack = NOBODY, written: Sequence[AnyMart] = ()
    ) -> None:
        """Publish this run's marts, except the rows that stay (`held_back`), and with them the `written` marts."""

    def commit_written(self, written: Sequence[AnyMart]) -> None:
        """Publish these marts, if marts are published; all others stay."""

    def close(self) -> None:
        """Release what the engine holds."""


def keeps_models(target: str, state: Path, mark: str) -> bool:
    """Return whether the models of the build with this mark are intact, as far as the state folder knows."""
    if target == "duckdb":
        from pipeline.engines.duckdb import DATABASE_FILE, stamped_in

        return stamped_in(state / DATABASE_FILE, mark) is not None
    if target == "spark":
        from pipeline.engines.spark import SPARK_FOLDER
        from pipeline.engines.spark import stamped_in as stamped_in_spark

        return stamped_in_spark(state / SPARK_FOLDER, mark) is not None
    return True


def replace_marts(settings: Settings, marts: Sequence[AnyMart]) -> None:
    """Publish these rows of marts atomically; all other rows stay.

    Does nothing on Spark, whose marts are the files of the weekly run.
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
    """Replace each published mart by what `change` returns for its name and rows; return the names of changed marts.

    This does nothing on Spark, where `remove_build` removes the marts and the next run builds them again.
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
    """Remove what the latest run has built, so that the next run builds everything."""
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
    """Wait until no run of another state folder uses a shared database; `say` is called with a note if it must wait."""
    if settings.target != "postgres" or settings.postgres_url is None:
        return nullcontext()
    from pipeline.engines.postgres import run_turn

    return run_turn(settings, say)


def open_engine(settings: Settings) -> Engine:
    """Open the configured engine, without importing the others."""
    if settings.target == "postgres":
        from pipeline.engines.postgres import PostgresEngine

        return PostgresEngine(settings)
    if settings.target == "spark":
        from pipeline.engines.spark import SparkEngine

        return SparkEngine(settings)
    from pipeline.engines.duckdb import DuckDBEngine

    return DuckDBEngine(settings)
