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
    # instants are UTC without a zone, whatever the machine's zone
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.timestampType": "TIMESTAMP_NTZ",
    # overflow and bad casts are errors, as on the other engines
    _ANSI_MODE: "true",
    # a run's tables end with its session; only the Parquet files stay
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
    # many small statements on few cores: with one task per worker and no replanning after each stage, executors need a
    # quarter of the CPU (a configured cluster keeps Spark's defaults, which suit large data)
    "spark.sql.shuffle.partitions": str(WORKERS),
    "spark.sql.adaptive.enabled": "false",
    # a statement of a few thousand rows ends before Java has compiled the classes that Spark would generate for it
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
}


@contextmanager
def ansi_mode_kept() -> Iterator[None]:
    """Keep dbt-spark from turning ANSI mode off before each statement; its profile has no setting for that.

    Without ANSI mode a sum that overflows its type is a wrong number, and a failed cast is null.
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
