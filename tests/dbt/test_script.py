"""The SQL that dbt runs for the lists is stored, and executed as of any instant without dbt."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest

from pipeline.common.errors import WarehouseError
from pipeline.common.progress import Progress, SilentView
from pipeline.contracts.lists import LISTS, REFERENCE_EXPORTS
from pipeline.dbt.needed_nodes import needed_nodes
from pipeline.dbt.runner import DbtContext, ParsedProject, parsed_project, run_dbt
from pipeline.dbt.script import Script, Statement, execute
from pipeline.engines.duckdb import DuckDBEngine
from pipeline.orchestration.list_models import CACHE, SCRIPT
from pipeline.run_plan import RunPlan
from pipeline.settings import Settings

PROGRESS = Progress(SilentView())


def plan_of(as_of: str, selected_year: int = 2025) -> RunPlan:
    return RunPlan(datetime.fromisoformat(as_of).replace(tzinfo=UTC), selected_year, {}, ())


@pytest.fixture(scope="module")
def script(tmp_path_factory: pytest.TempPathFactory) -> Script:
    """The script of the lists, as set-up or the first refresh stores it."""
    return SCRIPT.kept({}, parsed_project(), tmp_path_factory.mktemp("spare"), PROGRESS)


INSTANTS = ("2025-01-15 00:00:00", "2025-01-15 23:59:59", "2024-02-29 10:11:12")
YEAR = 2023
"""The selected one, so that it differs from the instants' own."""


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, str]]:
    """The SQL of all models of the lists, as dbt compiles it twice on one day and once on another."""
    folder = tmp_path_factory.mktemp("compiled")
    found = []
    for as_of in INSTANTS:
        target = folder / re.sub(r"\D", "", as_of)
        selected = needed_nodes(parsed_project().manifest, [*LISTS, *REFERENCE_EXPORTS])
        with DuckDBEngine(Settings(state=folder)).dbt_session() as environment:
            context = DbtContext("duckdb", target, environment, {"as_of": as_of, "selected_year": YEAR})
            arguments = ["compile", "--no-introspect", "--no-populate-cache", "--select", *selected]
            assert all(node.ok for node in run_dbt(arguments, context))
        found.append({path.stem: path.read_text() for path in Path(target, "compiled").rglob("*.sql")})
    return found


def test_within_a_day_only_the_cache_and_new_or_gone_duplicates_have_the_instant(
    compiled: list[dict[str, str]],
) -> None:
    """at-risk R29, D22, D23: so a refresh without changed sources builds only the cache.

    Accounts compare dates with the instant (D2), but no list shows the result.
    """
    early, late, _ = compiled
    assert set(early) == set(late) > {CACHE}
    differing = {name for name in early if early[name] != late[name]}
    assert differing == {CACHE, "duplicate_at_risk_estimates", "int_accounts__described"}


def test_a_script_equals_dbts_sql_as_of_any_instant(script: Script, compiled: list[dict[str, str]]) -> None:
    for as_of, models in zip(INSTANTS, compiled, strict=True):
        said = {one.name: one.at(plan_of(as_of, YEAR)) for one in script.statements}
        assert set(said) & set(models) >= {*LISTS, *REFERENCE_EXPORTS, "no_estimate_is_lost"}
        assert [name for name in set(said) & set(models) if models[name].strip() not in said[name]] == []


def test_instants_relative_to_a_scripts_own_move_with_it() -> None:
    sql = "timestamp '9876-07-01 12:34:56' < '9876-07-01T12:39:56Z', date '9876-07-02' - date '9876-06-01', year = 9876"
    said = Statement("any", False, (), sql).at(plan_of("2024-02-28 23:58:00", selected_year=2023))
    assert said == (
        "timestamp '2024-02-28 23:58:00' < '2024-02-29T00:03:00Z', date '2024-02-29' - date '2024-01-29', year = 2023"
    )


def test_only_statements_that_depend_on_changed_tables_are_executed(script: Script) -> None:
    def names(changed: list[str] | None) -> set[str]:
        return {one.name for one in script.needed(changed, always=[CACHE])}

    neglected = {"stg_crm__notification_snoozes", "int_accounts__neglect", "neglected_accounts"}
    at_risk = {"int_renewals__candidates", "int_renewals__duplicate_groups", "at_risk_accounts"}
    assert names(["crm__notification_snoozes"]) == neglected | at_risk | {
        "duplicate_at_risk_estimates",
        "accounts",
        CACHE,
    }
    assert names([]) == {CACHE}
    assert {"won_statuses", "stg_crm__estimates", "no_estimate_is_lost"} <= names(None)


def test_a_script_is_written_once_per_set_of_decisions(script: Script, tmp_path: Path) -> None:
    project = ParsedProject(tmp_path / "project")
    project.folder.symlink_to(parsed_project().folder)
    assert SCRIPT.kept({}, project, tmp_path / "unused", PROGRESS) == script
    assert not (tmp_path / "unused").exists()


def test_a_decision_that_looks_like_the_instant_is_refused(tmp_path: Path) -> None:
    with pytest.raises(WarehouseError, match="neglect_days = 9876 from the placeholder"):
        SCRIPT.kept({"neglect_days": 9876}, parsed_project(), tmp_path, PROGRESS)


@pytest.mark.parametrize(("is_test", "sql"), [(True, "select 3 as failures"), (False, "from nowhere")])
def test_a_failing_statement_or_test_is_named_and_is_the_last_one_executed(
    tmp_path: Path, is_test: bool, sql: str
) -> None:
    engine = DuckDBEngine(Settings(state=tmp_path))
    statements = [Statement("torn", is_test, (), sql), Statement("later", False, (), "create table later (id int)")]
    with pytest.raises(WarehouseError, match=r"torn: (3 rows failed|Catalog Error)"):
        execute(statements, engine, plan_of(INSTANTS[0]), PROGRESS)
    assert engine.execute("select table_name from duckdb_tables()") == []
    engine.close()


def test_a_disk_error_is_not_reported_as_a_models_fault(tmp_path: Path) -> None:
    engine = DuckDBEngine(Settings(state=tmp_path))
    refused = Statement("sound", False, (), f"copy (select 1) to '{tmp_path}/nowhere/rows.parquet'")
    with pytest.raises(duckdb.IOException, match="nowhere"):
        execute([refused], engine, plan_of(INSTANTS[0]), PROGRESS)
    engine.close()
