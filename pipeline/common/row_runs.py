"""Finds the consecutive rows of each value in a sorted column, to split a table without a query."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc


def places_by_value(column: pa.ChunkedArray) -> dict[Any, tuple[int, int]]:
    """Return the position of the first row of each value, and the one after its last; equal values must be adjacent."""
    runs = pc.run_end_encode(column.combine_chunks())
    ends = runs.run_ends.to_pylist()
    return dict(zip(runs.values.to_pylist(), zip([0, *ends], ends, strict=False), strict=True))
