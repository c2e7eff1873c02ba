"""An experiment: something that must hold, tried again and again with numbers as seeds, and what came of it."""

from __future__ import annotations

import multiprocessing
import tempfile
import time
import traceback
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path

Trial = Callable[[int], str | None]
"""Tries the case of a number, the same at every time and place: what did not hold, or None."""


@dataclass(frozen=True)
class Experiment:
    """What is promised, how one case of it is tried, and how many cases a whole and a short form try.

    Without a short form, other tests of `make test` hold the same in their way.
    """

    name: str
    promise: str
    tried: str
    count: int
    short: int
    setting: Callable[[Path], AbstractContextManager[Trial]]
    """Opens what the cases need, in a folder of its own, and gives their trial."""
    cases_of_a_trial: int = 1


@dataclass
class Tally:
    """How many cases were tried, and what did not hold, by the number that makes the case again."""

    tried: int = 0
    failures: dict[int, str] = field(default_factory=dict)
    seconds: float = 0.0

    @property
    def held(self) -> int:
        """How many cases held."""
        return self.tried - len(self.failures)

    def add(self, other: Tally) -> None:
        """Take in what another process tried beside this one."""
        self.tried += other.tried
        self.failures |= other.failures
        self.seconds = max(self.seconds, other.seconds)


def tally(experiment: Experiment, numbers: Sequence[int], seconds: float = float("inf")) -> Tally:
    """Try the cases of the numbers, and no more once so many seconds have gone."""
    found = Tally()
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="faults-") as folder, experiment.setting(Path(folder)) as trial:
        for number in numbers:
            if time.monotonic() - began > seconds:
                break
            try:
                fault = trial(number)
            except Exception:
                fault = traceback.format_exc()
            found.tried += experiment.cases_of_a_trial
            if fault is not None:
                found.failures[number] = fault
    found.seconds = time.monotonic() - began
    return found


def tally_beside(experiments: str, name: str, count: int, seconds: float, processes: int) -> Tally:
    """Do the same in several processes, each with cases of its own; the module `experiments` holds EXPERIMENTS."""
    found = Tally()
    # a fresh process has no threads, so that its trials may fork
    with ProcessPoolExecutor(processes, multiprocessing.get_context("spawn")) as pool:
        shares = [range(first, count, processes) for first in range(processes)]
        waiting = [pool.submit(_tally_of, experiments, name, share, seconds) for share in shares]
        for share in waiting:
            found.add(share.result())
    return found


def _tally_of(experiments: str, name: str, numbers: Sequence[int], seconds: float) -> Tally:
    return tally(import_module(experiments).EXPERIMENTS[name], numbers, seconds)
