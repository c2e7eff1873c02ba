"""The scratch database writes no file: what memory can't hold is an error."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

TOO_MUCH = """
import duckdb
from pipeline.drops.scratch_database import scratch_connection

with scratch_connection() as connection:
    connection.execute("set memory_limit = '20MB'")
    try:
        connection.execute("create temp table rows as select md5(n::varchar) from range(1000000) as numbers(n)")
    except duckdb.OutOfMemoryException:
        print("out of memory")
"""


def test_what_memory_cannot_hold_is_not_spilled(tmp_path: Path) -> None:
    ended = subprocess.run([sys.executable, "-c", TOO_MUCH], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert ended.stdout == "out of memory\n"
    assert list(tmp_path.iterdir()) == []
