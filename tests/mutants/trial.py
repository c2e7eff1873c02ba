"""One trial of a mutant: the tests, run by pytest in their own process, which ends with the first failure."""

from __future__ import annotations

import contextlib
import os
import signal
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

PYTEST: Final = ("-x", "-p", "no:cacheprovider", "-m", "not slow and not spark", "--no-header", "--tb=line")


@dataclass(frozen=True)
class Verdict:
    """The result of the tests of a mutant, and their seconds."""

    killed_by: str | None
    """The test that failed, or `time`; None if all passed."""
    seconds: float
    is_valid: bool = True
    """Whether the change is valid in the language: SQL that DuckDB cannot bind is not a mutant."""


class FirstFailure:
    """A pytest plugin that records the name of the first failed test."""

    def __init__(self) -> None:
        self.name: str | None = None

    def pytest_runtest_logreport(self, report: Any) -> None:
        if report.failed and self.name is None:
            self.name = report.nodeid

    def pytest_collectreport(self, report: Any) -> None:
        if report.failed and self.name is None:
            self.name = report.nodeid or "collection"


def in_a_child(judge: Callable[[], str | None], seconds: float) -> Verdict:
    """Run `judge`, which returns a failing test or None, in a forked process, and wait up to `seconds` for it."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="mutant-") as folder:
        word = Path(folder) / "word"
        child = os.fork()
        if child == 0:
            _judge(judge, word, Path(folder))
        while os.waitpid(child, os.WNOHANG) == (0, 0):
            if time.monotonic() - began > seconds:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(child, signal.SIGKILL)
                os.waitpid(child, 0)
                return Verdict("time", time.monotonic() - began)
            time.sleep(0.02)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child, signal.SIGKILL)  # and everything that its tests started
        name = word.read_text() if word.exists() else "the process died"
    if name == INVALID:
        return Verdict(None, time.monotonic() - began, is_valid=False)
    return Verdict(name or None, time.monotonic() - began)


INVALID: Final = "invalid"


def _judge(judge: Callable[[], str | None], word: Path, folder: Path) -> None:
    """Run `judge` as the child process, and end it."""
    os.setsid()
    silence = os.open(os.environ.get("MUTANTS_LOG", os.devnull), os.O_RDWR | os.O_APPEND | os.O_CREAT)
    os.dup2(silence, 1)
    os.dup2(silence, 2)
    tempfile.tempdir = str(folder)
    os.environ["TMPDIR"] = str(folder)
    try:
        word.write_text(judge() or "")
    except BaseException as error:
        word.write_text(f"{type(error).__name__}: {error}")
    finally:
        os._exit(0)


def first_failure(tests: Sequence[str], plugins: Sequence[object] = ()) -> str | None:
    """Run tests with pytest in this process, and return the name of the first failure."""
    import pytest

    failure = FirstFailure()
    pytest.main([*PYTEST, *tests], plugins=[failure, *plugins])
    return failure.name
