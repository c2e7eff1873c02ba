"""Kills whole runs (SIGKILL) at any moment, with a reader beside them, and lets the next one heal what is left."""

from __future__ import annotations

import random
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Final

from tests.faults.experiments import Experiment, Trial
from tests.faults.publishing import ReadError
from tests.faults.whole_runs import kill, published, read_all, run, start, still_alive

PARTING_SECONDS: Final = 20
"""How long helpers of a killed run may take to notice that it is gone."""


@contextmanager
def _setting(target: str, folder: Path) -> Iterator[Trial]:
    undisturbed = folder / "undisturbed"
    began = time.monotonic()
    run(undisturbed, "--target", target)
    seconds = time.monotonic() - began
    expected = published(undisturbed)

    def trial(number: int) -> str | None:
        here = folder / "here"
        try:
            return _fault(here, random.Random(number).uniform(0, seconds), target, expected)
        finally:
            shutil.rmtree(here, ignore_errors=True)

    yield trial


def _fault(here: Path, after: float, target: str, expected: dict[str, str]) -> str | None:
    running = start("run", here, "--target", target)
    ends = time.monotonic() + after
    try:
        while time.monotonic() < ends and running.poll() is None:
            read_all(here)
            time.sleep(0.05)
        kill(running)
        read_all(here)
        run(here, "--target", target)
        read_all(here)
    except (ReadError, AssertionError) as error:
        return f"killed after {after:.2f} s: {error}"
    if published(here) != expected:
        return f"killed after {after:.2f} s: the next run published something else"
    left = [path.name for path in (here / "exports").rglob(".*") if path.name != ".lock"]
    if left:
        return f"killed after {after:.2f} s: left {left}"
    gone_by = time.monotonic() + PARTING_SECONDS
    while (alive := still_alive(here)) and time.monotonic() < gone_by:
        time.sleep(0.2)
    return f"killed after {after:.2f} s: still alive: {alive}" if alive else None


def _experiment(target: str, engine: str) -> Experiment:
    return Experiment(
        name=f"kills of runs on {engine}",
        promise="A run killed at any moment leaves whole drops; the next one heals what is left and publishes the same "
        "bytes; no process, no draft stays.",
        tried=f"A run of the sample on {engine} is killed (kill -9) at a random moment while a reader reads; then "
        "it runs again.",
        count=500,
        short=0,
        setting=partial(_setting, target),
    )


DUCKDB: Final = _experiment("duckdb", "DuckDB")
POSTGRES: Final = _experiment("postgres", "PostgreSQL")
