"""Runs an action in a process of its own that is killed (SIGKILL) right before its n-th touch of the file system."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

TOUCHES = (
    *("open", "os.listdir", "os.scandir", "os.truncate"),
    *("os.mkdir", "os.rename", "os.symlink", "os.link", "os.remove", "os.rmdir", "shutil.rmtree"),
)


def dies_at(touch: int, folder: Path, action: Callable[[], object]) -> bool:
    """Run `action` and kill it before its n-th touch of what is in `folder`, counted from 1; False if it ended first.

    A touch is a call of Python that Python's auditing reports, or a flush to disk.
    """
    child = os.fork()
    if child == 0:
        _live(touch, str(folder), action)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        assert os.WTERMSIG(status) == signal.SIGKILL
        return True
    assert os.WEXITSTATUS(status) == 0, "the action failed"
    return False


def _live(touch: int, folder: str, action: Callable[[], object]) -> None:
    """Be the child: never return."""
    left = touch

    def count() -> None:
        nonlocal left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def on_event(event: str, arguments: tuple[Any, ...]) -> None:
        if event in TOUCHES and any(folder in os.fsdecode(a) for a in arguments if isinstance(a, (str, bytes, Path))):
            count()

    flush = os.fsync

    def flush_or_die(descriptor: int) -> None:
        count()
        flush(descriptor)

    os.fsync = flush_or_die
    sys.addaudithook(on_event)
    code = 1
    try:
        action()
        code = 0
    finally:
        os._exit(code)
