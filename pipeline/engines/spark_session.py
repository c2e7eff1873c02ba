"""The configuration of the process's Spark session, for any cluster and for a local one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from pipeline.engines.spark_cluster import SHORT_LIVED, WORKERS

_QUIET: Final = f"-Dlog4j2.configurationFile={Path(__file__).with_name('spark_log4j2.properties').as_uri()}"
_ANSI_MODE: Final = "spark.sql.ansi.enabled"

SESSION_SETTINGS: Final = {
    # instants are UTC and without a zone, whatever the machine's
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.timestampType": "TIMESTAMP_NTZ",
    # overflow and bad casts are errors, as on the other engines
    _ANSI_MODE: "true",
    # the tables of a run live as long as its session; what stays is Parquet
    "spark.sql.catalogImplementation": "in-memory",
    "spark.sql.parquet.compression.codec": "zstd",
    "spark.ui.showConsoleProgress": "false",
}

LOCAL_MEMORY: Final = "2g"
LOCAL_SETTINGS: Final = {
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.memory": LOCAL_MEMORY,
    "spark.executor.memory": LOCAL_MEMORY,
    "spark.ui.enabled": "false",
    "spark.driver.extraJavaOptions": f"{SHORT_LIVED} {_QUIET}",
    "spark.executor.extraJavaOptions": SHORT_LIVED,
    # many small statements over few cores: one task per worker, and no plan made again after each stage, take a quarter
    # of the executors' work (a cluster of one's own keeps Spark's defaults, which are for large data)
    "spark.sql.shuffle.partitions": str(WORKERS),
    "spark.sql.adaptive.enabled": "false",
    # a statement of a few thousand rows ends before Java has compiled the classes that Spark would write for it
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
}


@contextmanager
def ansi_mode_kept() -> Iterator[None]:
    """Keep dbt-spark from turning ANSI mode off before each statement; its profile has no setting for that.

    Without ANSI mode a sum beyond its type is a wrong number, and a cast that fails is null.
    """
    from dbt.adapters.spark.connections import SparkCredentials

    settle = SparkCredentials.__post_init__

    def settle_without_ansi_mode(credentials: Any) -> None:
        settle(credentials)
        credentials.server_side_parameters.pop(_ANSI_MODE, None)

    SparkCredentials.__post_init__ = settle_without_ansi_mode
    try:
        yield
    finally:
        SparkCredentials.__post_init__ = settle
