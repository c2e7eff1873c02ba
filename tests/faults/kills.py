"""Kills complete runs (SIGKILL) at random moments, with a concurrent reader, and lets the next run recover."""

from __future__ import annotations

import random
import shutil
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Final

from tests.faults.experiments import Experiment, Trial
from tests.faults.publishing import ReadError
from tests.faults.whole_runs import kill, left_running, published, read_all, run, start

KILLS_OF_A_TRIAL: Final = 10
WEEK_BEFORE: Final = ("--as-of", "2025-01-08T00:00:00Z")


@contextmanager
def _setting(target: str, folder: Path) -> Iterator[Trial]:
    nothing, week_before, here = folder / "nothing", folder / "week-before", folder / "here"
    nothing.mkdir()
    run(week_before, "--target", target, *WEEK_BEFORE)
    undisturbed = {before: _undisturbed(before, here, target) for before in (nothing, week_before)}

    def trial(number: int) -> str | None:
        rng = random.Random(number)
        before = nothing if rng.random() < 0.2 else week_before
        seconds, expected = undisturbed[before]
        _copy(before, here)
        try:
            fault = _fault(here, [rng.uniform(0, seconds) for _ in range(KILLS_OF_A_TRIAL)], target, expected)
            return fault and f"upon {before.name}: {fault}"
        finally:
            shutil.rmtree(here, ignore_errors=True)

    yield trial


def _copy(before: Path, here: Path) -> None:
    """Copy a folder with the owners of its files: when run by root, PostgreSQL's files belong to another user."""
    subprocess.run(["cp", "-a", str(before), str(here)], check=True)


def _undisturbed(before: Path, here: Path, target: str) -> tuple[float, dict[str, str]]:
    """Run on a copy of a folder; return the seconds that it took, and what it published."""
    _copy(before, here)
    began = time.monotonic()
    run(here, "--target", target)
    seconds = time.monotonic() - began
    found = published(here / "exports")
    shutil.rmtree(here)
    return seconds, found


def _fault(here: Path, moments: Sequence[float], target: str, expected: dict[str, str]) -> str | None:
    """Kill one run after the other, each at its moment, and check the result of the last one."""
    killed = "killed after " + ", ".join(f"{after:.2f}" for after in moments)
    sessions = []
    try:
        for after in moments:
            running = start("run", here, "--target", target)
            sessions.append(running.pid)
            ends = time.monotonic() + after
            while time.monotonic() < ends and running.poll() is None:
                read_all(here / "exports")
                time.sleep(0.05)
            kill(running)
            read_all(here / "exports")
        run(here, "--target", target)
        read_all(here / "exports")
    except (ReadError, AssertionError) as error:
        return f"{killed}: {error}"
    if published(here / "exports") != expected:
        return f"{killed}: the next run published something else"
    left = [path.name for path in (here / "exports").rglob(".*") if path.name != ".lock"]
    if left:
        return f"{killed}: left {left}"
    alive = left_running(here, sessions)
    return f"{killed}: still alive: {alive}" if alive else None


def _experiment(target: str, engine: str) -> Experiment:
    return Experiment(
        name=f"killed runs on {engine}",
        promise="A run killed at any moment leaves complete drops. The next run cleans up and publishes the same "
        "bytes; no process and no draft remains.",
        tried=f"A run of the sample on {engine}, either a first run or one a week after another, is killed (kill "
        f"-9) at a random moment while a reader reads, {KILLS_OF_A_TRIAL} times in a row; then it runs again.",
        count=50,
        short=0,
        setting=partial(_setting, target),
        cases_of_a_trial=KILLS_OF_A_TRIAL,
    )


DUCKDB: Final = _experiment("duckdb", "DuckDB")
POSTGRES: Final = _experiment("postgres", "PostgreSQL")
