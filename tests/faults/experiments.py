"""An experiment: something that must hold, tried again and again with numbers as seeds, and what came of it."""

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
    """Opens what the cases need, in a folder of its own, and gives their trial; a function that has a name."""
    cases_of_a_trial: int = 1


@dataclass
class Tally:
    """How many cases were tried, and what did not hold, by the number that makes the case again."""

    tried: int = 0
    failures: dict[int, str] = field(default_factory=dict)

    @property
    def held(self) -> int:
        """How many cases held."""
        return self.tried - len(self.failures)

    def add(self, other: Tally) -> None:
        """Take in what another process tried beside this one."""
        self.tried += other.tried
        self.failures |= other.failures


def tally(experiment: Experiment, numbers: Iterable[int]) -> Tally:
    """Try the cases of the numbers."""
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
    """Name the folder that the machine keeps in its memory, so that no disk is waited for; None where it has none."""
    return "/dev/shm" if os.access("/dev/shm", os.W_OK) else None


def tally_beside(experiment: Experiment, first: int, seconds: float, processes: int) -> Tally:
    """Do the same from a first number on in several processes, until the time or the cases of a long form are over."""
    found = Tally()
    context = multiprocessing.get_context("spawn")  # a fresh process has no threads, so that its trials may fork
    taken = context.Value("q", first)
    with ProcessPoolExecutor(processes, context, _take, (taken,)) as pool:
        end = first + experiment.count
        waiting = [pool.submit(_tally_until, experiment, end, seconds) for _ in range(processes)]
        for share in waiting:
            found.add(share.result())
    return found


_TAKEN: Final[list[Synchronized[int]]] = []
"""The next number that no process has tried, so that what was tried has no gaps."""


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
