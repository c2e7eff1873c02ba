"""Stores what one run needs of earlier ones: the duplicates found (D22) and the metrics measured (D17).

They are in the state folder by `as_of`. A run only reads those of an earlier `as_of`, never its own or later ones, so
that it gives the same result whenever and however often it is repeated.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.common.errors import WarehouseError
from pipeline.common.instants import run_name
from pipeline.storage.local_files import whole_file

DUPLICATES = "duplicate_at_risk_estimates"
METRICS = "run_metrics"
_FILES = (f"{DUPLICATES}.parquet", f"{METRICS}.parquet")


class RunHistory:
    """The folder `history` of a state folder: one folder per `as_of`, one Parquet file per mart."""

    def __init__(self, state: Path) -> None:
        self.folder = state / "history"

    def before(self, as_of: datetime) -> list[Path]:
        """List the folders of earlier runs, oldest first."""
        return self._with(_FILES, as_of)

    def _with(self, files: Sequence[str], as_of: datetime) -> list[Path]:
        """List the folders of runs with an earlier `as_of` that have these files, oldest first."""
        if not self.folder.exists():
            return []
        whole = (path for path in self.folder.iterdir() if all((path / file).exists() for file in files))
        return sorted(path for path in whole if path.name < run_name(as_of))

    def duplicates_before(self, as_of: datetime) -> tuple[Path, ...]:
        """Return the file with the duplicates that the latest earlier run or refresh found; none before the first."""
        return tuple(_whole(path / _FILES[0]) for path in self._with(_FILES[:1], as_of)[-1:])

    def metrics_before(self, as_of: datetime) -> tuple[Path, ...]:
        """Return the metrics of every earlier run, one file each."""
        return tuple(_whole(path / f"{METRICS}.parquet") for path in self.before(as_of))

    def keep(self, as_of: datetime, marts: Mapping[str, pa.Table]) -> None:
        """Store the duplicates and metrics of a run, replacing those of a run with the same `as_of`."""
        target = self.folder / run_name(as_of)
        target.mkdir(parents=True, exist_ok=True)
        for name, schema in ((DUPLICATES, DUPLICATES_SCHEMA), (METRICS, METRICS_SCHEMA)):
            with whole_file(target / f"{name}.parquet") as draft:
                pq.write_table(marts[name].select(schema.names), draft, compression="zstd")

    def keep_duplicates(self, as_of: datetime, duplicates: pa.Table) -> None:
        """Store the duplicates that a refresh found, if they differ from those found before."""
        before = self.duplicates_before(as_of)
        known = pq.read_table(before[0], schema=duplicates.schema) if before else duplicates.slice(0, 0)
        order = [("id", "ascending")]
        if known.sort_by(order).equals(duplicates.sort_by(order)):
            return
        target = self.folder / run_name(as_of)
        target.mkdir(parents=True, exist_ok=True)
        with whole_file(target / _FILES[0]) as draft:
            pq.write_table(duplicates, draft, compression="zstd")


def _whole(path: Path) -> Path:
    """Return the file; WarehouseError if it is damaged, because nothing can rebuild it."""
    try:
        pq.read_metadata(path)
    except (pa.ArrowInvalid, OSError) as error:
        if isinstance(error, OSError) and error.errno is not None:  # the file system failed, the content may be intact
            raise
        raise WarehouseError(
            "a file with results of an earlier run is damaged",
            where=str(path),
            remedy="restore the file from a backup; or move it away, and run again: the warehouse then no longer knows "
            "the duplicates or metrics in it",
        ) from None
    return path


DUPLICATES_SCHEMA = pa.schema(
    [
        ("id", pa.string()),
        ("account_id", pa.string()),
        ("division", pa.string()),
        ("address", pa.string()),
        ("estimate_ids", pa.string()),
        ("detected_at", pa.timestamp("us")),
        ("resolved_at", pa.timestamp("us")),
    ]
)
METRICS_SCHEMA = pa.schema(
    [
        ("as_of", pa.timestamp("us")),
        ("metric", pa.string()),
        ("dimension", pa.string()),
        ("value", pa.decimal128(24, 6)),
    ]
)
