"""Terminates complete runs (SIGTERM, SIGINT, SIGHUP) at random moments, half of them in the first seconds."""

from __future__ import annotations

import random
import shutil
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tests.faults.experiments import Experiment, Trial
from tests.faults.publishing import ReadError
from tests.faults.whole_runs import finished, left_running, published, read_all, run, start

SIGNALS: Final = (signal.SIGTERM, signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
EARLY_SECONDS: Final = 3.0


@contextmanager
def _setting(folder: Path) -> Iterator[Trial]:
    began = time.monotonic()
    run(folder / "undisturbed")
    seconds = time.monotonic() - began
    expected = published(folder / "undisturbed" / "exports")

    def trial(number: int) -> str | None:
        rng, here = random.Random(number), folder / "here"
        after = rng.uniform(0, EARLY_SECONDS if number % 2 else seconds)
        target = ("duckdb", "postgres")[number // 2 % 2]
        try:
            return _fault(here, rng.choice(SIGNALS), after, target, expected)
        finally:
            shutil.rmtree(here, ignore_errors=True)

    yield trial


def _fault(here: Path, asked: signal.Signals, after: float, target: str, expected: dict[str, str]) -> str | None:
    case = f"{asked.name} after {after:.2f} s on {target}"
    running = start("run", here, "--target", target)
    time.sleep(after)
    running.send_signal(asked)
    code, words = finished(running)
    # the interpreter itself, before it runs a line of the program, prints no message for a signal
    if code not in (0, 1, 128 + asked, -asked) or "Traceback" in words or "Error:" in words:
        return f"{case}: ended with {code}: {words[-1500:]}"
    if alive := left_running(here, [running.pid]):
        return f"{case}: still alive: {alive}"
    try:
        read_all(here / "exports")
    except ReadError as error:
        return f"{case}: {error}"
    if list(here.glob("exports/*/.staging*")):
        return f"{case}: left staged rows in the exports"
    run(here, "--target", target)
    return None if published(here / "exports") == expected else f"{case}: the next run published something else"


EXPERIMENT = Experiment(
    name="interrupted runs",
    promise="An interrupted run ends with a message, leaves complete drops, no process and no staged file, and the "
    "next run publishes the same bytes.",
    tried="A run of the sample on DuckDB or PostgreSQL gets SIGTERM, SIGINT or SIGHUP at a random moment, half of "
    "the time within its first three seconds; then it runs again.",
    count=500,
    short=0,
    setting=_setting,
)
