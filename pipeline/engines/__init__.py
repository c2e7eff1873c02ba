"""The engines: DuckDB, PostgreSQL or Spark behind one small protocol. Nothing else depends on the engine."""

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
    """The organizations whose published rows stay (D40), and the one that the CRM's marts belong to.

    The `marts` that were published with a later instant stay too.
    """

    organizations: frozenset[int] = frozenset()
    crm_organization_id: int = 0
    marts: frozenset[str] = frozenset()

    @property
    def listed(self) -> str:
        """The organizations as a list in SQL."""
        return ", ".join(map(str, sorted(self.organizations)))

    def keeps_whole(self, contract: ExportContract | None) -> bool:
        """Return whether a complete mart stays: one of `marts`, or the CRM's if that organization is held back."""
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
    """A mart in Parquet files, one per organization and drop, whose name is the `drop_name` of its rows.

    Published parts stay as they are, unless the mart `is_rewritten`, because parts never change.
    """

    contract: ExportContract
    parts: Mapping[tuple[int, str], Path]
    is_rewritten: bool = False


@dataclass(frozen=True)
class OrganizationRows:
    """An organization's rows of a mart, which replace its published ones; those of others stay.

    For a mart without organizations, such as the CRM's, `organization_id` is None and these are all rows.
    """

    contract: ExportContract
    organization_id: int | None
    rows: pa.Table


AnyMart = WrittenMart | PartedMart | OrganizationRows
"""Rows of a mart that no model of this run has built."""


class Engine(Protocol):
    """What a run needs of an engine, in this order: stamped, load, the dbt session, stamp, read, commit."""

    name: str
    rebuilds_in_part: bool
    """Whether models of an earlier build can stay, so that only what has changed is built."""

    def load(self, tables: Sequence[RawTable]) -> None:
        """Make every table a relation of the schema `raw`, replacing existing ones."""

    def dbt_session(self) -> AbstractContextManager[Mapping[str, str]]:
        """Return the environment variables of dbt's profile; in the block, only dbt uses the engine."""

    def stamp(self, content: str) -> str:
        """Write into the database what its models were built from; return a mark of everything that was built."""

    def stamped(self, mark: str) -> str | None:
        """Return the stamp; None if what was built is gone, or has changed since it got this mark."""

    def read(self, mart: str, columns: Sequence[str]) -> pa.Table:
        """Return the columns of a mart, all rows, in any order."""

    def read_in_order(self, mart: str, columns: Sequence[str], order_by: Sequence[str]) -> pa.Table:
        """Return the columns of a mart, all rows, as `scratch_database.in_order` sorts them."""

    def query(self, select: str) -> pa.Table:
        """Return the rows of a select that dbt has compiled, on the marts and what they were built from."""

    def read_published(self, mart: str, having: Mapping[str, int | str]) -> pa.Table:
        """Return the published rows of a mart that have these values."""

    def prepare(self, contracts: Sequence[ExportContract]) -> None:
        """Start the part of `commit` that can be done before its approval; nobody sees it."""

    def commit(
        self, contracts: Sequence[ExportContract], held_back: HeldBack = NOBODY, written: Sequence[AnyMart] = ()
    ) -> None:
        """Publish this run's marts, except the rows of organizations held back, which stay.

        The `written` marts are published with them.
        """

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
    """Publish these rows of some marts at once; all others stay.

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
    """Write the published marts as `change` returns each of them, by name and rows; return the names of changed marts.

    On Spark they are removed with everything that it has built, and the next run makes them again.
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
    """Remove what the models of the latest run have built, so that the next run builds all of it."""
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
    """Wait until no run of another state folder uses the database, if it is shared; `say` is told about it."""
    if settings.target != "postgres" or settings.postgres_url is None:
        return nullcontext()
    from pipeline.engines.postgres import run_turn

    return run_turn(settings, say)


def open_engine(settings: Settings) -> Engine:
    """Open the engine of the settings, without importing any other."""
    if settings.target == "postgres":
        from pipeline.engines.postgres import PostgresEngine

        return PostgresEngine(settings)
    if settings.target == "spark":
        from pipeline.engines.spark import SparkEngine

        return SparkEngine(settings)
    from pipeline.engines.duckdb import DuckDBEngine

    return DuckDBEngine(settings)
