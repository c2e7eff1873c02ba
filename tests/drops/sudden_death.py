"""Runs an action in its own process, which is killed (SIGKILL) right before its n-th file system operation."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tests.faults.deaths import DEATH, disturbed
from tests.faults.doomed import STOPPED


def dies_at(touch: int, folder: Path, action: Callable[[], object]) -> bool:
    """Run `action` and kill it before its n-th operation in `folder`; return False if it ended first."""
    ended = disturbed(folder, DEATH, touch, action)
    assert ended != STOPPED, "the action failed"
    return ended != 0
