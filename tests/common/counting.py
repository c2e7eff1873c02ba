"""A helper process for tests: it counts, and fails in every way that a request names."""

from __future__ import annotations

import os
import sys
import tempfile
import threading
from collections.abc import Callable
from typing import Any

from pipeline.common.errors import WarehouseError
from pipeline.common.worker_process import Answer, HelperProcess, Send


class Counting(HelperProcess):
    """A helper that answers numbers with all smaller ones, and executes words."""

    what = "counting"
    module = "tests.common.counting"


def prepare(word: str = "") -> Answer:
    if word:
        _DEEDS[word](lambda message: None)
    return _answer


def _answer(request: Any, send: Send) -> object:
    if isinstance(request, str):
        return _DEEDS[request](send)
    if request < 0:
        raise WarehouseError("can't count down", where="to", remedy="count up")
    for number in range(request):
        send(number)
    return request


def _print(send: Send) -> str:
    """Print in every possible way."""
    print("counted", flush=True)
    os.write(1, b"straight to the stream\n")
    os.system("echo from a program")
    print("counted", file=sys.stderr)
    return "printed"


def _fail(send: Send) -> None:
    raise OverflowError("too far")


def _be_busy(send: Send) -> None:
    send(os.getpid())
    threading.Event().wait()


def _scribble(send: Send) -> str:
    return tempfile.mkdtemp()


def _where(send: Send) -> str:
    return sys.modules["pipeline"].__file__ or ""


_DEEDS: dict[str, Callable[[Send], object]] = {
    "print": _print,
    "fail": _fail,
    "be busy": _be_busy,
    "scribble": _scribble,
    "where": _where,
    "end": lambda send: os._exit(0),
    "say nothing": lambda send: None,
}
