"""The models as a room of mutants: every change of every model's SQL, and its tests."""

from __future__ import annotations

import functools
import hashlib
import importlib
import json
import os
import pickle
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import duckdb
from hypothesis import HealthCheck, Phase, settings

from pipeline.dbt import runner
from pipeline.dbt.runner import parsed_project, project_fingerprint
from pipeline.paths import PROJECT_ROOT
from tests.mutants.page import Judged
from tests.mutants.recorded_builds import Build, Change, RecordedBuilds, UnitTest, read_build, unit_tests
from tests.mutants.sql_changes import SqlMutant, changed, mutants, rewritten, shown
from tests.mutants.trial import INVALID, Verdict, first_failure, in_a_child

JUDGES: Final = (
    "tests/models/test_golden_company.py",
    "tests/models/customer_success/test_golden_tenant.py",
    "tests/models/customer_success/test_properties.py::test_tenants_of_many_peers_agree_with_a_plain_reading",
    "tests/models/test_combining_properties.py",
    "tests/models/test_spec_examples.py",
    "tests/models/test_revenue_and_risk_properties.py",
    "tests/models/customer_success/test_account_keys.py",
)
"""Tests that build models, besides the unit tests: golden files, plain readings, worked examples."""

QUICK: Final = 2
"""The number of these that take only seconds."""

UNIT_TESTS: Final = "tests/models/test_dbt_unit_tests.py"
"""A unit test of the changed model runs like in dbt, but without dbt."""

SECONDS_OF_A_TRIAL: Final = 240.0


_RELATION: Final = re.compile(r"\b(?:staging|intermediate|marts|monitoring)\.(\w+)")


@dataclass(frozen=True)
class Seen:
    """The models that a test file reads, and its duration in seconds."""

    read: list[str]
    seconds: float


class SqlRoom:
    """The mutants of the models, with the builds of their tests recorded in a folder."""

    name = "models"

    def __init__(self, folder: Path, is_quick: bool) -> None:
        self.folder = folder
        self.digest = f"{folder.name}{' quick' if is_quick else ''}"
        self._judges = JUDGES[:QUICK] if is_quick else JUDGES
        self.empty = folder / "empty"
        """A state folder with every model built on empty tables."""

    @functools.cached_property
    def seen(self) -> dict[str, Seen]:
        """The recorded models and duration of each test file."""
        content = json.loads((self.folder / "seen.json").read_text())
        return {file: Seen(**one) for file, one in content.items()}

    @functools.cached_property
    def build(self) -> Build:
        """The build of all models."""
        return next(
            build for path in self.folder.glob("*.build") if len((build := read_build(path)).relations) == self._models
        )

    @functools.cached_property
    def _models(self) -> int:
        nodes = parsed_project().manifest["nodes"].values()
        return sum(node["resource_type"] == "model" and node["config"]["materialized"] != "ephemeral" for node in nodes)

    @functools.cached_property
    def unit_tests(self) -> dict[str, list[UnitTest]]:
        """The unit tests of each model."""
        found = defaultdict(list)
        for test in unit_tests(self.empty / "target"):
            found[test.model].append(test)
        return found

    @functools.cached_property
    def judges(self) -> dict[str, list[str]]:
        """The test files that read a model or a descendant of it, fastest first, by model."""
        found = defaultdict(list)
        for file in sorted(self._judges, key=lambda file: self.seen[file].seconds):
            for model in _ancestors(self.seen[file].read):
                found[model].append(file)
        return found

    def mutants(self) -> list[SqlMutant]:
        """Every mutant of every model."""
        kept = self.folder / "mutants.pickle"
        if not kept.exists():
            kept.write_bytes(pickle.dumps([m for name, sql in self.build.models().items() for m in mutants(name, sql)]))
        found: list[SqlMutant] = pickle.loads(kept.read_bytes())
        return found

    def described(self, mutant: SqlMutant, killed_by: str | None) -> Judged:
        """Describe a tested mutant."""
        before, after = shown(mutant, self.build.models()[mutant.model])
        step = f", {mutant.place.step}" if mutant.place.step else ""
        return Judged(self.name, f"{mutant.model}{step}", mutant.kind, before, after, killed_by)

    def prepare(self) -> None:
        """Record the builds, and check that all tests pass on SQL that is formatted like a mutant's but unchanged."""
        self.folder.mkdir(parents=True, exist_ok=True)
        for module in ("pytest", "tests.models.harness", "tests.models.customer_success.worlds"):
            importlib.import_module(module)  # once for all forked processes
        if (self.folder / "seen.json").exists():
            return
        print("models: recording the builds of the tests (some minutes)", flush=True)
        self._in_a_child_or_fail("unit tests", self._record_unit_tests)
        seen = {}
        for file in JUDGES:
            names = self.folder / "read.json"
            self._in_a_child_or_fail(file, lambda file=file, names=names: self._record(file, names))
            seconds = self._in_a_child_or_fail(file, lambda file=file: self._fails([file], _rewrite))
            seen[file] = {"read": json.loads(names.read_text()), "seconds": seconds}
            print(f"models: {file}: {seconds:.1f} s", flush=True)
        (self.folder / "seen.json").write_text(json.dumps(seen))

    def _in_a_child_or_fail(self, what: str, judge: Callable[[], str | None]) -> float:
        verdict = in_a_child(judge, 600)
        if verdict.killed_by is not None:
            raise AssertionError(f"{what}: fails without a mutant: {verdict.killed_by}")
        return verdict.seconds

    def _record(self, file: str, names: Path) -> str | None:
        """Run a test file without changes, and record the models that it reads."""
        _stand_in(RecordedBuilds(self.folder))
        from tests.models import harness

        read: set[str] = set()
        query = harness.BuiltModels.query

        def seen(models: harness.BuiltModels, sql: str) -> list[harness.Row]:
            read.update(_RELATION.findall(sql))
            return query(models, sql)

        harness.BuiltModels.query = seen  # type: ignore[method-assign]
        failure = first_failure([str(PROJECT_ROOT / file)])
        names.write_text(json.dumps(sorted(read)))
        return failure

    def _record_unit_tests(self) -> str | None:
        """Build every model on empty tables, let dbt run the unit tests, and check that they pass here, too."""
        self.empty.mkdir(parents=True, exist_ok=True)
        _stand_in(RecordedBuilds(self.folder))
        from tests.models.test_dbt_unit_tests import run_unit_tests

        failed = [node.name for node in run_unit_tests(self.empty).values() if not node.ok]
        with self._empty_database() as connection:
            tests = unit_tests(self.empty / "target")
            failed += [test.name for test in tests if test.fault(connection, _rewrite)]
        return ", ".join(failed) or None

    def judge(self, mutant: SqlMutant) -> Verdict:
        """Run the tests on a mutant."""
        return in_a_child(lambda: self._killer(mutant), SECONDS_OF_A_TRIAL)

    def _killer(self, mutant: SqlMutant) -> str | None:
        def change(model: str, sql: str) -> str:
            return (changed(sql, mutant.place) or sql) if model == mutant.model else sql

        with self._empty_database() as connection:
            if not _is_valid(connection, change(mutant.model, self.build.models()[mutant.model])):
                return INVALID
            for test in self.unit_tests.get(mutant.model, ()):
                if test.fault(connection, change):
                    return f"{UNIT_TESTS}::{test.name}"
        return self._fails(self.judges.get(mutant.model, []), change)

    def _empty_database(self) -> duckdb.DuckDBPyConnection:
        """Open the database of the models on empty tables, because unit tests read some without given rows."""
        return duckdb.connect(str(self.empty / "warehouse.duckdb"), read_only=True)

    def _fails(self, files: Sequence[str], change: Change) -> str | None:
        """Run test files on models with changed SQL."""
        if not files:
            return None
        _stand_in(RecordedBuilds(self.folder, change))
        # a failure need not be shrunk: one is enough
        settings.register_profile(
            "mutants",
            derandomize=True,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow],
            phases=[Phase.explicit, Phase.generate],
        )
        os.environ["HYPOTHESIS_PROFILE"] = "mutants"
        return first_failure([str(PROJECT_ROOT / file) for file in files])


def _stand_in(builds: RecordedBuilds) -> None:
    """Replace dbt with recorded builds in this process."""
    from tests.models import harness

    runner.run_dbt = builds.run_dbt
    harness.run_dbt = builds.run_dbt


def _ancestors(models: Iterable[str]) -> set[str]:
    """Return some models and their ancestors."""
    manifest = parsed_project().manifest
    parents = manifest["parent_map"]
    waiting = [f"model.account_warehouse.{name}" for name in models]
    found: set[str] = set()
    while waiting:
        if (node := waiting.pop()) not in found:
            found.add(node)
            waiting += parents.get(node, [])
    return {manifest["nodes"][node]["name"] for node in found if node.startswith("model.")}


def _is_valid(connection: duckdb.DuckDBPyConnection, sql: str) -> bool:
    """Return whether DuckDB can bind the SQL."""
    try:
        connection.execute(f"explain {sql}")
    except (duckdb.BinderException, duckdb.ParserException, duckdb.CatalogException):
        return False
    except duckdb.Error:
        return True
    return True


def _rewrite(_: str, sql: str) -> str:
    return rewritten(sql)


def sql_room(folder: Path, is_quick: bool = False) -> SqlRoom:
    """Open the room in a folder; records of other models or tests are ignored."""
    digest = hashlib.sha256(project_fingerprint("duckdb").encode())
    for path in sorted((PROJECT_ROOT / "tests").rglob("*.py")):
        if path.parts[-2] != "mutants" and ("models" in path.parts or "explain" in path.parts):
            digest.update(path.read_bytes())
    return SqlRoom(folder / f"models-{digest.hexdigest()[:16]}", is_quick)
