"""Whole builds on a standalone Spark cluster: a master and two workers, each a process of its own."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest
from engines.builds import build_marts
from engines.random_sources import random_raw_tables

from pipeline.engines.spark import SparkEngine
from pipeline.errors import WarehouseError
from pipeline.settings import Settings

pytestmark = pytest.mark.spark

ROWS = 100


@pytest.fixture(scope="module")
def built(state: Path) -> Iterator[dict[str, pa.Table]]:
    """The marts of a build, committed; the cluster runs until this module's tests end."""
    yield build_marts(Settings(state=state, target="spark"), random_raw_tables(state / "raw", rows=ROWS, seed=3))
    SparkEngine.shut_down()


def test_marts_are_those_of_duckdb(built: dict[str, pa.Table], tmp_path: Path) -> None:
    expected = build_marts(Settings(state=tmp_path), random_raw_tables(tmp_path / "raw", rows=ROWS, seed=3))
    assert built.keys() == expected.keys()
    for mart, table in expected.items():
        rows = sorted(map(str, table.to_pylist()))
        assert sorted(map(str, built[mart].to_pylist())) == rows, mart


def test_executors_on_both_workers_ran_the_tasks(built: dict[str, pa.Table], state: Path) -> None:
    """By the executors' own logs, which the workers keep."""
    master = (state / "spark" / "cluster" / "master.log").read_text()
    assert len(set(re.findall(r"Registering worker ([\d.]+:\d+)", master))) == 2
    for worker in ("worker-1", "worker-2"):
        logs = (state / "spark" / "cluster" / "workers" / worker).glob("app-*/*/stderr")
        finished = sum(log.read_text().count("Finished task") for log in logs)
        assert finished > 100, f"{worker} finished {finished} tasks"


def test_what_is_published_is_parquet_that_anyone_can_read(built: dict[str, pa.Table], state: Path) -> None:
    import pyarrow.parquet as pq

    table = pq.read_table(state / "spark" / "published" / "marts" / "accounts")
    assert sorted(map(str, table["id"].to_pylist())) == sorted(map(str, built["accounts"]["id"].to_pylist()))


def test_landing_files_are_read_where_they_lie(built: dict[str, pa.Table], state: Path) -> None:
    [linked] = (state / "spark" / "published" / "raw" / "crm__accounts").iterdir()
    assert linked.samefile(state / "raw" / "crm__accounts.parquet")


def test_a_later_process_reads_what_was_built(built: dict[str, pa.Table], state: Path) -> None:
    again = SparkEngine(Settings(state=state, target="spark")).read("accounts", ["id"])
    assert again.num_rows == built["accounts"].num_rows


def test_a_mart_that_was_not_built_is_an_error(built: dict[str, pa.Table], state: Path) -> None:
    with pytest.raises(WarehouseError, match="there is no mart nothing"):
        SparkEngine(Settings(state=state, target="spark")).read("nothing", ["id"])
