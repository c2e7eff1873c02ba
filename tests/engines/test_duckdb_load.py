"""The embedded DuckDB: raw tables are views on the landing zone's files, on those alone."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.common.scratch_database import in_order
from pipeline.engines import RawTable
from pipeline.engines.duckdb import DuckDBEngine
from pipeline.settings import Settings


def landed(state: Path, word: str) -> RawTable:
    table = pa.table({"word": [word]})
    path = state / "landing" / "words.parquet"
    path.parent.mkdir(parents=True)
    pq.write_table(table, path)
    return RawTable("words", table.schema, (path,), word)


def test_a_state_folder_whose_name_is_a_pattern_reads_its_own_files(tmp_path: Path) -> None:
    landed(tmp_path / "state1" / "id=7", "a neighbour's")
    state = tmp_path / "state[1]" / "id=7"
    with closing(DuckDBEngine(Settings(state=state))) as engine:
        engine.load([landed(state, "its own")])
        assert engine.query("select * from raw.words").to_pylist() == [{"word": "its own"}]


def test_a_mart_is_sorted_where_it_lies_as_another_engine_s_is_here(tmp_path: Path) -> None:
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
