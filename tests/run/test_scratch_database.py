"""The scratch database keeps what memory can't hold in a private folder, and never in the working folder."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

SPILLS = """
import os, stat, sys
from pathlib import Path
from pipeline.scratch_database import scratch_connection

with scratch_connection() as connection:
    connection.execute("set memory_limit = '20MB'")
    connection.execute("create temp table rows as select md5(n::varchar) from range(1000000) as numbers(n)")
    (folder,) = Path(sys.argv[1]).iterdir()
    assert any(path.stat().st_size for path in folder.iterdir()), "nothing was spilled"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
"""


def test_what_memory_cannot_hold_goes_into_a_private_folder_until_the_process_ends(tmp_path: Path) -> None:
    working, temporary = tmp_path / "working", tmp_path / "temporary"
    working.mkdir()
    temporary.mkdir()
    command = [sys.executable, "-c", SPILLS, str(temporary)]
    subprocess.run(command, cwd=working, env={**os.environ, "TMPDIR": str(temporary)}, check=True)
    assert not list(working.iterdir())
    assert not list(temporary.iterdir())
