"""A complete run by the command line on Spark: it starts a master and two workers, each in its own process."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from pipeline.contracts.read_contracts import contracts_in_folder
from pipeline.engines.spark import SparkEngine
from pipeline.paths import PROJECT_ROOT
from pipeline.settings import Settings
from tests.parity.compare import SAMPLE, compare_exports, report, run_engine

pytestmark = pytest.mark.spark

EXPORTS = len(contracts_in_folder(PROJECT_ROOT / "models"))


@pytest.fixture(scope="module")
def folder(state: Path) -> Iterator[Path]:
    """The folder of a run of the bundled sample; its exports and state are in `spark`."""
    with pytest.MonkeyPatch.context() as environment:
        environment.delenv("WAREHOUSE_SPARK_MASTER", raising=False)
        run_engine("spark", SAMPLE, state)
    yield state


@pytest.fixture(scope="module")
def cluster(folder: Path) -> Path:
    """The folder of the cluster's logs."""
    return folder / "spark" / "state" / "spark" / "cluster"


@pytest.fixture(scope="module")
def published(folder: Path) -> Path:
    """The published files of the run."""
    return folder / "spark" / "state" / "spark" / "published"


def test_every_csv_equals_that_of_duckdb_byte_by_byte(folder: Path) -> None:
    exports = run_engine("duckdb", SAMPLE, folder)
    compared = compare_exports(("duckdb", "spark"), (exports, folder / "spark" / "exports"))
    assert len(compared) == EXPORTS
    assert all(one.cells > 0 and one.differences == 0 for one in compared), report(compared)


def test_executors_on_both_workers_ran_the_tasks(cluster: Path) -> None:
    """According to the logs of the executors and the master."""
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


def test_landing_files_are_read_in_place(folder: Path, published: Path) -> None:
    landed = {file.stat().st_ino for file in (folder / "spark" / "state" / "landing").rglob("*.parquet")}
    linked = [file.stat().st_ino for file in (published / "raw" / "crm__accounts").iterdir()]
    assert linked
    assert set(linked) <= landed


def history(published: Path) -> list[tuple[str, int, str]]:
    """Return run, organization and drop of each row of the mart run_history."""
    rows = pq.read_table(published / "marts" / "run_history").sort_by("finished_at").to_pylist()
    return [(row["run_id"], row["organization_id"], row["drop_name"]) for row in rows]


def rows_of_accounts(build: Path) -> int:
    """Return the number of rows of the mart accounts."""
    return sum(pq.read_metadata(part).num_rows for part in (build / "marts" / "accounts").glob("*.parquet"))


def test_run_history_holds_the_run(folder: Path, published: Path) -> None:
    latest = {link.parent.name: link.readlink().name for link in (folder / "spark" / "exports").glob("*/latest")}
    rows = history(published)
    assert {str(organization): drop for _, organization, drop in rows} == latest
    assert len({run for run, _, _ in rows}) == 1


def test_a_build_changed_by_hand_is_rebuilt_and_the_history_continues(folder: Path, published: Path) -> None:
    built, first = published.resolve(), history(published)
    run_engine("spark", SAMPLE, folder)
    assert published.resolve() == built, "the same sources again: the build stays valid"
    whole = rows_of_accounts(built)
    altered = next((built / "marts" / "accounts").glob("*.parquet"))
    pq.write_table(pq.read_table(altered).slice(1), altered)
    run_engine("spark", SAMPLE, folder)
    again = published.resolve()
    assert (again != built, rows_of_accounts(built), rows_of_accounts(again)) == (True, whole - 1, whole)
    assert history(again)[: len(first)] == first
    assert len(history(again)) == 2 * len(first)


@pytest.mark.parametrize("name", ["part-0.parquet", "extra-written.parquet"])
def test_a_file_added_to_a_models_folder_breaks_the_stamp(tmp_path: Path, name: str) -> None:
    engine = SparkEngine(Settings(state=tmp_path, target="spark"))
    mart, written = (tmp_path / "spark" / "build-1" / "marts" / one for one in ("accounts", "run_history"))
    mart.mkdir(parents=True)
    (mart / "part-1.parquet").write_bytes(b"rows")
    (tmp_path / "spark" / "built").write_text("build-1")
    mark = engine.stamp("content")
    written.mkdir()
    (written / "written.parquet").write_bytes(b"a mart that no model builds")
    assert engine.stamped(mark) == "content"
    (mart / name).write_bytes(b"rows")
    assert engine.stamped(mark) is None
