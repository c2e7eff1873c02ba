"""No process of a local cluster survives the run that started it, however the run ends."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

PATIENCE = 60
RUN = """
import sys
from pathlib import Path
from pipeline.engines.spark import SparkEngine
from pipeline.settings import Settings

engine = SparkEngine(Settings(state=Path(sys.argv[1]), target="spark"))
engine.load([])
print(SparkEngine._session.range(10).count(), flush=True)
sys.stdin.read()
"""


def processes_of(session: int) -> dict[int, str]:
    """Return the command of each process in a session: those of a run and of everything that it started."""
    found = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            pid, _, rest = stat.read_text().partition(" (")
        except OSError:  # it has just ended
            continue
        command, _, fields = rest.rpartition(") ")
        if int(fields.split()[3]) == session:
            found[int(pid)] = command
    return found


def still_running_after(seconds: float, processes: dict[int, int]) -> set[int]:
    """Wait for processes, given by their descriptors, and return those that are still running after that time."""
    deadline = time.monotonic() + seconds
    waiting = dict(processes)
    while waiting and (left := deadline - time.monotonic()) > 0:
        for ended in select.select(waiting, [], [], left)[0]:
            os.close(ended)
            del waiting[ended]
    return set(waiting.values())


@pytest.mark.spark
@pytest.mark.parametrize(
    "ending",
    [
        signal.SIGKILL,
        pytest.param(signal.SIGTERM, marks=pytest.mark.slow),
        pytest.param(signal.SIGINT, marks=pytest.mark.slow),
    ],
    ids=lambda ending: ending.name,
)
def test_the_cluster_ends_with_the_run_that_is_killed(ending: signal.Signals, tmp_path: Path) -> None:
    command = [sys.executable, "-c", RUN, str(tmp_path / "state")]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(command, **pipes, text=True, start_new_session=True) as run:  # type: ignore[call-overload]
        assert run.stdout.readline() == "10\n"
        started = processes_of(run.pid)
        descriptors = {os.pidfd_open(pid): pid for pid in started}
        run.send_signal(ending)
        left = still_running_after(PATIENCE, descriptors)
    commands = list(started.values())
    assert commands.count("java") >= 5, "the driver, the master, two workers and an executor at least"
    assert [started[pid] for pid in left] == []
