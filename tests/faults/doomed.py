"""A process that does what it is given and dies, or is disturbed, at the n-th of its steps; what a step is is armed."""

from __future__ import annotations

import os
import shutil
import signal
import time
from collections.abc import Callable, Sequence
from typing import Final, NoReturn

Arm = Callable[[Callable[[], None]], None]
"""Has a function called at each step of the process that arms itself, before the step."""

STOPPED: Final = 3
"""The exit code of a process that stopped with an error in words."""
_PAUSE_SECONDS: Final = 0.0005
"""Between two looks: without it the one who looks takes a core, and each case lasts twice as long (2026-11-29)."""


def die() -> None:
    """Die as by kill -9."""
    os.kill(os.getpid(), signal.SIGKILL)


def at_step(number: int, arm: Arm, disturb: Callable[[], None]) -> Callable[[], None]:
    """Give what arms a process so that it is disturbed at its n-th step."""

    def step() -> None:
        nonlocal number
        number -= 1
        if number == 0:
            disturb()

    return lambda: arm(step)


def steps_of(arm: Arm, action: Callable[[], object]) -> int:
    """Count the steps of an action that nothing disturbs."""
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
    """Run the action in a forked process that arms itself first; `look` again and again meanwhile.

    Return how it ended: 0, STOPPED with an error in words, or by its death; AssertionError where it ended otherwise.
    """
    (code,) = in_children([(armed, action)], look)
    return code


def in_children(
    actions: Sequence[tuple[Callable[[], None], Callable[[], object]]], look: Callable[[], object] | None = None
) -> list[int]:
    """Do the same with several actions at once, each in a process of its own, with what arms it."""
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
    """Be the child."""
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
