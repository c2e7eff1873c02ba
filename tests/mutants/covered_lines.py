"""Which tests run which lines of a room, recorded once: a mutant is tested by the tests that run its line."""

from __future__ import annotations

import sys
import threading
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

Lines = set[tuple[str, int]]
"""Keyed by file and number."""


@dataclass
class Seen:
    """The lines that each test runs, by module and number, and its duration in seconds."""

    of_tests: dict[str, Lines] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=partial(defaultdict, float))


class CoveredLines:
    """A pytest plugin that records the lines of some folders that each test runs, including its shared fixtures."""

    def __init__(self, root: Path, folders: tuple[str, ...]) -> None:
        self._prefixes = tuple(f"{root / folder}/" for folder in folders)
        self._root = root
        self._now: Lines = set()
        self._of_fixtures: dict[Any, Lines] = defaultdict(set)
        self.seen = Seen()

    def _local(self, frame: FrameType, event: str, _: Any) -> Any:
        if event == "line":
            self._now.add((frame.f_code.co_filename, frame.f_lineno))
        return self._local

    def _see(self, frame: FrameType, _event: str, _: Any) -> Any:
        if frame.f_code.co_filename.startswith(self._prefixes):
            return self._local
        return None

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_protocol(self, item: Any) -> Iterator[None]:
        self._now = set()
        sys.settrace(self._see)
        threading.settrace(self._see)
        yield
        sys.settrace(None)
        threading.settrace(None)  # type: ignore[arg-type]
        shared = [self._of_fixtures[one] for defs in item._fixtureinfo.name2fixturedefs.values() for one in defs]
        lines = self._now.union(*shared)
        self.seen.of_tests[item.nodeid] = {(str(Path(name).relative_to(self._root)), line) for name, line in lines}

    @pytest.hookimpl(hookwrapper=True)
    def pytest_fixture_setup(self, fixturedef: Any) -> Iterator[None]:
        before, self._now = self._now, set()
        yield
        self._of_fixtures[fixturedef] |= self._now
        self._now |= before

    def pytest_runtest_logreport(self, report: Any) -> None:
        self.seen.seconds[report.nodeid] += report.duration
