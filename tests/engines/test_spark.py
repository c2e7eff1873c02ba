"""A whole run by the command line on Spark: a master and two workers, each a process of its own, that it starts."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from pipeline.contracts.read_contracts import contracts_in_folder
from pipeline.paths import PROJECT_ROOT
from tests.parity.compare import SAMPLE, compare_exports, report, run_engine

pytestmark = pytest.mark.spark

EXPORTS = len(contracts_in_folder(PROJECT_ROOT / "models"))


@pytest.fixture(scope="module")
def folder(state: Path) -> Iterator[Path]:
    """Where the bundled sample has been run: below `spark`, its exports and its state."""
    with pytest.MonkeyPatch.context() as environment:
        environment.delenv("WAREHOUSE_SPARK_MASTER", raising=False)
        run_engine("spark", SAMPLE, state)
    yield state


@pytest.fixture(scope="module")
def cluster(folder: Path) -> Path:
    """Where the cluster's logs are."""
    return folder / "spark" / "state" / "spark" / "cluster"


@pytest.fixture(scope="module")
def published(folder: Path) -> Path:
    """What the run has left for its readers."""
    return folder / "spark" / "state" / "spark" / "published"


def test_every_csv_is_that_of_duckdb_to_the_byte(folder: Path) -> None:
    exports = run_engine("duckdb", SAMPLE, folder)
    compared = compare_exports(("duckdb", "spark"), (exports, folder / "spark" / "exports"))
    assert len(compared) == EXPORTS
    assert all(one.cells > 0 and one.differences == 0 for one in compared), report(compared)


def test_executors_on_both_workers_ran_the_tasks(cluster: Path) -> None:
    """By the executors' own logs, which the workers keep, and the master's."""
    master = (cluster / "master.log").read_text()
    assert len(set(re.findall(r"Registering worker ([\d.]+:\d+)", master))) == 2
    assert len(set(re.findall(r"Launching executor app-\S+ on worker (\S+)", master))) == 2
    for worker in ("worker-1", "worker-2"):
        logs = (cluster / "workers" / worker).glob("app-*/*/stderr")
        finished = sum(log.read_text().count("Finished task") for log in logs)
        assert finished > 100, f"{worker} finished {finished} tasks"


def test_what_is_published_is_parquet_that_anyone_can_read(folder: Path, published: Path) -> None:
    with (folder / "spark" / "exports" / "1" / "latest" / "at_risk_accounts.csv").open(newline="") as file:
        exported = sorted(row["account_id"] for row in csv.DictReader(file))
    assert exported
    assert sorted(pq.read_table(published / "marts" / "at_risk_accounts")["account_id"].to_pylist()) == exported


def test_landing_files_are_read_where_they_lie(folder: Path, published: Path) -> None:
    landed = {file.stat().st_ino for file in (folder / "spark" / "state" / "landing").rglob("*.parquet")}
    linked = [file.stat().st_ino for file in (published / "raw" / "crm__accounts").iterdir()]
    assert linked
    assert set(linked) <= landed
