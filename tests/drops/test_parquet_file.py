"""The Parquet files of a drop: their bytes depend only on their rows."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from pipeline.drops.parquet_file import write_parquet

ROWS = 200_000
WHOLE = pa.table(
    {
        "number": pa.array([place * 7_919 % 1_000_003 for place in range(ROWS)], pa.int64()),
        "text": pa.array([f"{'x' * (place % 40)}{place}" for place in range(ROWS)]),
    }
)


@pytest.mark.parametrize("cuts", [[20_001], [1_024, 4_096], [122_880], [7, 20_002, 70_001, 131_073]])
def test_the_bytes_do_not_depend_on_the_chunks_of_the_rows(tmp_path: Path, cuts: list[int]) -> None:
    ends = zip([0, *cuts], [*cuts, ROWS], strict=True)
    cut = pa.concat_tables([WHOLE.slice(start, end - start) for start, end in ends])
    assert cut["text"].num_chunks == len(cuts) + 1

    write_parquet(WHOLE, tmp_path / "whole.parquet")
    write_parquet(cut, tmp_path / "cut.parquet")

    assert (tmp_path / "cut.parquet").read_bytes() == (tmp_path / "whole.parquet").read_bytes()
