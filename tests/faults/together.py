"""Runs, refreshes, plans and readers at once: on one state folder, or on two that share the exports."""

from __future__ import annotations

import random
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipeline.drops.verify import verify_drop
from tests.faults.experiments import Experiment, Trial
from tests.faults.publishing import ReadError
from tests.faults.whole_runs import finished, published, read_all, run, start


@contextmanager
def _setting(folder: Path) -> Iterator[Trial]:
    undisturbed = folder / "undisturbed"
    run(undisturbed)
    expected = published(undisturbed)

    def trial(number: int) -> str | None:
        here = folder / "here"
        try:
            return _fault(random.Random(number), here, expected)
        finally:
            shutil.rmtree(here, ignore_errors=True)

    yield trial


def _fault(rng: random.Random, here: Path, expected: dict[str, str]) -> str | None:
    running = []
    for at in range(rng.randint(2, 8)):
        command = "run" if at == 0 else rng.choice(("run", "run", "refresh", "plan"))
        state = here / rng.choice(("state", "state", "other-state"))
        # the later one of two --state counts
        running.append((command, state.name, start(command, here, "--state", str(state))))
        time.sleep(rng.uniform(0, 2))
    began = " and ".join(f"{command} on {state}" for command, state, _ in running)
    try:
        while any(process.poll() is None for *_, process in running):
            read_all(here)
            time.sleep(0.1)
    except ReadError as error:
        return f"{began}: {error}"
    finally:
        ends = [(command, *finished(process)) for command, _, process in running]
    for command, code, words in ends:
        if code != 0 or "Traceback" in words:
            return f"{began}: {command} ended with {code}: {words[-1500:]}"
    if published(here) != expected:
        return f"{began}: published something else than one run does"
    faults = [fault for latest in (here / "exports").glob("*/latest") for fault in verify_drop(str(latest))]
    return f"{began}: {faults}" if faults else None


EXPERIMENT = Experiment(
    name="runs at once",
    promise="Runs, refreshes and plans that come at the same time take turns, end well and publish what one run does.",
    tried="2 to 8 commands on the sample begin within some seconds of one another, on one state folder or on two that "
    "share the exports, while a reader reads.",
    count=60,
    short=0,
    setting=_setting,
)
