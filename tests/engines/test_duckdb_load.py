"""The embedded DuckDB: raw tables are views on the landing zone's files, and only those."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.common.scratch_database import in_order
from pipeline.engines import RawTable
from pipeline.engines.duckdb import DATABASE_FILE, DuckDBEngine
from pipeline.settings import Settings


def landed(state: Path, word: str) -> RawTable:
    table = pa.table({"word": [word]})
    path = state / "landing" / "words.parquet"
    path.parent.mkdir(parents=True)
    pq.write_table(table, path)
    return RawTable("words", table.schema, (path,), word)


def test_a_state_folder_with_wildcards_in_its_name_reads_only_its_own_files(tmp_path: Path) -> None:
    landed(tmp_path / "state1" / "id=7", "a neighbour's")
    state = tmp_path / "state[1]" / "id=7"
    with closing(DuckDBEngine(Settings(state=state))) as engine:
        engine.load([landed(state, "its own")])
        assert engine.query("select * from raw.words").to_pylist() == [{"word": "its own"}]


def test_duckdb_sorts_a_mart_like_the_other_engines(tmp_path: Path) -> None:
    rows = [(2, "b"), (1, "é"), (10, "z"), (1, "Z"), (1, None), (None, "a"), (1, "a"), (1, ""), (2, "😀"), (2, "￿")]
    with duckdb.connect(str(tmp_path / "warehouse.duckdb")) as connection:
        connection.execute("create schema marts; create table marts.words (number bigint, word text)")
        connection.executemany("insert into marts.words values (?, ?)", rows)
    with closing(DuckDBEngine(Settings(state=tmp_path))) as engine:
        columns = ["number", "word"]
        found = engine.read_in_order("words", columns, columns)
        assert found.equals(in_order(engine.read("words", columns), columns))

    def by_code_points(row: tuple[int | None, str | None]) -> tuple[bool, int, bool, str]:
        number, word = row
        return number is None, number or 0, word is None, word or ""

    assert [tuple(row.values()) for row in found.to_pylist()] == sorted(rows, key=by_code_points)


def row_groups(file: Path) -> int:
    """Count the row groups of the table `half`."""
    with duckdb.connect() as connection:
        connection.execute(f"attach '{file}' as built (read_only)")
        (row,) = connection.execute(
            "select count(distinct row_group_id) from pragma_storage_info('built.main.half')"
        ).fetchall()
        return int(row[0])


def test_the_stamp_does_not_rewrite_partial_row_groups(tmp_path: Path) -> None:
    file = tmp_path / DATABASE_FILE
    with duckdb.connect() as connection:
        connection.execute("set max_vacuum_tasks = 0")
        connection.execute(f"attach '{file}' as built (row_group_size 16384)")
        connection.execute("create table built.half as select range as number from range(20000)")
        connection.execute("insert into built.half from range(20000); delete from built.half where number % 2 = 0")
    before = row_groups(file)
    assert before > 1
    DuckDBEngine(Settings(state=tmp_path)).stamp("content")
    assert row_groups(file) == before


def test_tables_written_without_dbt_have_the_row_group_size_of_dbts_profile(tmp_path: Path) -> None:
    engine = DuckDBEngine(Settings(state=tmp_path))
    engine.execute("create table many as select range as id from range(20000); checkpoint")
    assert engine.execute("select max(row_group_id) from pragma_storage_info('many')") == [(1,)]
    engine.close()
