"""A large sample needs only the memory of one chunk."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from pipeline.sample.draw.events import EVENT_TABLES

MAKE = """
import resource, sys
from pathlib import Path
from pipeline.sample import write_sample
write_sample(Path(sys.argv[1]), int(sys.argv[2]), 1)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("accounts", "most_mebibytes"),
    [(10_000, 1_024), (50_000, 2_048)],  # measured: 450 and 1,010 MiB
)
def test_a_large_sample_is_made_in_bounded_memory(tmp_path: Path, accounts: int, most_mebibytes: int) -> None:
    made = subprocess.run(
        [sys.executable, "-c", MAKE, str(tmp_path), str(accounts)],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=True,
    )
    assert int(made.stdout) < most_mebibytes
    events = sum(pq.read_metadata(tmp_path / "platform" / f"{name}.parquet").num_rows for name in EVENT_TABLES)
    assert events == pytest.approx(accounts * 440, rel=0.02)
