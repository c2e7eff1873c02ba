"""Raw tables on PostgreSQL: every type as landed, loaded once per content, completely or not at all."""

from __future__ import annotations

import queue
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline.common.errors import WarehouseError
from pipeline.engines import RawTable, shared_database_turn
from pipeline.engines.postgres import PostgresEngine
from pipeline.engines.postgres_server import open_server
from pipeline.settings import Settings

SCHEMA = pa.schema(
    [
        ("id", pa.int64()),
        ("year", pa.int32()),
        ("name", pa.string()),
        ("flag", pa.bool_()),
        ("day", pa.date32()),
        ("instant", pa.timestamp("us")),
        ("money", pa.decimal128(12, 2)),
        ("number", pa.decimal128(18, 4)),
    ]
)
ROWS: list[dict[str, Any]] = [
    {
        "id": 2**63 - 1,
        "year": -(2**31),
        "name": 'quote " backslash \\ tab \t line \n 日本 😀 \x01',
        "flag": True,
        "day": date(2000, 1, 1),
        "instant": datetime(1969, 12, 31, 23, 59, 59, 999_999),
        "money": Decimal("-9999999999.99"),
        "number": Decimal("12345678901234.5678"),
    },
    {
        "id": -(2**63),
        "year": 2100,
        "name": "",
        "flag": False,
        "day": date(2100, 12, 31),
        "instant": datetime(2100, 12, 31, 23, 59, 59),
        "money": Decimal("0.00"),
        "number": Decimal("-0.0001"),
    },
    dict.fromkeys(SCHEMA.names),
]


@pytest.fixture
def engine(state: Path) -> Iterator[PostgresEngine]:
    with closing(PostgresEngine(Settings(state=state))) as engine:
        yield engine


def raw(folder: Path, rows: list[dict[str, Any]], fingerprint: str, schema: pa.Schema = SCHEMA) -> RawTable:
    """A raw table of one Parquet file."""
    path = folder / f"{fingerprint}.parquet"
    pq.write_table(pa.Table.from_pylist(rows, schema), path)
    return RawTable("crm__things", schema, (path,), fingerprint)


def stored(engine: PostgresEngine) -> list[tuple[object, ...]]:
    rows = engine._connection.execute("select * from raw.crm__things order by id").fetchall()
    engine._connection.commit()
    return rows


def file_of(engine: PostgresEngine) -> object:
    """Return the file of the table's rows, which changes with every truncation."""
    row = engine._connection.execute("select pg_relation_filenode('raw.crm__things')").fetchone()
    engine._connection.commit()
    return row


def test_every_type_is_loaded_as_it_landed(engine: PostgresEngine, tmp_path: Path) -> None:
    engine.load([raw(tmp_path, ROWS, "types")])
    expected = sorted((tuple(row.values()) for row in ROWS), key=lambda row: (row[0] is None, row[0]))
    assert stored(engine) == expected
    assert engine._columns_of("raw", "crm__things") == [
        ("id", "bigint"),
        ("year", "integer"),
        ("name", "text"),
        ("flag", "boolean"),
        ("day", "date"),
        ("instant", "timestamp without time zone"),
        ("money", "numeric(12,2)"),
        ("number", "numeric(18,4)"),
    ]


def test_a_table_is_the_rows_of_all_its_parts(engine: PostgresEngine, tmp_path: Path) -> None:
    a, b = raw(tmp_path, ROWS[:1], "part-a"), raw(tmp_path, ROWS[1:], "part-b")
    engine.load([RawTable(a.name, SCHEMA, a.parts + b.parts, "both")])
    assert len(stored(engine)) == 3


def test_columns_that_the_schema_does_not_name_are_not_loaded(engine: PostgresEngine, tmp_path: Path) -> None:
    wider = SCHEMA.append(pa.field("extra", pa.string()))
    table = raw(tmp_path, [{**row, "extra": "x"} for row in ROWS], "wider", wider)
    engine.load([RawTable(table.name, SCHEMA, table.parts, "narrow")])
    assert len(stored(engine)[0]) == len(SCHEMA)


def test_an_unchanged_table_is_not_loaded_again_and_a_changed_one_is(engine: PostgresEngine, tmp_path: Path) -> None:
    engine.load([raw(tmp_path, ROWS, "first")])
    before = file_of(engine)
    engine.load([raw(tmp_path, ROWS, "first")])
    assert file_of(engine) == before
    engine.load([raw(tmp_path, ROWS[:1], "second")])
    assert file_of(engine) != before
    assert len(stored(engine)) == 1


def test_views_on_a_table_survive_a_load(engine: PostgresEngine, tmp_path: Path) -> None:
    engine.load([raw(tmp_path, ROWS, "before-view")])
    engine._connection.execute("create or replace view public.upon as select id from raw.crm__things")
    engine._connection.commit()
    engine.load([raw(tmp_path, ROWS[:1], "after-view")])
    assert engine._connection.execute("select count(*) from public.upon").fetchone() == (1,)
    engine._connection.execute("drop view public.upon")
    engine._connection.commit()


def test_a_table_with_other_columns_is_recreated(engine: PostgresEngine, tmp_path: Path) -> None:
    engine.load([raw(tmp_path, ROWS, "wide")])
    slim = pa.schema([("id", pa.int64())])
    engine.load([raw(tmp_path, [{"id": 1}], "slim", slim)])
    assert stored(engine) == [(1,)]


def test_a_failed_load_keeps_the_rows_and_fingerprint_of_the_last_one(engine: PostgresEngine, tmp_path: Path) -> None:
    engine.load([raw(tmp_path, ROWS, "good")])
    bad = raw(tmp_path, [{**ROWS[0], "name": "no \x00 in text"}], "bad")
    with pytest.raises(Exception, match="0x00"):
        engine.load([bad])
    assert len(stored(engine)) == 3
    assert engine._loaded_fingerprints()["crm__things"] == "good"


def test_a_load_updates_the_statistics(engine: PostgresEngine, tmp_path: Path) -> None:
    engine.load([raw(tmp_path, [{**ROWS[1], "id": number} for number in range(500)], "many")])
    found = engine._connection.execute("select reltuples from pg_class where oid = 'raw.crm__things'::regclass")
    assert found.fetchone() == (500,)


def test_another_load_or_a_recreated_relation_breaks_the_stamp(engine: PostgresEngine, tmp_path: Path) -> None:
    engine.load([raw(tmp_path, ROWS, "stamped")])
    engine._connection.execute("create schema if not exists staging")
    assert engine.stamped(engine.stamp("content")) == "content"
    for made in ("create view", "drop view staging.one; create view", "drop view staging.one; create table"):
        mark = engine.stamp("content")
        engine._connection.execute(f"{made} staging.one as select 1 as id")
        assert engine.stamped(mark) is None
    mark = engine.stamp("content")
    engine.load([raw(tmp_path, ROWS[:1], "another")])
    assert engine.stamped(mark) is None
    engine._connection.execute("drop schema staging cascade")
    engine._connection.commit()


@pytest.mark.parametrize(
    "change",
    [
        "insert into raw.crm__things (id) values (9)",
        "update raw.crm__things set name = 'another'",
        "delete from raw.crm__things",
        "truncate raw.crm__things",
        "create or replace view staging.two as select 2 as id",
    ],
)
def test_a_change_in_place_breaks_the_stamp(engine: PostgresEngine, tmp_path: Path, change: str) -> None:
    engine.load([raw(tmp_path, ROWS, "sealed")])
    engine._connection.execute("drop schema if exists staging cascade; create schema staging")
    engine._connection.execute("create view staging.two as select 1 as id")
    mark = engine.stamp("content")
    assert engine.stamped(mark) == "content"
    engine._connection.execute(change)
    engine._connection.execute("analyze")  # no change
    assert engine.stamped(mark) is None
    assert engine.stamped(engine.stamp("built again")) == "built again"
    engine._connection.execute("drop schema staging cascade; truncate raw.crm__things; drop table raw.crm__things")
    engine._connection.commit()


def test_marts_built_by_another_state_folder_are_not_read(engine: PostgresEngine, tmp_path: Path) -> None:
    engine.load([raw(tmp_path, ROWS, "mine")])
    engine.close()
    url = engine._server.conninfo
    with closing(PostgresEngine(Settings(state=tmp_path, postgres_url=url))) as other:
        other.load([raw(tmp_path, ROWS, "theirs")])
    with closing(PostgresEngine(Settings(state=engine._stamp_file.parent))) as mine:
        with pytest.raises(WarehouseError, match="were not built by this state folder's latest run"):
            mine.read("accounts", ["id"])
        with pytest.raises(WarehouseError, match="were not built by this state folder's latest run"):
            mine.commit([])


def test_a_run_waits_for_that_of_another_state_folder_in_the_same_database(state: Path, tmp_path: Path) -> None:
    url = open_server(Settings(state=state)).conninfo
    settings = Settings(state=tmp_path, target="postgres", postgres_url=url)
    notes: queue.Queue[str] = queue.Queue()

    def take_turn() -> None:
        with shared_database_turn(settings, notes.put):
            pass

    with ThreadPoolExecutor(1) as beside, shared_database_turn(settings, notes.put):
        other = beside.submit(take_turn)
        assert "waiting for it to end" in notes.get(timeout=20)
        assert not other.done()
    assert other.result() is None
