"""Counts the nulls of a Parquet file's columns from its footer, without reading rows."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import BinaryIO, Final

import pyarrow as pa
import pyarrow.parquet as pq

_IN_FOOTER: Final = b"warehouse:nulls"


@dataclass(frozen=True)
class NullCounts:
    """The rows of a file and the nulls of each column."""

    rows: int
    nulls: dict[str, int]


def count_nulls(file: BinaryIO) -> NullCounts | None:
    """Read the counts; None if the file is not Parquet or its footer does not have them."""
    try:
        metadata = pq.read_metadata(file)
    except (OSError, pa.ArrowException):
        return None
    if metadata.metadata and _IN_FOOTER in metadata.metadata:
        return NullCounts(metadata.num_rows, json.loads(metadata.metadata[_IN_FOOTER]))
    nulls = dict.fromkeys((metadata.schema.column(at).name for at in range(metadata.num_columns)), 0)
    for number in range(metadata.num_row_groups):
        group = metadata.row_group(number)
        for at in range(metadata.num_columns) if group.num_rows else ():
            column = group.column(at)
            statistics = column.statistics
            if statistics is None or not statistics.has_null_count:
                return None
            nulls[column.path_in_schema] += statistics.null_count
    return NullCounts(metadata.num_rows, nulls)


def as_metadata(nulls: Mapping[str, int]) -> dict[str, str]:
    """Return the counts as metadata for the footer of a file whose columns are written without statistics."""
    return {_IN_FOOTER.decode(): json.dumps(nulls)}
