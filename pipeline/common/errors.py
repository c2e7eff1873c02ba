"""The one error that a person is meant to read: what was wrong, where, what to do; and the wish that a command end."""

from __future__ import annotations

import errno
import os
import re
import signal
import sys
from types import FrameType
from typing import Final

_REMEDIES: Final = {
    **dict.fromkeys((errno.ENOSPC, errno.EDQUOT), "make room there, and run again"),
    **dict.fromkeys((errno.EACCES, errno.EPERM), "see to it that this user may write there, or name another folder"),
    errno.EROFS: "name a folder of a file system that can be written",
    **dict.fromkeys((errno.ENOTDIR, errno.EEXIST), "a file stands where a folder is wanted: name another folder"),
}


class WarehouseError(Exception):
    """A fault with a remedy.

    `what` says what is wrong, `where` names the file, row, column or setting (if there is one) and
    `remedy` says what to do about it. Everything else that is raised is a bug.
    """

    def __init__(self, what: str, *, where: str | None = None, remedy: str | None = None) -> None:
        self.what = what
        self.where = where
        self.remedy = remedy
        super().__init__(self.__str__())

    def __str__(self) -> str:
        parts = [f"{self.where}: {self.what}" if self.where else self.what]
        if self.remedy:
            parts.append(f"To do: {self.remedy}")
        return "\n".join(parts)


def in_words(error: BaseException) -> WarehouseError | None:
    """Give a fault in words: a WarehouseError as it is, what the file system refused us, Arrow or DuckDB; else None."""
    if isinstance(error, WarehouseError):
        return error
    if isinstance(error, OSError):
        where = None if error.filename is None else str(error.filename)
        remedy = _REMEDIES.get(error.errno or 0, "see to the path and the disk that are named, and run again")
        return WarehouseError(error.strerror or _one_line(error), where=where, remedy=remedy)
    duckdb = sys.modules.get("duckdb")  # who has not loaded it can't have met its errors
    if duckdb is not None and isinstance(error, duckdb.IOException):
        if "No space left on device" in str(error):
            named = _DUCKDB_FILE.search(str(error))
            where = named["file"] if named else "DuckDB"
            return WarehouseError("No space left on device", where=where, remedy=_REMEDIES[errno.ENOSPC])
        return WarehouseError(
            _one_line(error), where="DuckDB", remedy="see to the file that is named and to the room left, and run again"
        )
    return None


# IO Error: … Could not write file "/exports/1/accounts.csv": No space left on device
_DUCKDB_FILE: Final = re.compile(r'file \\?"(?P<file>[^"\\]+)')


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split()) or type(error).__name__


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
