"""The schema `marts`: one run's complete rows in native types, before, during and after every commit."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pyarrow as pa
import pytest

from pipeline.common.errors import WarehouseError
from pipeline.contracts.read_contracts import contracts_in_folder
from pipeline.engines import HeldBack, OrganizationRows, WrittenMart
from pipeline.engines.postgres_marts import publish_marts, replace_written, rewrite_marts
from pipeline.engines.postgres_server import PostgresServer, open_server
from pipeline.paths import PROJECT_ROOT
from pipeline.settings import Settings
from pipeline.state.run_history import run_history, run_history_contract
from pipeline.state.runs import OrganizationOutcome, RunRecord
from tests.engines.parted import parted

ROWS = 400
COMMITS = 25
PATIENCE = 60
"""Timeout in seconds for a look that takes milliseconds."""

CONTRACTS = contracts_in_folder(PROJECT_ROOT / "models")


@pytest.fixture
def server(state: Path) -> Iterator[PostgresServer]:
    """A server without builds or publications."""
    server = open_server(Settings(state=state))
    with server.connect() as connection:
        connection.execute("drop schema if exists marts cascade")
        connection.execute("drop schema if exists marts_build cascade")
        connection.execute("create schema marts_build")
    return server


def build(connection: psycopg.Connection[tuple[object, ...]], generation: int) -> None:
    """Build two marts with the generation in every row; odd generations have more rows."""
    rows = ROWS + generation % 2
    connection.execute("drop table if exists marts_build.accounts, marts_build.at_risk_accounts")
    connection.execute(
        f"create table marts_build.accounts as select 'a' || n as id, {generation} as generation,"
        """ '{"2024":1.50,"2025":-0.05}' as revenue_by_year, '{"2024":"A"}' as segment_by_year"""
        f" from generate_series(1, {rows}) n"
    )
    connection.execute(
        f"create table marts_build.at_risk_accounts as select 'a' || n as account_id, {generation} as generation"
        f" from generate_series(1, {rows}) n"
    )
    connection.commit()


SEEN = "select '{0}', min(generation), max(generation), count(*) from marts.{0}"


class Reader(threading.Thread):
    """Reads both marts until stopped, and records what each look saw and what was inconsistent."""

    def __init__(self, server: PostgresServer) -> None:
        super().__init__()
        self.server = server
        self.ending = threading.Event()
        self.looks: queue.SimpleQueue[set[object]] = queue.SimpleQueue()
        self.faults: list[object] = []

    def run(self) -> None:
        with closing(self.server.connect()) as connection:
            while not self.ending.is_set():
                self.looks.put(self.look(connection))

    def sees(self, generation: int) -> bool:
        """Wait for a look that starts after this call, and return whether it sees the generation."""
        for _ in range(self.looks.qsize() + 2):
            seen = self.looks.get(timeout=PATIENCE)
        return seen == {generation}

    def look(self, connection: psycopg.Connection[tuple[object, ...]]) -> set[object]:
        """Read both marts in one query, then each in its own query in one repeatable-read transaction."""
        one = connection.execute(f"{SEEN.format('accounts')} union all {SEEN.format('at_risk_accounts')}").fetchall()
        connection.commit()
        connection.execute("set transaction isolation level repeatable read")
        several = [row for name in ("accounts", "at_risk_accounts") for row in connection.execute(SEEN.format(name))]
        connection.commit()
        found: set[object] = set()
        for seen in (one, several):
            generations = {generation for _, low, high, _ in seen for generation in (low, high)}
            whole = len(generations) == 1 and all(count == ROWS + low % 2 for _, low, _, count in seen)  # type: ignore[operator]
            found |= generations
            if not whole:
                self.faults.append(seen)
        return found


def test_five_readers_who_poll_during_commits_always_see_one_whole_run(server: PostgresServer) -> None:
    readers = [Reader(server) for _ in range(5)]
    with closing(server.connect()) as connection:
        build(connection, 0)
        publish_marts(connection, CONTRACTS)
        for reader in readers:
            reader.start()
        try:
            for generation in range(1, COMMITS + 1):
                build(connection, generation)
                publish_marts(connection, CONTRACTS)
                assert all(reader.sees(generation) for reader in readers)
        finally:
            for reader in readers:
                reader.ending.set()
                reader.join()
    assert [reader.faults for reader in readers] == [[]] * 5


def test_rows_of_an_earlier_drop_replace_those_of_a_mart(server: PostgresServer) -> None:
    (contract,) = (contract for contract in CONTRACTS if contract.name == "accounts")
    earlier = pa.table({"id": ["z"], "generation": [7], "revenue_by_year": ['{"2024":1.50}']})
    with closing(server.connect()) as connection:
        build(connection, 0)
        publish_marts(connection, CONTRACTS)
        replace_written(connection, [OrganizationRows(contract, None, earlier)])
        found = connection.execute("select id, generation, revenue_by_year, segment_by_year from marts.accounts")
        assert found.fetchall() == [("z", 7, {"2024": 1.5}, None)]
        assert connection.execute("select count(*) from marts.at_risk_accounts").fetchone() == (ROWS,)


def test_the_run_history_is_a_mart_with_descriptions_and_is_replaced_on_its_own(server: PostgresServer) -> None:
    instant = datetime(2025, 1, 15, tzinfo=UTC)
    first, second = (
        RunRecord(f"{number}", instant, instant, "published", (OrganizationOutcome(1, "drop", findings=({"a": 1},)),))
        for number in range(2)
    )
    marts = [WrittenMart(run_history_contract(), run_history([*records])) for records in ([first], [second, first])]
    with closing(server.connect()) as connection:
        replace_written(connection, marts[:1])
        build(connection, 0)
        publish_marts(connection, CONTRACTS, written=marts[:1])
        replace_written(connection, marts[1:])
        found = connection.execute(
            "select run_id, as_of::text, findings -> 0 ->> 'a', held_back_because from marts.run_history order by 1"
        ).fetchall()
        assert found == [(run, "2025-01-15 00:00:00", "1", None) for run in ("0", "1")]
        assert connection.execute("select count(*) from marts.accounts").fetchone() == (ROWS,)
        described = connection.execute("select col_description('marts.run_history'::regclass, 1)").fetchone()
        assert described == ("The run, as Dagster names it.",)
        connection.rollback()
        build(connection, 1)
        publish_marts(connection, CONTRACTS, written=marts[1:])
        assert connection.execute("select count(*) from marts.run_history").fetchone() == (2,)


def test_only_missing_parts_of_a_mart_are_written(server: PostgresServer, tmp_path: Path) -> None:
    first, second, third = (parted(tmp_path, *drops) for drops in (("a", "b"), ("b", "c"), ("b",)))
    with closing(server.connect()) as connection:
        build(connection, 0)
        publish_marts(connection, CONTRACTS, written=[first])
        connection.execute("update marts.past set note = 'as it was'")
        replace_written(connection, [second])
        listed = "select drop_name, note from marts.past order by 1"
        assert connection.execute(listed).fetchall() == [("b", "as it was"), ("c", None)]
        replace_written(connection, [replace(third, is_rewritten=True)])
        assert connection.execute(listed).fetchall() == [("b", None)]
        connection.rollback()


def test_a_transaction_that_began_before_a_commit_reads_the_earlier_run_to_its_end(server: PostgresServer) -> None:
    with closing(server.connect()) as writer, closing(server.connect()) as reader:
        build(writer, 0)
        publish_marts(writer, CONTRACTS)
        reader.execute("set transaction isolation level repeatable read")
        before = reader.execute(SEEN.format("accounts")).fetchall()
        build(writer, 1)
        publish_marts(writer, CONTRACTS)
        assert reader.execute(SEEN.format("at_risk_accounts")).fetchall() == [("at_risk_accounts", 0, 0, ROWS)]
        assert reader.execute(SEEN.format("accounts")).fetchall() == before
        reader.commit()
        assert reader.execute(SEEN.format("accounts")).fetchall() == [("accounts", 1, 1, ROWS + 1)]


def test_json_columns_are_native_and_keep_every_digit(server: PostgresServer) -> None:
    with closing(server.connect()) as connection:
        build(connection, 0)
        publish_marts(connection, CONTRACTS)
        found = connection.execute(
            "select distinct pg_typeof(revenue_by_year)::text, pg_typeof(segment_by_year)::text,"
            " revenue_by_year ->> '2024', segment_by_year ->> '2024' from marts.accounts"
        ).fetchall()
    assert found == [("jsonb", "jsonb", "1.50", "A")]


def test_an_export_is_indexed_by_its_key(server: PostgresServer) -> None:
    with closing(server.connect()) as connection:
        build(connection, 0)
        publish_marts(connection, CONTRACTS)
        found = connection.execute("select indexdef from pg_indexes where tablename = 'accounts'").fetchall()
    assert [definition.split(" USING ")[1] for (definition,) in found] == ["btree (id)"]  # type: ignore[attr-defined]


def test_rows_that_postgres_refuses_are_reported_with_their_mart(server: PostgresServer) -> None:
    """An id of 64,000 characters does not fit an index: the tables stay unchanged."""
    with closing(server.connect()) as connection:
        build(connection, 0)
        publish_marts(connection, CONTRACTS)
        connection.execute(
            "update marts_build.accounts set id = (select string_agg(md5(n::text), '') from generate_series(1, 2000) n)"
            " where id = 'a1'"
        )
        connection.commit()
        with pytest.raises(WarehouseError, match="index row requires") as error:
            publish_marts(connection, CONTRACTS)
        assert error.value.where == "marts.accounts"
        connection.rollback()
        assert connection.execute("select count(*) from marts.accounts where id = 'a1'").fetchone() == (1,)


def test_views_on_marts_survive_commits(server: PostgresServer) -> None:
    with closing(server.connect()) as connection:
        build(connection, 0)
        publish_marts(connection, CONTRACTS)
        connection.execute("create view public.mine as select generation from marts.accounts")
        connection.commit()
        build(connection, 1)
        publish_marts(connection, CONTRACTS)
        assert connection.execute("select distinct generation from public.mine").fetchall() == [(1,)]
        connection.execute("drop view public.mine")
        connection.commit()


def test_a_commit_that_a_view_blocks_changes_nothing_and_names_the_view(server: PostgresServer) -> None:
    with closing(server.connect()) as connection:
        build(connection, 0)
        publish_marts(connection, CONTRACTS)
        connection.execute("create view public.mine as select generation from marts.at_risk_accounts")
        build(connection, 1)
        connection.execute("alter table marts_build.at_risk_accounts add column new_column text")
        connection.commit()
        with pytest.raises(WarehouseError, match=r"view mine depends on table marts\.at_risk_accounts"):
            publish_marts(connection, CONTRACTS)
        assert connection.execute(SEEN.format("accounts")).fetchall() == [("accounts", 0, 0, ROWS)]
        connection.execute("drop view public.mine")
        connection.commit()
        publish_marts(connection, CONTRACTS)
        assert connection.execute("select distinct new_column from marts.at_risk_accounts").fetchall() == [(None,)]


def test_a_mart_that_is_no_longer_built_is_dropped(server: PostgresServer) -> None:
    with closing(server.connect()) as connection:
        build(connection, 0)
        publish_marts(connection, CONTRACTS)
        connection.execute("drop table marts_build.at_risk_accounts")
        publish_marts(connection, CONTRACTS)
        found = connection.execute("select tablename from pg_tables where schemaname = 'marts'").fetchall()
    assert found == [("accounts",)]


def test_marts_and_columns_have_their_descriptions(server: PostgresServer) -> None:
    with closing(server.connect()) as connection:
        build(connection, 1)
        publish_marts(connection, CONTRACTS)
        mart, key = connection.execute(
            "select obj_description('marts.accounts'::regclass), col_description('marts.accounts'::regclass, 1)"
        ).fetchone() or (None, None)
    contract = next(contract for contract in CONTRACTS if contract.name == "accounts")
    assert (mart, key) == (contract.description, contract.column("id").description)


CACHE = pa.table(
    {
        "cache_key": ["at-risk-accounts"],
        "cache_data": ['{"accounts":[],"count":0,"updated_at":"2025-01-15T00:00:00Z"}'],
        "expires_at": pa.array([datetime(2025, 1, 15, 0, 5)], pa.timestamp("us")),
        "updated_at": pa.array([datetime(2025, 1, 15)], pa.timestamp("us")),
    }
)


def test_lists_are_replaced_in_native_types_and_the_other_marts_stay(server: PostgresServer) -> None:
    (contract,) = (contract for contract in CONTRACTS if contract.name == "notification_cache")
    with closing(server.connect()) as connection:
        build(connection, 1)
        publish_marts(connection, CONTRACTS)
        for _ in range(2):  # without and with an existing mart
            replace_written(connection, [WrittenMart(contract, CACHE)])
            found = connection.execute(
                "select cache_data ->> 'count', expires_at::text, pg_typeof(cache_data)::text "
                "from marts.notification_cache"
            ).fetchall()
            assert found == [("0", "2025-01-15 00:05:00", "jsonb")]
        assert connection.execute(SEEN.format("accounts")).fetchall() == [("accounts", 1, 1, ROWS + 1)]


def test_a_mart_with_a_later_instant_stays(server: PostgresServer) -> None:
    with closing(server.connect()) as connection:
        build(connection, 1)
        publish_marts(connection, CONTRACTS)
        build(connection, 3)
        publish_marts(connection, CONTRACTS, HeldBack(marts=frozenset({"accounts"})))
        assert connection.execute(SEEN.format("accounts")).fetchall() == [("accounts", 1, 1, ROWS + 1)]
        assert connection.execute(SEEN.format("at_risk_accounts")).fetchall() == [("at_risk_accounts", 3, 3, ROWS + 1)]


def test_rows_that_change_are_rewritten_in_their_types(server: PostgresServer) -> None:
    def change(name: str, rows: pa.Table) -> pa.Table:
        if name != "accounts":
            return rows
        texts = [
            text.replace("2024", "2023") if text == '{"2024": "A"}' else text
            for text in rows["segment_by_year"].to_pylist()
        ]
        return rows.set_column(rows.schema.get_field_index("segment_by_year"), "segment_by_year", pa.array(texts))

    with server.connect() as connection:
        build(connection, 1)
        publish_marts(connection, CONTRACTS)
    with server.connect() as connection:
        assert rewrite_marts(connection, change) == ["accounts"]
        found = connection.execute(
            "select count(*), min(segment_by_year::text), max(pg_typeof(segment_by_year)::text) from marts.accounts"
        ).fetchone()
    assert found == (ROWS + 1, '{"2023": "A"}', "jsonb")
