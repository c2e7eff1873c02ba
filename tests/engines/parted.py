"""A mart in parts, like the history of accounts."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.contracts.contract import ContractColumn, ExportContract
from pipeline.engines import PartedMart


def parted(folder: Path, *drops: str) -> PartedMart:
    """Make a mart with one part per drop, each with a row of its name; an older part has no `note`."""
    columns = (
        ContractColumn("organization_id", "bigint", description="Whose."),
        ContractColumn("drop_name", "text", description="Which."),
        ContractColumn("note", "text", description="What."),
    )
    parts = {}
    for drop in drops:
        part = folder / f"{drop}.parquet"
        pq.write_table(pa.table({"organization_id": [1], "drop_name": [drop]}), part)
        parts[1, drop] = part
    return PartedMart(ExportContract("past", "1.0.0", "Past.", ("drop_name",), "organization_id", columns), parts)
