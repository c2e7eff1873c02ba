"""A state folder during a run: it contains temporary files, which the next run removes at the latest."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from pipeline.paths import PROJECT_ROOT
from pipeline.state.workspace import Workspace
from tests.common.counting import Counting

KILLED = """
import os, signal, sys, tempfile
from pathlib import Path
from pipeline.state.workspace import Workspace
from tests.common.counting import Counting

with Workspace(Path(sys.argv[1])).turn(print):
    with Counting() as helper:
        (result,) = helper.ask("scribble")
        print(tempfile.mkdtemp(), result.value, flush=True)
        os.kill(os.getpid(), signal.SIGKILL)
"""


def test_temporary_files_of_a_run_and_its_helpers_are_removed(tmp_path: Path) -> None:
    before = tempfile.gettempdir()
    with Workspace(tmp_path / "state").turn(print), Counting() as helper:
        (result,) = helper.ask("scribble")
        left = [Path(tempfile.mkdtemp()), Path(result.value)]
        assert all(tmp_path in folder.parents for folder in left)
    assert not any(folder.exists() for folder in left)
    assert tempfile.gettempdir() == before


def test_a_killed_run_leaves_files_only_where_the_next_one_clears_them(tmp_path: Path) -> None:
    """A killed process cannot clean up, so its files are in the state folder, not in the machine's temporary folder."""
    (machines := tmp_path / "machines").mkdir()
    environment = {**os.environ, "TMPDIR": str(machines), "PYTHONPATH": str(PROJECT_ROOT)}
    command = [sys.executable, "-c", KILLED, str(tmp_path / "state")]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    left = [Path(name) for name in ended.stdout.split()]
    assert (ended.returncode, len(left)) == (-9, 2), ended.stderr
    assert not list(machines.iterdir())
    with Workspace(tmp_path / "state").turn(print):
        assert not any(folder.exists() for folder in left)
