"""`WAREHOUSE_SPARK_MASTER`: an external cluster is used and keeps running."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline.common.errors import WarehouseError
from pipeline.engines.spark import SparkEngine
from pipeline.engines.spark_cluster import LocalCluster
from pipeline.settings import Settings
from tests.engines.random_sources import random_raw_tables

pytestmark = pytest.mark.spark


@pytest.fixture
def engine(spark_cluster: LocalCluster, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> SparkEngine:
    """An engine that uses the cluster by the environment variable."""
    monkeypatch.setenv("WAREHOUSE_SPARK_MASTER", spark_cluster.master)
    return SparkEngine(Settings(state=tmp_path / "state", target="spark"))


def test_an_existing_cluster_runs_the_work_and_keeps_running(
    engine: SparkEngine, spark_cluster: LocalCluster, tmp_path: Path
) -> None:
    engine.load(random_raw_tables(tmp_path / "raw", rows=50, seed=4))
    counted = engine.query("select count(*) as counted, count(distinct id) as ids from raw.crm__accounts")
    application = SparkEngine._session.sparkContext.applicationId
    SparkEngine.shut_down()
    assert counted.to_pylist() == [{"counted": 50, "ids": 50}]
    assert not (engine.folder / "cluster").exists(), "no cluster of its own was started"
    logs = (spark_cluster.folder / "workers").glob(f"*/{application}/*/stderr")
    assert sum(log.read_text().count("Finished task") for log in logs) > 0
    assert spark_cluster.is_running


def test_a_later_process_reads_the_build(engine: SparkEngine) -> None:
    mart = engine.folder / "build-1" / "marts" / "accounts"
    mart.mkdir(parents=True)
    pq.write_table(pa.table({"id": ["a", "b"], "name": ["A", None]}), mart / "part.parquet")
    (engine.folder / "built").write_text("build-1")
    assert engine.read("accounts", ["name", "id"]).to_pylist() == [{"name": "A", "id": "a"}, {"name": None, "id": "b"}]
    with pytest.raises(WarehouseError, match="there is no mart nothing"):
        engine.read("nothing", ["id"])


def test_before_the_first_run_there_is_nothing_to_read(engine: SparkEngine) -> None:
    with pytest.raises(WarehouseError, match="nothing is built"):
        engine.read("accounts", ["id"])


def test_a_number_beyond_its_type_fails_dbts_statements_too(engine: SparkEngine) -> None:
    """Like on the other engines; dbt-spark would turn off ANSI mode before each statement."""
    from dbt.adapters.spark.connections import SparkCredentials
    from dbt.adapters.spark.session import Connection
    from pyspark.errors import ArithmeticException

    engine.load([])
    with engine.dbt_session():
        credentials = SparkCredentials(method="session", host="NA", schema="default", database=None)
        cursor = Connection(server_side_parameters=credentials.server_side_parameters).cursor()
        cursor.execute("select largest + 1 as sum from values (9223372036854775807) as numbers (largest)")
        with pytest.raises(ArithmeticException, match="overflow"):
            cursor.fetchall()
    SparkEngine.shut_down()
