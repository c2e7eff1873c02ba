"""The embedded DuckDB: raw tables are views on the landing zone's files, on those alone."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

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
