"""The scratch database spills to a private folder, and returns memory if asked to."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.common.scratch_database import queried_in_parallel, scratch_connection

SPILLS = """
import os, stat, sys
from pathlib import Path
from pipeline.common.scratch_database import scratch_connection

with scratch_connection() as connection:
    connection.execute("set memory_limit = '20MB'")
    connection.execute("create temp table rows as select md5(n::varchar) from range(1000000) as numbers(n)")
    (folder,) = Path(sys.argv[1]).iterdir()
    assert any(path.stat().st_size for path in folder.iterdir()), "nothing was spilled"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
"""

WRITES = """
import sys
from pathlib import Path
from pipeline.drops.csv_file import write_csv
from pipeline.common.scratch_database import scratch_connection, spare_memory

def resident():
    return int(next(line for line in open("/proc/self/status") if line.startswith("VmRSS")).split()[1])

if sys.argv[2] == "sparing":
    spare_memory()
with scratch_connection() as connection:
    rows = connection.sql("select md5(n::varchar) as text from range(1000000) as numbers(n)").to_arrow_table()
before = resident()
write_csv(rows, Path(sys.argv[1]) / "rows.csv")
print(resident() - before)
"""


def test_spilled_data_is_in_a_private_folder_until_the_process_ends(tmp_path: Path) -> None:
    working, temporary = tmp_path / "working", tmp_path / "temporary"
    working.mkdir()
    temporary.mkdir()
    command = [sys.executable, "-c", SPILLS, str(temporary)]
    subprocess.run(command, cwd=working, env={**os.environ, "TMPDIR": str(temporary)}, check=True)
    assert not list(working.iterdir())
    assert not list(temporary.iterdir())


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="only Linux gives its memory there")
def test_sparing_memory_keeps_less_of_it_after_a_file_is_written(tmp_path: Path) -> None:
    kept, spared = (
        int(subprocess.check_output([sys.executable, "-c", WRITES, str(tmp_path), manner], text=True))
        for manner in ("keeping", "sparing")
    )
    assert spared < 0.8 * kept


def threads() -> int:
    with scratch_connection() as connection:
        return int(connection.execute("select current_setting('threads')").fetchall()[0][0])


@pytest.mark.parametrize("callers", [1, 2, 1000])
def test_each_concurrent_query_counts_as_a_thread(callers: int) -> None:
    alone = threads()
    with queried_in_parallel(callers):
        assert threads() == max(1, alone - (callers - 1))
    assert threads() == alone
