"""One trial of a mutant: the tests, run by pytest in a process of its own that ends with the first failure."""

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
    """What tests said of a mutant, and in how many seconds."""

    killed_by: str | None
    """The test that failed, or `time`; None where all passed."""
    seconds: float
    is_valid: bool = True
    """Whether the change is one that the language takes: what DuckDB can't bind was never a mutant."""


class FirstFailure:
    """A plugin of pytest that keeps the name of the first test that failed."""

    def __init__(self) -> None:
        self.name: str | None = None

    def pytest_runtest_logreport(self, report: Any) -> None:
        if report.failed and self.name is None:
            self.name = report.nodeid

    def pytest_collectreport(self, report: Any) -> None:
        if report.failed and self.name is None:
            self.name = report.nodeid or "collection"


def in_a_child(judge: Callable[[], str | None], seconds: float) -> Verdict:
    """Run the judge, who names a test that fails or nobody, in a forked process, and wait so long for it."""
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
            os.killpg(child, signal.SIGKILL)  # what its tests started
        name = word.read_text() if word.exists() else "the process died"
    if name == INVALID:
        return Verdict(None, time.monotonic() - began, is_valid=False)
    return Verdict(name or None, time.monotonic() - began)


INVALID: Final = "invalid"


def _judge(judge: Callable[[], str | None], word: Path, folder: Path) -> None:
    """Judge as the child that this process is, and end it."""
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
    """Run tests by pytest, in this process, and return the name of the first that fails."""
    import pytest

    failure = FirstFailure()
    pytest.main([*PYTEST, *tests], plugins=[failure, *plugins])
    return failure.name
