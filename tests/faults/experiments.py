"""An experiment: a property that must hold, tested repeatedly with numbers as seeds, and its results."""

from __future__ import annotations

import multiprocessing
import os
import tempfile
import time
import traceback
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from multiprocessing.sharedctypes import Synchronized
from pathlib import Path
from typing import Final

Trial = Callable[[int], str | None]
"""Runs the case of a number, always the same; returns the fault, or None."""


@dataclass(frozen=True)
class Experiment:
    """A promise, how one case of it is tested, and the number of cases in the full and the short form.

    Without a short form, other tests of `make test` cover the promise.
    """

    name: str
    promise: str
    tried: str
    count: int
    short: int
    setting: Callable[[Path], AbstractContextManager[Trial]]
    """Sets up the cases in a new folder and yields their trial; a named function."""
    cases_of_a_trial: int = 1


@dataclass
class Tally:
    """The number of cases tried, and the faults by the number that reproduces the case."""

    tried: int = 0
    failures: dict[int, str] = field(default_factory=dict)

    @property
    def held(self) -> int:
        """The number of cases without a fault."""
        return self.tried - len(self.failures)

    def add(self, other: Tally) -> None:
        """Add the results of another process."""
        self.tried += other.tried
        self.failures |= other.failures


def tally(experiment: Experiment, numbers: Iterable[int]) -> Tally:
    """Run the cases of the numbers."""
    found = Tally()
    with (
        tempfile.TemporaryDirectory(prefix="faults-", dir=_memory()) as folder,
        experiment.setting(Path(folder)) as trial,
    ):
        for number in numbers:
            try:
                fault = trial(number)
            except Exception:
                fault = traceback.format_exc()
            found.tried += experiment.cases_of_a_trial
            if fault is not None:
                found.failures[number] = fault
    return found


def _memory() -> str | None:
    """Return a folder in the machine's memory, which needs no disk; None if there is none."""
    return "/dev/shm" if os.access("/dev/shm", os.W_OK) else None


def tally_beside(experiment: Experiment, first: int, seconds: float, processes: int) -> Tally:
    """Do the same from a first number on in several processes, until the time or the full form's cases are over."""
    found = Tally()
    context = multiprocessing.get_context("spawn")  # a fresh process has no threads, so its trials may fork
    taken = context.Value("q", first)
    with ProcessPoolExecutor(processes, context, _take, (taken,)) as pool:
        end = first + experiment.count
        waiting = [pool.submit(_tally_until, experiment, end, seconds) for _ in range(processes)]
        for share in waiting:
            found.add(share.result())
    return found


_TAKEN: Final[list[Synchronized[int]]] = []
"""Takes the next untried number, so that the tried ones have no gaps."""


def _take(taken: Synchronized[int]) -> None:
    _TAKEN.append(taken)


def _tally_until(experiment: Experiment, end: int, seconds: float) -> Tally:
    (taken,) = _TAKEN

    def numbers() -> Iterator[int]:
        while time.monotonic() < ends:
            with taken.get_lock():
                number = taken.value
                taken.value += 1
            if number >= end:
                return
            yield number

    ends = time.monotonic() + seconds
    return tally(experiment, numbers())
