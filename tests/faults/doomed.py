"""A process that runs an action and dies, or is disturbed, at its n-th step; an `Arm` defines the steps."""

from __future__ import annotations

import os
import shutil
import signal
import time
from collections.abc import Callable, Sequence
from typing import Final, NoReturn

Arm = Callable[[Callable[[], None]], None]
"""Arranges that a function is called before each step of the current process."""

STOPPED: Final = 3
"""The exit code of a process that stopped with a reported error."""
_PAUSE_SECONDS: Final = 0.0005
"""The pause between two looks: without it the reader occupies a core and each case takes twice as long (2026-11-29)."""


def die() -> None:
    """Kill this process (SIGKILL)."""
    os.kill(os.getpid(), signal.SIGKILL)


def at_step(number: int, arm: Arm, disturb: Callable[[], None]) -> Callable[[], None]:
    """Return a function that arms a process so that it is disturbed at its n-th step."""

    def step() -> None:
        nonlocal number
        number -= 1
        if number == 0:
            disturb()

    return lambda: arm(step)


def steps_of(arm: Arm, action: Callable[[], object]) -> int:
    """Count the steps of an undisturbed action."""
    receiver, sender = os.pipe()
    count = 0

    def step() -> None:
        nonlocal count
        count += 1

    def counted() -> None:
        arm(step)
        action()
        os.write(sender, str(count).encode())

    assert in_a_child(lambda: None, counted) == 0
    counted_steps = int(os.read(receiver, 100))
    os.close(sender)
    os.close(receiver)
    return counted_steps


def in_a_child(
    armed: Callable[[], None], action: Callable[[], object], look: Callable[[], object] | None = None
) -> int:
    """Run the action in a forked process that arms itself first; call `look` repeatedly meanwhile.

    Return how it ended: 0, STOPPED with a reported error, or its death; AssertionError if it ended otherwise.
    """
    (code,) = in_children([(armed, action)], look)
    return code


def in_children(
    actions: Sequence[tuple[Callable[[], None], Callable[[], object]]], look: Callable[[], object] | None = None
) -> list[int]:
    """Do the same with several actions at once, each in its own process, with its own arming function."""
    children = [os.fork() or _live(armed, action) for armed, action in actions]
    ended: dict[int, int] = {}
    while len(ended) < len(children):
        if look is not None:
            look()
            time.sleep(_PAUSE_SECONDS)
        for child in children:
            if child not in ended:
                pid, status = os.waitpid(child, 0 if look is None else os.WNOHANG)
                if pid:
                    ended[child] = os.waitstatus_to_exitcode(status)
    codes = [ended[child] for child in children]
    assert set(codes) <= {0, STOPPED, -signal.SIGKILL}, f"the processes ended with {codes}"
    return codes


def _live(armed: Callable[[], None], action: Callable[[], object]) -> NoReturn:
    """Run as the child process."""
    from pipeline.common.errors import WarehouseError

    code = 1
    try:
        armed()
        action()
        code = 0
    except (OSError, WarehouseError, shutil.Error):
        code = STOPPED
    finally:
        os._exit(code)
