"""Scripts: the recorded statements with which dbt builds some models, so that repeated builds do not need dbt.

dbt builds the models once for a state of the project and a choice of decisions, from empty tables, as of a placeholder
instant, and its statements are recorded. Before a build, each instant, day and year in them that derives from the
placeholder is replaced by the actual one. Otherwise the SQL is exactly dbt's.

dbt's overhead for 36 nodes is 1.5 s of CPU, and its imports and first build take 3.5 s (2026-11-29).
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import duckdb

from pipeline.common.errors import WarehouseError
from pipeline.common.formats import plural
from pipeline.common.progress import Progress
from pipeline.dbt.needed_nodes import with_ancestors
from pipeline.dbt.runner import DbtContext, NodeResult, ParsedProject
from pipeline.dbt.worker import DbtProcess
from pipeline.engines.duckdb import DuckDBEngine
from pipeline.engines.raw_tables import relations
from pipeline.ingest.landing.zone import Landing
from pipeline.ingest.sources import ingest_source
from pipeline.ingest.tables import SOURCE_TABLES
from pipeline.run_plan import RunPlan
from pipeline.settings import Settings
from pipeline.storage.local_files import write_whole

_STAND_IN: Final = datetime(9876, 7, 1, 12, 34, 56)
"""The placeholder instant: no model contains its year, and dates some months before and after are in that year too."""
_YEAR: Final = str(_STAND_IN.year)
_INSTANTS: Final = re.compile(rf"{_YEAR}(?P<day>-\d\d-\d\d(?P<clock>[ T]\d\d:\d\d:\d\d)?)?")


@dataclass(frozen=True)
class Statement:
    """The SQL that builds a node, or runs a test: its result then starts with the number of failing rows.

    `raw` are the raw tables (such as `crm__accounts`) that the node depends on.
    """

    name: str
    is_test: bool
    raw: tuple[str, ...]
    sql: str

    def at(self, plan: RunPlan) -> str:
        """Return the SQL as of a plan's instant; every date keeps its distance from the instant."""
        as_of = plan.as_of.replace(tzinfo=None, microsecond=0)

        def actual(found: re.Match[str]) -> str:
            if found["day"] is None:
                return str(plan.selected_year)
            if found["clock"] is None:
                return (as_of.date() + (date.fromisoformat(found[0]) - _STAND_IN.date())).isoformat()
            return (as_of + (datetime.fromisoformat(found[0]) - _STAND_IN)).isoformat(sep=found["clock"][0])

        return _INSTANTS.sub(actual, self.sql)


@dataclass(frozen=True)
class Script:
    """The statements of some models and their ancestors, in an order in which they can be executed."""

    statements: tuple[Statement, ...]

    def needed(self, changed: Collection[str] | None, always: Collection[str]) -> list[Statement]:
        """Return the statements of nodes that depend on changed raw tables (None: all nodes) or are `always` built.

        Seeds depend on no raw table, so they are only built with everything.
        """
        return [
            one
            for one in self.statements
            if changed is None or one.name in always or not set(one.raw).isdisjoint(changed)
        ]


def execute(statements: Sequence[Statement], engine: DuckDBEngine, plan: RunPlan, progress: Progress) -> None:
    """Have an engine execute statements one by one; WarehouseError if one or a test fails."""
    with progress.step("build", "nodes") as step:
        for done, one in enumerate(statements):
            step.update(done, len(statements), one.name)
            try:
                rows = engine.execute(one.at(plan))
                problem = f"{plural(rows[0][0], 'row')} failed" if one.is_test and rows[0][0] else None
            except (duckdb.IOException, duckdb.OutOfMemoryException):  # not the model's fault; `in_words` explains it
                raise
            except duckdb.Error as error:
                problem = str(error)
            if problem is not None:
                raise WarehouseError(
                    "the lists could not be built",
                    details=[f"{one.name}: {problem}"],
                    remedy="nothing was published; fix the data or the model that is named, and refresh again",
                )
        step.summary = plural(len(statements), "node")


@dataclass(frozen=True)
class ScriptOf:
    """Identifies a script: the models `wanted`, of which `views` become views."""

    wanted: Collection[str]
    views: Collection[str]

    def kept(self, chosen: Mapping[str, Any], project: ParsedProject, spare: Path, progress: Progress) -> Script:
        """Read the script from the folder of the parsed project or from `spare`; if there is none, have dbt make it.

        It applies to the decisions `chosen`; other decisions have the project's values. WarehouseError for a decision
        that could be mistaken for the placeholder's year.
        """
        for decision, value in chosen.items():
            if _YEAR in json.dumps(value):
                raise WarehouseError(
                    f"a refresh can't distinguish {decision} = {value} from the placeholder for its instant",
                    remedy=f"choose a value without the digits {_YEAR}",
                )
        name = self._name(chosen)
        places = [folder / name for folder in (project.folder, spare / project.folder.name)]
        for path in places:
            if (known := _read(path)) is not None:
                return known
        script = self._written(chosen, project.manifest, spare, progress)
        content = json.dumps([asdict(statement) for statement in script.statements], ensure_ascii=False, indent=1)
        try:
            write_whole(places[0], content)
        except OSError:  # an installed program's folder may not be writable
            places[1].parent.mkdir(parents=True, exist_ok=True)
            write_whole(places[1], content)
        return script

    def _name(self, chosen: Mapping[str, Any]) -> str:
        """Return the name of the script's file, which depends on everything that affects it."""
        described = [Path(__file__).read_text("utf-8"), sorted(self.wanted), sorted(self.views), chosen]
        return f"script-{hashlib.sha256(json.dumps(described, sort_keys=True).encode()).hexdigest()[:16]}.json"

    def _written(
        self, chosen: Mapping[str, Any], manifest: Mapping[str, Any], spare: Path, progress: Progress
    ) -> Script:
        """Have dbt build the models from empty tables, in a folder that is removed, and record what it executed."""
        with TemporaryDirectory(prefix="script-") as scratch, progress.step("dbt", "nodes") as step:
            folder = Path(scratch)
            landing = Landing(folder / "landing")
            sources = dict.fromkeys(table.source for table in SOURCE_TABLES)
            landed = [table for source in sources for table in ingest_source(source, None, landing, step)]
            engine = DuckDBEngine(Settings(state=folder))
            engine.load(relations(folder / "run", landed, (), ()))
            variables = {"as_of": _STAND_IN.isoformat(sep=" "), "selected_year": _STAND_IN.year, **chosen}
            arguments = ["build", "--exclude-resource-type", "unit_test"]
            process = DbtProcess(engine.name, spare, wanted=self.wanted, views=self.views)
            with engine.dbt_session() as environment, process as dbt:
                context = DbtContext(engine.name, folder / "dbt", environment, variables)
                nodes = list(dbt.run(arguments, context, lambda _: None))
            if failed := [f"{node.name}: {node.message or node.status}" for node in nodes if not node.ok]:
                raise WarehouseError(
                    "dbt could not build the models from tables without rows",
                    details=failed,
                    remedy="fix the model that is named, and refresh again",
                )
            step.summary = f"{plural(len(nodes), 'statement')} recorded, once for these models and decisions"
            executed = {path.stem: path.read_text("utf-8") for path in (folder / "dbt" / "run").rglob("*.*")}
            return Script(tuple(_statement(manifest, node, executed[node.name]) for node in nodes))


def _statement(manifest: Mapping[str, Any], node: NodeResult, executed: str) -> Statement:
    """Return the statement of a node from what dbt executed for it, after creating the node's schema."""
    is_test = node.resource_type == "test"
    schema = manifest["nodes"][node.unique_id]["schema"]
    sql = executed if is_test else f'create schema if not exists "{schema}";\n{executed}'
    return Statement(node.name, is_test, _raw_tables(manifest, node.unique_id), sql)


def _raw_tables(manifest: Mapping[str, Any], node: str) -> tuple[str, ...]:
    """List the raw tables that a node depends on."""
    found = with_ancestors(manifest["parent_map"], [node])
    sources = (manifest["sources"][key] for key in found if key in manifest["sources"])
    return tuple(sorted(f"{source['source_name']}__{source['name']}" for source in sources))


def _read(path: Path) -> Script | None:
    """Read a script; None if there is none, or it is damaged."""
    try:
        return Script(
            tuple(Statement(**{**known, "raw": tuple(known["raw"])}) for known in json.loads(path.read_text("utf-8")))
        )
    except (OSError, ValueError, TypeError, KeyError):
        return None
