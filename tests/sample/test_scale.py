"""A large sample takes seconds and the memory of one chunk."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pyarrow.parquet as pq
import pytest

MAKE = """
import resource, sys
from pathlib import Path
from pipeline.sample import write_sample
write_sample(Path(sys.argv[1]), int(sys.argv[2]), 1)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("accounts", "most_seconds", "most_mebibytes"),
    # Measured on two idle cores: 6 s and 450 MiB, 25 s and 1,010 MiB. The limits leave room for busy machines.
    [(10_000, 60, 1_024), (50_000, 180, 2_048)],
)
def test_a_large_sample_is_made_fast_and_in_bounded_memory(
    tmp_path: Path, accounts: int, most_seconds: int, most_mebibytes: int
) -> None:
    started = time.monotonic()
    made = subprocess.run(
        [sys.executable, "-c", MAKE, str(tmp_path), str(accounts)],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=True,
    )
    assert time.monotonic() - started < most_seconds
    assert int(made.stdout) < most_mebibytes
    events = sum(
        pq.read_metadata(tmp_path / "platform" / f"{name}.parquet").num_rows
        for name in (
            "email_prop",
            "chat_message",
            "calendar_event_prop",
            "calendar_event_attendee",
            "ticket",
            "ticket_comment",
        )
    )
    assert events == pytest.approx(accounts * 440, rel=0.02)
