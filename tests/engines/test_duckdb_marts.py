"""`published.duckdb`: this run's marts for queries, with the old rows of held-back organizations."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from pipeline.contracts.contract import CRM_TENANT, ContractColumn, ExportContract
from pipeline.engines import AnyMart, HeldBack, OrganizationRows, WrittenMart
from pipeline.engines.duckdb import DATABASE_FILE, DuckDBEngine
from pipeline.engines.duckdb_marts import PUBLISHED_FILE, publish_marts, replace_written, rewrite_marts
from pipeline.settings import Settings
from tests.engines.parted import parted

RUN = ContractColumn("run", "text", description="The run.")
CONTRACTS = (
    ExportContract("account_core", "1.0.0", "Accounts.", ("organization_id",), "organization_id", (RUN,)),
    ExportContract("accounts", "1.0.0", "The CRM's accounts.", ("run",), CRM_TENANT, (RUN,)),
)


def publish(file: Path, run: str, *held_back: int, written: Sequence[AnyMart] = ()) -> None:
    """Publish the marts of a run; every row has its name."""
    with duckdb.connect() as build:
        build.execute("create schema marts")
        build.execute(f"create table marts.account_core as select unnest([1, 2]) as organization_id, '{run}' as run")
        build.execute(f"create table marts.accounts as select '{run}' as run")
        build.execute(f"create table marts.run_metrics as select '{run}' as run")
        publish_marts(build, file, CONTRACTS, HeldBack(frozenset(held_back), crm_organization_id=1), written)


def rows(file: Path, mart: str) -> list[tuple[object, ...]]:
    with duckdb.connect(str(file), read_only=True) as connection:
        return connection.execute(f"select * from marts.{mart} order by all").fetchall()


@pytest.mark.parametrize(
    ("held_back", "core", "accounts"),
    [
        ((), [(1, "b"), (2, "b")], "b"),
        ((2,), [(1, "b"), (2, "a")], "b"),
        ((1,), [(1, "a"), (2, "b")], "a"),
    ],
)
def test_rows_of_an_organization_held_back_stay_as_they_were(
    tmp_path: Path, held_back: tuple[int, ...], core: list[tuple[int, str]], accounts: str
) -> None:
    """D40: the CRM's marts belong to organization 1; a mart of the run itself is always new."""
    file = tmp_path / "published.duckdb"
    publish(file, "a")
    publish(file, "b", *held_back)
    assert rows(file, "account_core") == core
    assert (rows(file, "accounts"), rows(file, "run_metrics")) == ([(accounts,)], [("b",)])


def test_an_organization_held_back_before_anything_was_published_has_no_rows(tmp_path: Path) -> None:
    publish(tmp_path / "published.duckdb", "a", 1)
    assert rows(tmp_path / "published.duckdb", "account_core") == [(2, "a")]
    assert rows(tmp_path / "published.duckdb", "accounts") == []


def test_a_reader_with_the_file_open_keeps_reading_the_old_rows(tmp_path: Path) -> None:
    file = tmp_path / "published.duckdb"
    publish(file, "a")
    with duckdb.connect(str(file), read_only=True) as reader:
        publish(file, "b")
        assert reader.execute("select run from marts.accounts").fetchall() == [("a",)]
    assert rows(file, "accounts") == [("b",)]


def test_marts_and_columns_have_their_descriptions(tmp_path: Path) -> None:
    file = tmp_path / "published.duckdb"
    publish(file, "a")
    with duckdb.connect(str(file), read_only=True) as connection:
        comments = connection.execute("select comment from duckdb_columns() where table_name = 'accounts'").fetchall()
        assert comments == [("The run.",)]
        marts = connection.execute("select comment from duckdb_tables() where table_name = 'accounts'").fetchall()
        assert marts == [("The CRM's accounts.",)]


def history(text: str) -> WrittenMart:
    return WrittenMart(
        ExportContract("run_history", "1.0.0", "Runs.", ("run",), "run", (RUN,)), pa.table({"run": [text]})
    )


def test_a_mart_without_a_model_is_published_and_replaced_on_its_own(tmp_path: Path) -> None:
    file = tmp_path / "published.duckdb"
    replace_written(file, [history("before anything")])
    assert not file.exists()
    publish(file, "a", written=[history("a")])
    replace_written(file, [history("b")])
    assert (rows(file, "run_history"), rows(file, "accounts")) == ([("b",)], [("a",)])


def test_a_mart_with_a_later_instant_stays(tmp_path: Path) -> None:
    file = tmp_path / "published.duckdb"
    publish(file, "a")
    with duckdb.connect() as build:
        build.execute("create schema marts; create table marts.accounts as select 'b' as run")
        publish_marts(build, file, CONTRACTS, HeldBack(marts=frozenset({"accounts"})))
    assert rows(file, "accounts") == [("a",)]


def test_a_mart_in_parts_has_the_rows_of_all_of_them(tmp_path: Path) -> None:
    file = tmp_path / "published.duckdb"
    publish(file, "a", written=[parted(tmp_path)])
    assert rows(file, "past") == []
    replace_written(file, [parted(tmp_path, "first", "second")])
    assert rows(file, "past") == [(1, "first", None), (1, "second", None)]


def test_only_one_organizations_rows_are_replaced(tmp_path: Path) -> None:
    file = tmp_path / "published.duckdb"
    publish(file, "a")
    core = OrganizationRows(CONTRACTS[0], 2, pa.table({"organization_id": [2, 2], "run": ["b", "c"]}))
    accounts = OrganizationRows(CONTRACTS[1], None, pa.table({"run": ["b"]}))
    absent = OrganizationRows(ExportContract("later", "1.0.0", "Later.", (), CRM_TENANT, (RUN,)), None, accounts.rows)
    replace_written(file, [core, accounts, absent])
    assert rows(file, "account_core") == [(1, "a"), (2, "b"), (2, "c")]
    assert (rows(file, "accounts"), rows(file, "run_metrics")) == ([("b",)], [("a",)])


def built(state: Path, run: str) -> DuckDBEngine:
    """Return an engine whose build has a run's marts."""
    with duckdb.connect(str(state / DATABASE_FILE)) as build:
        build.execute("create schema if not exists marts")
        build.execute(
            f"create or replace table marts.account_core as select unnest([1, 2]) as organization_id, '{run}' as run"
        )
    return DuckDBEngine(Settings(state=state))


@pytest.mark.parametrize("is_prepared", [True, False], ids=["prepared", "not prepared"])
@pytest.mark.parametrize(("held_back", "expected"), [((), "bb"), ((2,), "ba")])
def test_a_commit_publishes_the_same_whether_it_was_prepared_or_not(
    tmp_path: Path, is_prepared: bool, held_back: tuple[int, ...], expected: str
) -> None:
    with closing(built(tmp_path, "a")) as engine:
        engine.commit(CONTRACTS)
    with closing(built(tmp_path, "b")) as engine:
        if is_prepared:
            engine.prepare(CONTRACTS)
        assert "".join(str(run) for _, run in rows(tmp_path / PUBLISHED_FILE, "account_core")) == "aa"
        engine.commit(CONTRACTS, HeldBack(frozenset(held_back), crm_organization_id=1), [history("b")])
    assert "".join(str(run) for _, run in rows(tmp_path / PUBLISHED_FILE, "account_core")) == expected
    assert rows(tmp_path / PUBLISHED_FILE, "run_history") == [("b",)]
    assert {path.name for path in tmp_path.iterdir()} == {DATABASE_FILE, PUBLISHED_FILE}


def test_an_unused_draft_is_removed(tmp_path: Path) -> None:
    with closing(built(tmp_path, "a")) as engine:
        engine.prepare(CONTRACTS)
    assert {path.name for path in tmp_path.iterdir()} == {DATABASE_FILE}


def test_marts_are_rewritten_into_a_new_file_without_old_data(tmp_path: Path) -> None:
    file = tmp_path / PUBLISHED_FILE
    publish(file, "zelda")

    def change(name: str, rows: pa.Table) -> pa.Table:
        return pa.table({**rows.to_pydict(), "run": ["nobody"] * rows.num_rows}) if name == "accounts" else rows

    assert rewrite_marts(file, change) == ["accounts"]
    assert rows(file, "accounts") == [("nobody",)] and rows(file, "run_metrics") == [("zelda",)]
    with duckdb.connect(str(file), read_only=True) as connection:
        comments = connection.execute("select comment from duckdb_columns() where table_name = 'accounts'").fetchall()
    assert comments == [("The run.",)]
