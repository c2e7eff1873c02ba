"""dbt builds that are recorded once and repeated quickly, with one model's SQL changed.

A mutant changes the SQL that dbt compiled, which takes dbt seconds to compile again. So the relations of a build are
recorded (DDL, SQL, rows of seeds), and a repetition creates them again over the current sources.
"""

from __future__ import annotations

import hashlib
import json
import pickle
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

import duckdb
import pyarrow as pa

from pipeline.dbt.runner import DbtContext, NodeResult, OnNode, parsed_project, run_dbt

Change = Callable[[str, str], str]
"""Returns the SQL of a model (its name, its SQL) in the form to be tested."""

_DATABASE: Final = "WAREHOUSE_DUCKDB_PATH"


@dataclass(frozen=True)
class Relation:
    """A view, or a table with its DDL, as dbt created it."""

    schema: str
    name: str
    ddl: str | None
    sql: str


@dataclass(frozen=True)
class Build:
    """The result of a build: its relations in order of creation, seeds, and the queries of its tests."""

    nodes: list[NodeResult]
    relations: list[Relation]
    seeds: dict[str, bytes]
    """Keyed by name, as Arrow bytes: a process that only reads a build starts no Arrow threads, and may fork."""
    checks: dict[str, str]
    """Keyed by the node's name; each returned row is a fault."""

    def models(self) -> dict[str, str]:
        """Return the SQL of each model by its name."""
        return {relation.name: relation.sql for relation in self.relations}


@dataclass
class RecordedBuilds:
    """The builds recorded in a folder; its `run_dbt` replaces that of the pipeline."""

    folder: Path
    change: Change = lambda _, sql: sql
    used: set[str] = field(default_factory=set)
    """The names of the requested builds."""

    def run_dbt(self, arguments: Sequence[str], context: DbtContext, on_node: OnNode | None = None) -> list[NodeResult]:
        """Repeat the build with the same arguments and variables; run and record it the first time."""
        asked = json.dumps([list(arguments), dict(context.variables)], sort_keys=True, default=str)
        kept = self.folder / f"{hashlib.sha256(asked.encode()).hexdigest()[:16]}.build"
        self.used.add(kept.name)
        if kept.exists():
            return _repeat(read_build(kept), context, self.change)
        nodes = run_dbt(arguments, context, on_node)
        kept.write_bytes(pickle.dumps(_recorded(nodes, context)))
        return nodes


def read_build(kept: Path) -> Build:
    """Read a recorded build."""
    build: Build = pickle.loads(kept.read_bytes())
    return build


def _recorded(nodes: list[NodeResult], context: DbtContext) -> Build:
    compiled = {path.stem: path for path in (context.target_path / "compiled").rglob("*.sql") if path.is_file()}
    with duckdb.connect(context.environment[_DATABASE]) as connection:
        made = {
            name: (schema, ddl)
            for schema, name, ddl in connection.execute(
                "select schema_name, table_name, sql from duckdb_tables()"
                " union all select schema_name, view_name, null from duckdb_views() where not internal"
            ).fetchall()
        }
        seeds = {
            node.name: _packed(connection.sql(f"select * from seeds.{node.name}").to_arrow_table())
            for node in nodes
            if node.resource_type == "seed"
        }
    relations = [
        Relation(made[node.name][0], node.name, made[node.name][1], compiled[node.name].read_text())
        for node in nodes
        if node.resource_type == "model" and node.name in made
    ]
    checks = {node.name: compiled[node.name].read_text() for node in nodes if node.resource_type == "test"}
    return Build(nodes, relations, seeds, checks)


def _packed(rows: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, rows.schema) as writer:
        writer.write_table(rows)
    return bytes(sink.getvalue().to_pybytes())


def _repeat(build: Build, context: DbtContext, change: Change) -> list[NodeResult]:
    """Create the relations of a build again, run its tests, and return the result of each node."""
    compiled = context.target_path / "compiled"
    compiled.mkdir(parents=True, exist_ok=True)
    faults: dict[str, str] = {}
    with duckdb.connect(context.environment[_DATABASE]) as connection:
        connection.begin()
        for schema in sorted({"seeds", *(relation.schema for relation in build.relations)}):
            connection.execute(f"create schema if not exists {schema}")
        for name, rows in build.seeds.items():
            connection.register("rows_of_seed", pa.ipc.open_stream(rows).read_all())
            connection.execute(f"create or replace table seeds.{name} as select * from rows_of_seed")
        for relation in build.relations:
            sql = change(relation.name, relation.sql)
            (compiled / f"{relation.name}.sql").write_text(sql)
            try:
                _make(connection, replace(relation, sql=sql))
            except duckdb.Error as error:
                faults[relation.name] = str(error)
                break
        else:
            for name, query in build.checks.items():
                if found := connection.execute(query).fetchall():
                    faults[name] = f"{len(found)} rows"
        if not any(name in build.models() for name in faults):
            connection.commit()
    return [
        replace(node, status="error", message=faults[node.name]) if node.name in faults else node
        for node in build.nodes
    ]


def _make(connection: duckdb.DuckDBPyConnection, relation: Relation) -> None:
    whole_name = f"{relation.schema}.{relation.name}"
    if relation.ddl is None:
        connection.execute(f"create or replace view {whole_name} as ({relation.sql})")
    else:
        connection.execute(f"drop table if exists {whole_name}")
        connection.execute(relation.ddl)
        connection.execute(f"insert into {whole_name} by name {relation.sql}")


@dataclass(frozen=True)
class UnitTest:
    """A unit test of a model as dbt runs it: the actual and the expected rows."""

    name: str
    model: str
    query: str

    def fault(self, connection: duckdb.DuckDBPyConnection, change: Change) -> str | None:
        """Return the difference after the change, or None."""
        try:
            rows = connection.execute(change(self.model, self.query)).fetchall()
        except duckdb.Error as error:
            return str(error)
        are, should_be = (
            sorted(repr(row[:-1]) for row in rows if row[-1] == which) for which in ("actual", "expected")
        )
        return None if are == should_be else f"{are} instead of {should_be}"


def unit_tests(target: Path) -> list[UnitTest]:
    """Return the unit tests that dbt ran with this target folder."""
    ran = {path.stem: path for path in (target / "run").rglob("*.sql") if path.is_file()}
    return [
        UnitTest(test["name"], test["model"], ran[test["name"]].read_text())
        for test in parsed_project().manifest["unit_tests"].values()
        if test["name"] in ran
    ]
