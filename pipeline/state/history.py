"""What one run leaves for the next: the duplicates found (D22) and the metrics measured (D17).

Kept in the state folder by `as_of`. A run reads only what earlier instants left, never its own or a later one's, so it
gives the same result whenever and however often it is run again.
"""

from __future__ import annotations

from collections.abc import Mapping
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
        if not self.folder.exists():
            return []
        whole = (path for path in self.folder.iterdir() if all((path / file).exists() for file in _FILES))
        return sorted(path for path in whole if path.name < run_name(as_of))

    def duplicates_before(self, as_of: datetime) -> tuple[Path, ...]:
        """Give the duplicates as the latest earlier run left them: one file, or none."""
        return tuple(_whole(path / f"{DUPLICATES}.parquet") for path in self.before(as_of)[-1:])

    def metrics_before(self, as_of: datetime) -> tuple[Path, ...]:
        """Give the metrics of every earlier run, a file each."""
        return tuple(_whole(path / f"{METRICS}.parquet") for path in self.before(as_of))

    def keep(self, as_of: datetime, marts: Mapping[str, pa.Table]) -> None:
        """Keep what a run that publishes leaves, in place of what a run of the same instant left."""
        target = self.folder / run_name(as_of)
        target.mkdir(parents=True, exist_ok=True)
        for name, schema in ((DUPLICATES, DUPLICATES_SCHEMA), (METRICS, METRICS_SCHEMA)):
            with whole_file(target / f"{name}.parquet") as draft:
                pq.write_table(marts[name].select(schema.names), draft, compression="zstd")


def _whole(path: Path) -> Path:
    """Give the file; WarehouseError where it is damaged, for nothing can make it anew."""
    try:
        pq.read_metadata(path)
    except (pa.ArrowInvalid, OSError) as error:
        if isinstance(error, OSError) and error.errno is not None:  # the file system's, not the content's
            raise
        raise WarehouseError(
            "what an earlier run has left is damaged",
            where=str(path),
            remedy="bring the file back from a backup; or move it away, and run again: what it remembers of duplicates "
            "or metrics is forgotten then",
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
