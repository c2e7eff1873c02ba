"""The changes of an export's rows, and a fast comparison of small files with the same keys in the same order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipeline.contracts.changes import CHANGED_COLUMNS
from pipeline.contracts.contract import ExportContract

ROW: Final = "file_row_number"
"""DuckDB's name of a row's position in its Parquet file."""
CHANGED: Final = pa.schema([(ROW, pa.int64()), (CHANGED_COLUMNS, pa.string())])


@dataclass(frozen=True)
class RowChanges:
    """The changes of one export, sorted by key. `columns` counts the changed cells of each column."""

    export: str
    added: pa.Table
    changed: pa.Table
    """The position of each changed row in the new file, counted from 0, and the names of the changed columns."""
    removed: pa.Table
    columns: Mapping[str, int]

    @property
    def is_empty(self) -> bool:
        """Whether both drops hold the same rows."""
        return not (self.added.num_rows or self.changed.num_rows or self.removed.num_rows)


_SMALL: Final = 2**18
"""Files up to this number of bytes are compared without a query, whose fixed cost is higher."""


def no_changes(contract: ExportContract) -> RowChanges:
    """Return a comparison without changes."""
    rows = contract.arrow_schema.empty_table()
    return RowChanges(contract.name, added=rows, changed=CHANGED.empty_table(), removed=rows, columns={})


def compare_aligned(contract: ExportContract, compared: Sequence[str], before: Path, now: Path) -> RowChanges | None:
    """Compare two small files of an export row by row; None if they are not small, aligned and of the contract's types.

    An export of 20 customers took 16 ms of CPU with queries, and now takes 2 (2026-11-29).
    """
    if max(before.stat().st_size, now.stat().st_size) > _SMALL:
        return None
    was, is_now = (pq.ParquetFile(pa.BufferReader(path.read_bytes())).read(use_threads=False) for path in (before, now))
    if not was.schema.equals(is_now.schema) or not was.schema.equals(contract.arrow_schema):
        return None
    if was.num_rows != is_now.num_rows or not all(was[name].equals(is_now[name]) for name in contract.primary_key):
        return None
    differing = {name: _differing(was[name], is_now[name]) for name in compared if not was[name].equals(is_now[name])}
    places = sorted({place for own in differing.values() for place in own})
    names = [",".join(name for name, own in differing.items() if place in own) for place in places]
    return RowChanges(
        contract.name,
        added=was.slice(0, 0),
        changed=pa.table([places, names], schema=CHANGED),
        removed=was.slice(0, 0),
        columns={name: len(own) for name, own in differing.items() if own},
    )


def _differing(was: pa.ChunkedArray, is_now: pa.ChunkedArray) -> set[int]:
    """Return the positions at which two columns differ; null equals null and no value."""
    differ = pc.fill_null(pc.not_equal(was, is_now), True)
    both_null = pc.and_(pc.is_null(was), pc.is_null(is_now))
    return set(np.flatnonzero(pc.and_not(differ, both_null).to_numpy()).tolist())
