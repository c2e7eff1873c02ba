"""The engine for data that exceeds one machine: a Spark cluster reads landed Parquet files and writes marts as Parquet.

dbt runs in this process through dbt-spark's `session` method, on the Spark session made here, so that no Thrift server
and no password is needed. Each run builds in its own folder, so that readers of the last run's files are not disturbed.
`spark_cluster.py` starts a local cluster.
"""

from __future__ import annotations

import atexit
import hashlib
import os
import shutil
import uuid
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar, Final

import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq

from pipeline.common.errors import WarehouseError
from pipeline.common.scratch_database import in_order
from pipeline.contracts.contract import ExportContract
from pipeline.engines import NOBODY, AnyMart, HeldBack, PartedMart, RawTable
from pipeline.engines.spark_cluster import WORKERS, LocalCluster, require_spark
from pipeline.engines.spark_session import LOCAL_MEMORY, LOCAL_SETTINGS, SESSION_SETTINGS, ansi_mode_kept
from pipeline.settings import Settings
from pipeline.storage.local_files import point_link, whole_file, write_whole

SPARK_FOLDER: Final = "spark"
_BUILT: Final = "built"
"""The file that names the folder of the latest build."""

_STAMP: Final = "stamp.json"
"""The file in a build's folder with what its models were built from."""

_WRITTEN: Final = "written.parquet"
"""The file of a mart that no model builds; it is not part of the build's mark."""

_SCHEMAS: Final = ("raw", "seeds", "staging", "intermediate", "marts", "monitoring")

_TYPES: Final[dict[pa.DataType, str]] = {
    pa.int64(): "bigint",
    pa.int32(): "int",
    pa.string(): "string",
    pa.bool_(): "boolean",
    pa.date32(): "date",
    pa.timestamp("us"): "timestamp_ntz",
}


class SparkEngine:
    """The engine on Spark. Raw tables are links to landed files; marts are Parquet folders in `spark/<build>/marts`."""

    name = "spark"
    rebuilds_in_part = False
    _session: ClassVar[Any] = None
    """The session of this process: Spark allows only one, and starting it takes seconds."""
    _cluster: ClassVar[LocalCluster | None] = None

    def __init__(self, settings: Settings) -> None:
        require_spark()
        self.folder = settings.state / SPARK_FOLDER
        self._master = settings.spark_master
        self._built = self.folder / _BUILT
        self._published = self.folder / "published"

    def load(self, tables: Sequence[RawTable]) -> None:
        """Make a Spark table of each table's Parquet files, in a new catalogue and folder."""
        build = self.folder / f"build-{uuid.uuid4().hex[:12]}"
        spark = self._start_session()
        for schema in _SCHEMAS:
            spark.sql(f"create database {schema} location '{_literal(build / schema)}'")
        for table in tables:
            folder = build / "raw" / table.name
            folder.mkdir(parents=True)
            for number, part in enumerate(table.parts):
                os.link(part, folder / f"{number:06}.parquet")
            columns = ", ".join(f"`{field.name}` {_sql_type(field.type)}" for field in table.schema)
            spark.sql(f"create table raw.{table.name} ({columns}) using parquet location '{_literal(folder)}'")
        write_whole(self._built, build.name)

    def stamp(self, content: str) -> str:
        """Write into the build's folder what its models were built from."""
        build = self.build_folder()
        write_whole(build / _STAMP, content)
        return _mark_of(build)

    def stamped(self, mark: str) -> str | None:
        """Return the stamp; None if the build's folder is gone, or one of its files has changed."""
        return stamped_in(self.folder, mark)

    @contextmanager
    def dbt_session(self) -> Iterator[Mapping[str, str]]:
        """Let dbt use the session, which it finds by itself because there is only one."""
        if SparkEngine._session is None:
            raise _nothing_loaded()
        with ansi_mode_kept():
            yield {}

    def read(self, mart: str, columns: Sequence[str]) -> pa.Table:
        """Read the columns of a mart as this state folder's latest run built it."""
        folder = self.build_folder() / "marts" / mart
        if not folder.exists():
            raise WarehouseError(f"there is no mart {mart}", where=str(folder), remedy="run the whole pipeline")
        spark = SparkEngine._session or self._start_session()
        return spark.read.parquet(str(folder)).select(*columns).toArrow()

    def read_in_order(self, mart: str, columns: Sequence[str], order_by: Sequence[str]) -> pa.Table:
        """Read the columns of a mart and sort them here, because rows come in the order of files."""
        return in_order(self.read(mart, columns), order_by)

    def query(self, select: str) -> pa.Table:
        """Return the rows of a select. Only the process that built its relations can: views end with the session."""
        if SparkEngine._session is None:
            raise _nothing_loaded()
        return SparkEngine._session.sql(select).toArrow()

    def read_published(self, mart: str, having: Mapping[str, int | str]) -> pa.Table:
        """Return rows of the folder that `published` points to."""
        table = ds.dataset(self._published / "marts" / mart, format="parquet").to_table()
        for name, value in having.items():
            table = table.filter(ds.field(name) == value)
        return table

    def prepare(self, contracts: Sequence[ExportContract]) -> None:
        """Do nothing: the commit is one link."""

    def commit(
        self, contracts: Sequence[ExportContract], held_back: HeldBack = NOBODY, written: Sequence[AnyMart] = ()
    ) -> None:
        """Point `published` to this run's folder, and remove all others but the previous one.

        Marts are folders of files: if an organization is held back, the marts of all organizations stay.
        """
        if held_back.organizations:
            return
        build = self.build_folder()
        for mart in written:
            _write(build, mart)
        before = self._published.resolve().name if self._published.exists() else ""
        point_link(self._published, build.name)
        for other in self.folder.glob("build-*"):
            if other.name not in (build.name, before):
                shutil.rmtree(other)

    def commit_written(self, written: Sequence[AnyMart]) -> None:
        """Write these marts into the folder that `published` points to."""
        if self._published.exists():
            for mart in written:
                _write(self._published.resolve(), mart)

    def close(self) -> None:
        """Keep the session for the process's next step; it ends with the process."""

    @classmethod
    def shut_down(cls) -> None:
        """End the process's session and its local cluster."""
        if cls._session is not None:
            cls._session.stop()
            cls._session = None
        if cls._cluster is not None:
            cls._cluster.stop()
            cls._cluster = None

    def build_folder(self) -> Path:
        """Return the folder of the latest run's build; WarehouseError if there is none."""
        if not self._built.exists():
            raise WarehouseError("nothing is built", where=str(self.folder), remedy="run the whole pipeline")
        return self.folder / self._built.read_text()

    def _start_session(self) -> Any:
        """Start a session with an empty catalogue, on the configured cluster or a local one."""
        self.folder.mkdir(parents=True, exist_ok=True)
        options = dict(SESSION_SETTINGS)
        master = self._master
        if master is None:
            if SparkEngine._cluster is None:
                cores = max(1, (os.cpu_count() or 1) // WORKERS)
                SparkEngine._cluster = LocalCluster(self.folder / "cluster", cores=cores, memory=LOCAL_MEMORY)
                atexit.register(SparkEngine.shut_down)  # the session before its cluster
            master = SparkEngine._cluster.master
            os.environ["SPARK_LOCAL_IP"] = "127.0.0.1"
            options |= LOCAL_SETTINGS | {"spark.local.dir": str(SparkEngine._cluster.spill)}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)  # pyspark's warning about pandas 3, which is not used here
            from pyspark.sql import SparkSession

            if SparkEngine._session is not None:
                SparkEngine._session.stop()
            builder = SparkSession.builder.appName("account-warehouse").master(master)
            for name, value in options.items():
                builder = builder.config(name, value)
            SparkEngine._session = builder.getOrCreate()
        return SparkEngine._session


def _write(build: Path, mart: AnyMart) -> None:
    """Write a mart that no model builds as one Parquet file, or as one per part."""
    folder = build / "marts" / mart.contract.name
    if isinstance(mart, PartedMart):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        pq.write_table(mart.contract.mart_schema.empty_table(), folder / _WRITTEN)
        for number, part in enumerate(mart.parts.values()):
            shutil.copyfile(part, folder / f"{number:06}-{_WRITTEN}")
        return
    folder.mkdir(exist_ok=True)
    with whole_file(folder / _WRITTEN) as draft:
        pq.write_table(mart.rows, draft)


def stamped_in(folder: Path, mark: str) -> str | None:
    """Return the stamp of the latest build in a folder; None if it is gone, or one of its files has changed."""
    built = folder / _BUILT
    if not built.exists():
        return None
    stamp = folder / built.read_text() / _STAMP
    return stamp.read_text(encoding="utf-8") if stamp.exists() and _mark_of(stamp.parent) == mark else None


def _mark_of(build: Path) -> str:
    """Hash the names, sizes and times of a build's files; Spark gives each file that it writes a random name.

    Marts that no model builds are left out, because they are written later.
    """
    files = [path for path in sorted(build.rglob("*")) if path.is_file()]
    built = {path.parent for path in files if not path.name.endswith(_WRITTEN)}
    found = [(path, path.stat()) for path in files if path.parent in built]
    listed = [(path.relative_to(build).as_posix(), state.st_size, state.st_mtime_ns) for path, state in found]
    return hashlib.sha256(repr(listed).encode()).hexdigest()


def _nothing_loaded() -> WarehouseError:
    return WarehouseError(
        "nothing is loaded: only the process of a Spark run can query what it built",
        where="target spark",
        remedy="run the whole pipeline; to explain values, run it with --target duckdb, which gives the same values",
    )


def _literal(path: Path) -> str:
    """Write a path inside an SQL literal."""
    return str(path).replace("\\", "\\\\").replace("'", "\\'")


def _sql_type(kind: pa.DataType) -> str:
    """Return the column type for an Arrow type."""
    if pa.types.is_decimal(kind):
        return f"decimal({kind.precision},{kind.scale})"
    return _TYPES[kind]
