"""`WAREHOUSE_SPARK_MASTER`: a cluster that somebody else runs is used, and left running."""

from __future__ import annotations

from pathlib import Path

import pytest
from engines.random_sources import random_raw_tables

from pipeline.engines.spark import SparkEngine
from pipeline.engines.spark_cluster import LocalCluster
from pipeline.settings import Settings


@pytest.mark.spark
def test_an_existing_cluster_runs_the_work_and_outlives_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SPARK_LOCAL_IP", "127.0.0.1")
    tables = random_raw_tables(tmp_path / "raw", rows=50, seed=4)
    state = tmp_path / "state"
    cluster = LocalCluster(tmp_path / "cluster", cores=1, memory="1g")
    try:
        engine = SparkEngine(Settings(state=state, target="spark", spark_master=cluster.master))
        engine.load(tables)
        [counted] = SparkEngine._session.sql("select count(*), count(distinct id) from raw.crm__accounts").collect()
        SparkEngine.shut_down()
        assert all(process.poll() is None for process in cluster._processes.values())
        assert not (state / "spark" / "cluster").exists(), "no cluster of its own was started"
        logs = (cluster.folder / "workers").glob("*/app-*/*/stderr")
        assert sum(log.read_text().count("Finished task") for log in logs) > 0
        assert tuple(counted) == (50, 50)
    finally:
        SparkEngine.shut_down()
        cluster.stop()
