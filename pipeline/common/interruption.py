"""Ctrl-C and SIGTERM: the command ends in words, with the exit code that a shell gives for the signal."""

from __future__ import annotations

import os
import signal
from types import FrameType


class Interrupted(BaseException):
    """Somebody wants the command to end: no fault, so nothing that handles faults catches it."""


class Interruptions:
    """Raises `Interrupted` at both signals, and knows the last signal even where a library replaces the handlers."""

    def __init__(self) -> None:
        self._told, telling = os.pipe()
        for end in (self._told, telling):
            os.set_blocking(end, False)
        signal.set_wakeup_fd(telling, warn_on_full_buffer=False)
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, _interrupt)

    def exit_code(self) -> int:
        """Give the exit code for the signal that came last."""
        try:
            numbers = os.read(self._told, 4096)
        except BlockingIOError:
            numbers = b""
        return 128 + (numbers[-1] if numbers else signal.SIGINT)


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise Interrupted
