"""Kills whole runs (SIGKILL) at any moment, with a reader beside them, and lets the next one heal what is left."""

from __future__ import annotations

import random
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Final

from tests.faults.experiments import Experiment, Trial
from tests.faults.publishing import ReadError
from tests.faults.whole_runs import kill, left_running, published, read_all, run, start

KILLS_OF_A_TRIAL: Final = 5


@contextmanager
def _setting(target: str, folder: Path) -> Iterator[Trial]:
    undisturbed = folder / "undisturbed"
    began = time.monotonic()
    run(undisturbed, "--target", target)
    seconds = time.monotonic() - began
    expected = published(undisturbed / "exports")

    def trial(number: int) -> str | None:
        here = folder / "here"
        try:
            rng = random.Random(number)
            return _fault(here, [rng.uniform(0, seconds) for _ in range(KILLS_OF_A_TRIAL)], target, expected)
        finally:
            shutil.rmtree(here, ignore_errors=True)

    yield trial


def _fault(here: Path, moments: Sequence[float], target: str, expected: dict[str, str]) -> str | None:
    """Kill one run after the other, each at its moment, and see what the last one does."""
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
        name=f"kills of runs on {engine}",
        promise="A run killed at any moment leaves whole drops; the next one heals what is left and publishes the same "
        "bytes; no process, no draft stays.",
        tried=f"A run of the sample on {engine} is killed (kill -9) at a random moment while a reader reads, "
        f"{KILLS_OF_A_TRIAL} times in a row; then it runs again.",
        count=100,
        short=0,
        setting=partial(_setting, target),
        cases_of_a_trial=KILLS_OF_A_TRIAL,
    )


DUCKDB: Final = _experiment("duckdb", "DuckDB")
POSTGRES: Final = _experiment("postgres", "PostgreSQL")
