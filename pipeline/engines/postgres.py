"""The engine for a shared warehouse: PostgreSQL, in which people can read the marts during runs.

A run works in its own schemas (raw, seeds, staging, intermediate, marts_build, monitoring); people read `marts`, which
the commit fills. The connection is in `postgres_server.py`, the commit in `postgres_marts.py`.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from decimal import Decimal
from typing import Any, Final

import pyarrow as pa
import pyarrow.dataset as ds
from psycopg import sql

from pipeline.common.errors import WarehouseError
from pipeline.common.scratch_database import in_order
from pipeline.contracts.contract import ExportContract
from pipeline.engines import NOBODY, AnyMart, HeldBack, RawTable
from pipeline.engines.postgres_marts import BUILD_SCHEMA, MARTS_SCHEMA, publish_marts, replace_written
from pipeline.engines.postgres_seal import seal_tables
from pipeline.engines.postgres_server import PostgresServer, open_server
from pipeline.settings import Settings
from pipeline.storage.local_files import write_whole

_TURN: Final = 7_206_113_482_001
"""The advisory lock that lets one step at a time, of all machines, use the database."""
_RUN_TURN: Final = 7_206_113_482_002
"""The advisory lock that lets one run at a time use the database, so that no other builds between its steps."""

_BATCH_ROWS: Final = 65_536

BUILT_SCHEMAS: Final = ("raw", "seeds", "staging", "intermediate", BUILD_SCHEMA, "monitoring")

_TYPES: Final[dict[pa.DataType, str]] = {
    pa.int64(): "bigint",
    pa.int32(): "integer",
    pa.string(): "text",
    pa.bool_(): "boolean",
    pa.date32(): "date",
    pa.timestamp("us"): "timestamp without time zone",
}


@contextmanager
def run_turn(settings: Settings, say: Callable[[str], None]) -> Iterator[None]:
    """Wait until no other run, of any state folder, uses the database; `say` is called if it must wait."""
    server = open_server(settings)
    with closing(server.connect()) as connection:
        connection.autocommit = True
        if connection.execute("select pg_try_advisory_lock(%s)", (_RUN_TURN,)).fetchone() != (True,):
            say(f"another run is using {server.where}; waiting for it to end")
            connection.execute("select pg_advisory_lock(%s)", (_RUN_TURN,))
        yield


class PostgresEngine:
    """The engine on PostgreSQL. Only raw tables whose rows have changed are copied; marts have a build schema."""

    name = "postgres"
    rebuilds_in_part = False

    def __init__(self, settings: Settings) -> None:
        self._stamp_file = settings.state / "postgres-build"
        self._server: PostgresServer = open_server(settings)
        self._connection = self._server.connect()
        self._connection.execute("select pg_advisory_lock(%s)", (_TURN,))
        self._connection.commit()

    def load(self, tables: Sequence[RawTable]) -> None:
        """Copy every table whose rows are not in the database yet."""
        self._ensure_schemas("raw", BUILD_SCHEMA)
        loaded = self._loaded_fingerprints()
        with closing(self._server.connect_arrow()) as connection:
            for table in tables:
                if loaded.get(table.name) != table.fingerprint:
                    self._copy(connection, table)
        self._stamp()

    def stamp(self, content: str) -> str:
        """Store the stamp together with this state folder's own mark; return the mark of what was built."""
        seal_tables(self._connection, BUILT_SCHEMAS, BUILD_SCHEMA)
        self._comment(f"{self._own_stamp()}\n{content}")
        return self._mark()

    def stamped(self, mark: str) -> str | None:
        """Return the stamp; None if another state folder has loaded tables, or anything was changed since."""
        own, _, content = self._stamped_comment().partition("\n")
        return content if content and own == self._own_stamp() and self._mark() == mark else None

    @contextmanager
    def dbt_session(self) -> Iterator[Mapping[str, str]]:
        """Yield the variables that give dbt the server, and its macros the collation for lower case."""
        yield {**self._server.dbt_environment(), "WAREHOUSE_POSTGRES_CASE": self._server.case_collation()}

    def read(self, mart: str, columns: Sequence[str]) -> pa.Table:
        """Read the columns of a mart as this state folder's latest run built it."""
        self._check_stamp()
        types = dict(self._columns_of(BUILD_SCHEMA, mart))
        if not types:
            raise WarehouseError(
                f"there is no mart {mart}", where=self._server.where, remedy="run the whole pipeline with this target"
            )
        query = sql.SQL("select {} from {}").format(
            sql.SQL(", ").join(map(sql.Identifier, columns)), sql.Identifier(BUILD_SCHEMA, mart)
        )
        with closing(self._server.connect_arrow()) as connection, connection.cursor() as cursor:
            cursor.execute(query.as_string())
            table = cursor.fetch_arrow_table()
        return pa.table({name: _in_type(table[name], types[name], f"{mart}.{name}") for name in columns})

    def read_in_order(self, mart: str, columns: Sequence[str], order_by: Sequence[str]) -> pa.Table:
        """Read the columns of a mart and sort them here, because the server orders texts differently."""
        return in_order(self.read(mart, columns), order_by)

    def query(self, select: str) -> pa.Table:
        """Return the rows of a select on what this state folder's latest run built."""
        self._check_stamp()
        with closing(self._server.connect_arrow()) as connection, connection.cursor() as cursor:
            cursor.execute(select)
            table = cursor.fetch_arrow_table()
        return pa.table({name: _plain(table[name]) for name in table.column_names})

    def read_published(self, mart: str, having: Mapping[str, int | str]) -> pa.Table:
        """Return rows of the schema `marts`, JSON as text."""
        types = dict(self._columns_of(MARTS_SCHEMA, mart))
        columns = sql.SQL(", ").join(
            sql.SQL("{0}::text as {0}" if types[name] == "jsonb" else "{0}").format(sql.Identifier(name))
            for name in types
        )
        chosen = sql.SQL(" and ").join(
            sql.SQL("{} = {}").format(sql.Identifier(name), sql.Literal(value)) for name, value in having.items()
        )
        query = sql.SQL("select {} from {} where {}").format(columns, sql.Identifier(MARTS_SCHEMA, mart), chosen)
        with closing(self._server.connect_arrow()) as connection, connection.cursor() as cursor:
            cursor.execute(query.as_string())
            table = cursor.fetch_arrow_table()
        return pa.table({name: _in_type(table[name], types[name], f"{mart}.{name}") for name in types})

    def prepare(self, contracts: Sequence[ExportContract]) -> None:
        """Do nothing: the commit is one transaction."""

    def commit(
        self, contracts: Sequence[ExportContract], held_back: HeldBack = NOBODY, written: Sequence[AnyMart] = ()
    ) -> None:
        """Publish this run's marts in one transaction."""
        self._check_stamp()
        publish_marts(self._connection, contracts, held_back, written)

    def commit_written(self, written: Sequence[AnyMart]) -> None:
        """Publish these marts."""
        replace_written(self._connection, written)

    def close(self) -> None:
        """Release the lock and the connection."""
        self._connection.close()

    def _ensure_schemas(self, *names: str) -> None:
        """Create missing schemas; a role that owns all of them needs no right to create any."""
        for name in names:
            if not self._connection.execute("select 1 from pg_namespace where nspname = %s", (name,)).fetchone():
                self._connection.execute(sql.SQL("create schema {}").format(sql.Identifier(name)))
        self._connection.commit()

    def _loaded_fingerprints(self) -> dict[str, str | None]:
        """Read the comment of each raw table, which is the fingerprint of its rows."""
        rows = self._connection.execute(
            "select relname, obj_description(oid, 'pg_class') from pg_class"
            " where relnamespace = 'raw'::regnamespace and relkind = 'r'"
        ).fetchall()
        self._connection.commit()
        return {str(name): None if comment is None else str(comment) for name, comment in rows}

    def _copy(self, connection: Any, table: RawTable) -> None:
        """Replace a raw table's rows, its statistics and its fingerprint in one transaction."""
        name = sql.Identifier("raw", table.name).as_string()
        columns = [(field.name, _sql_type(field.type)) for field in table.schema]
        with connection.cursor() as cursor:
            if self._columns_of("raw", table.name) == columns:
                cursor.execute(f"truncate {name}")  # views on it stay
            else:
                definitions = ", ".join(f"{sql.Identifier(column).as_string()} {kind}" for column, kind in columns)
                cursor.execute(f"drop table if exists {name} cascade")
                cursor.execute(f"create table {name} ({definitions})")
            rows = ds.dataset(list(table.parts), schema=table.schema, format="parquet")
            batches = rows.scanner(batch_size=_BATCH_ROWS).to_reader()
            cursor.adbc_ingest(table.name, batches, mode="append", db_schema_name="raw")
            cursor.execute(f"comment on table {name} is {sql.Literal(table.fingerprint).as_string()}")
            cursor.execute(f"analyze {name}")
        connection.commit()

    def _columns_of(self, schema: str, table: str) -> list[tuple[str, str]]:
        """List a table's columns with their types in the form of the catalogue; none if there is no such table."""
        rows = self._connection.execute(
            "select attname, format_type(atttypid, atttypmod) from pg_attribute"
            " where attrelid = to_regclass(%s) and attnum > 0 and not attisdropped order by attnum",
            (sql.Identifier(schema, table).as_string(),),
        ).fetchall()
        self._connection.commit()
        return [(str(name), str(kind)) for name, kind in rows]

    def _stamp(self) -> None:
        """Mark everything that is built from now on as built by this state folder."""
        stamp = uuid.uuid4().hex
        self._comment(stamp)
        write_whole(self._stamp_file, stamp)

    def _comment(self, text: str) -> None:
        """Set the comment of the build schema, which holds the stamp."""
        self._connection.execute(
            sql.SQL("comment on schema {} is {}").format(sql.Identifier(BUILD_SCHEMA), sql.Literal(text))
        )
        self._connection.commit()

    def _stamped_comment(self) -> str:
        row = self._connection.execute(
            "select obj_description(to_regnamespace(%s), 'pg_namespace')", (BUILD_SCHEMA,)
        ).fetchone()
        self._connection.commit()
        return str(row[0] or "") if row else ""

    def _own_stamp(self) -> str:
        """Return the mark of this state folder's latest load; empty if there was none."""
        return self._stamp_file.read_text() if self._stamp_file.exists() else ""

    def _mark(self) -> str:
        """Hash the identities of the models and of the relations that they read: dbt recreates each relation it builds.

        A seed or raw table that is filled again gets another file (`relfilenode`); a view may be replaced in place, so
        its query is included. When rows change in place, a trigger removes the stamp.
        """
        rows = self._connection.execute(
            "select nspname, relname, pg_class.oid, relfilenode,"
            " case when relkind = 'v' then pg_get_viewdef(pg_class.oid) end from pg_class"
            " join pg_namespace on pg_namespace.oid = relnamespace"
            " where nspname = any(%s) and relkind in ('r', 'v', 'm') order by 1, 2",
            (list(BUILT_SCHEMAS),),
        ).fetchall()
        self._connection.commit()
        return hashlib.sha256(repr(rows).encode()).hexdigest()

    def _check_stamp(self) -> None:
        """Raise WarehouseError if a run from another state folder has built the marts since."""
        own = self._own_stamp()
        if not own or self._stamped_comment().partition("\n")[0] != own:
            raise WarehouseError(
                "the marts in the database were not built by this state folder's latest run",
                where=self._server.where,
                remedy="run the whole pipeline again; let the runs of a database share one state folder",
            )


def _sql_type(kind: pa.DataType) -> str:
    """Return the column type for an Arrow type, in the form of PostgreSQL's catalogue."""
    if pa.types.is_decimal(kind):
        return f"numeric({kind.precision},{kind.scale})"
    return _TYPES[kind]


def _in_type(values: pa.ChunkedArray, kind: str, where: str) -> pa.ChunkedArray:
    """Convert numerics, which the driver returns as text, to decimals with their column's precision and scale."""
    if not kind.startswith("numeric"):
        return values
    if "(" not in kind:
        raise WarehouseError(
            "the column is numeric without precision and scale", where=where, remedy="cast it in the model"
        )
    precision, scale = kind.removeprefix("numeric(").removesuffix(")").split(",")
    texts = pa.chunked_array([_storage(chunk) for chunk in values.chunks], pa.string())
    return texts.cast(pa.decimal128(int(precision), int(scale)))


def _storage(chunk: pa.Array) -> pa.Array:
    return chunk.storage if isinstance(chunk, pa.ExtensionArray) else chunk


def _plain(values: pa.ChunkedArray) -> pa.ChunkedArray:
    """Convert numerics, which the driver returns as text, to decimals with as many digits as they have."""
    if not isinstance(values.type, pa.BaseExtensionType):
        return values
    decimals = [None if value is None else Decimal(str(value)) for value in values.to_pylist()]
    has_values = any(value is not None for value in decimals)
    return pa.chunked_array([pa.array(decimals, None if has_values else pa.decimal128(38, 6))])
