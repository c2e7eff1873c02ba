"""The record of one published drop in the timeline, made from nothing but the drop's files."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.common.errors import WarehouseError
from pipeline.storage.local_files import flush, hidden_name

ACCOUNTS: Final = "account_history"
LIST: Final = "at_risk_list"
LEFT: Final = "left_list"
METRICS: Final = "metric_history"
TABLES: Final = (ACCOUNTS, LIST, LEFT, METRICS)

_DESCRIPTION: Final = "drop.json"


@dataclass(frozen=True)
class DropRecord:
    """The record of one drop: `against` is the previous drop, None for an organization's first.

    `tables` are `account_history`, `at_risk_list`, `left_list` (account_id, reason) and `metric_history`.
    """

    organization_id: int
    drop: str
    against: str | None
    tables: Mapping[str, pa.Table]

    def write(self, folder: Path) -> None:
        """Write the record as the folder `folder` atomically, replacing an existing one."""
        folder.parent.mkdir(parents=True, exist_ok=True)
        draft = folder.parent / hidden_name()
        draft.mkdir()
        for name, rows in self.tables.items():
            content = pa.BufferOutputStream()  # Arrow writes each page separately
            pq.write_table(rows, content, compression="zstd")
            (draft / f"{name}.parquet").write_bytes(content.getvalue())
        described = {"against": self.against, "drop": self.drop, "organization_id": self.organization_id}
        (draft / _DESCRIPTION).write_text(json.dumps(described, sort_keys=True) + "\n", encoding="utf-8")
        for path in (*draft.iterdir(), draft):
            flush(path)
        if folder.exists():
            folder.rename(folder.parent / hidden_name())  # the next run clears it
        draft.rename(folder)
        flush(folder.parent)


def read_description(folder: Path) -> tuple[str | None, bool]:
    """Return the previous drop from a record's folder, and whether the record has accounts.

    WarehouseError if the record is damaged.
    """
    try:
        described = json.loads((folder / _DESCRIPTION).read_text(encoding="utf-8"))
        present = [name for name in TABLES if (folder / f"{name}.parquet").exists()]
        for name in present:
            pq.read_metadata(folder / f"{name}.parquet")
        against = described["against"]
        if {*TABLES} - {*present} - {ACCOUNTS}:
            raise ValueError("a file is missing")
    except (ValueError, KeyError, TypeError, FileNotFoundError, pa.ArrowInvalid) as error:
        raise WarehouseError(
            f"the record of a drop is damaged ({error})",
            where=str(folder),
            remedy="run `warehouse history --rebuild`, which makes it again if the drop is still retained; or restore "
            "it from a backup",
        ) from None
    return against, ACCOUNTS in present
