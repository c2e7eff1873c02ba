"""The error that is meant for people (what is wrong, where, what to do), and the interruption of a command."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import signal
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import ClassVar, Final

from pipeline.common.shown_text import shown, shown_lines

_NO_ROOM: Final = (errno.ENOSPC, errno.EDQUOT)
_REMEDIES: Final = {
    **dict.fromkeys(_NO_ROOM, "free some space on that disk, and run again"),
    **dict.fromkeys((errno.EACCES, errno.EPERM), "let this user write there, or name another folder"),
    errno.EROFS: "name a folder on a writable file system",
    **dict.fromkeys((errno.ENOTDIR, errno.EEXIST), "a file has the name of a folder: name another folder"),
}


class WarehouseError(Exception):
    """An error with a remedy.

    `what` says in one line what is wrong, and `details` (texts of one or more lines) give more, such as the affected
    rows; `where` names the file, row, column or setting, if there is one, and `remedy` says what to do. All of them may
    quote data: the error's text escapes it, so that data can't look like our own lines. Other exceptions are bugs.
    """

    def __init__(
        self, what: str, *, details: Iterable[str] = (), where: str | None = None, remedy: str | None = None
    ) -> None:
        self.what = what
        self.details = tuple(line for text in details for line in shown_lines(text))
        self.where = where
        self.remedy = remedy
        super().__init__(self.__str__())

    @property
    def lines(self) -> list[str]:
        """The lines of the message without the remedy."""
        return [shown(f"{self.where}: {self.what}" if self.where else self.what), *self.details]

    def __str__(self) -> str:
        return "\n".join([*self.lines, *([f"To do: {shown(self.remedy)}"] if self.remedy else [])])


def in_words(error: BaseException) -> WarehouseError | None:
    """Return an error of the file system, Arrow or DuckDB as WarehouseError with an explanation; None for a bug."""
    if isinstance(error, WarehouseError):
        return error
    if isinstance(error, OSError):
        # in a copy, the first name is the source; the full disk is that of the second
        name = error.filename2 if error.errno in _NO_ROOM and error.filename2 is not None else error.filename
        where = None if name is None else str(name)
        remedy = _REMEDIES.get(error.errno or 0, "check the path and its disk, and run again")
        return WarehouseError(error.strerror or _one_line(error), where=where, remedy=remedy)
    if isinstance(error, MemoryError):  # also raised by Arrow
        return WarehouseError(f"out of memory: {_one_line(error)}", remedy=MORE_MEMORY)
    duckdb = sys.modules.get("duckdb")  # if it is not loaded, it has raised no error
    if duckdb is not None and isinstance(error, duckdb.OutOfMemoryException):
        return WarehouseError(f"out of memory: {_one_line(error)}", where="DuckDB", remedy=MORE_MEMORY)
    if duckdb is not None and isinstance(error, duckdb.IOException):
        if "No space left on device" in str(error):
            named = _DUCKDB_FILE.search(str(error))
            where = named["file"] if named else "DuckDB"
            return WarehouseError("No space left on device", where=where, remedy=_REMEDIES[errno.ENOSPC])
        if "lock on file" in str(error):
            remedy = "end the program that the message names; query published.duckdb instead, which no run locks"
            return WarehouseError(_one_line(error), where="DuckDB", remedy=remedy)
        return WarehouseError(
            _one_line(error), where="DuckDB", remedy="check the file and the free space on its disk, and run again"
        )
    return None


MORE_MEMORY: Final = (
    "raise memory_limit (docs/scale.md has measured values), end other programs on this machine, or use a machine with "
    "more memory; with --target postgres or spark, give more memory to those"
)
_OUT_OF_MEMORY: Final = re.compile(r"out ?of ?memory|bad_alloc|java heap space", re.IGNORECASE)


def is_out_of_memory(message: str) -> bool:
    """Return whether an engine ran out of memory: `Out of Memory Error: could not allocate block`."""
    return _OUT_OF_MEMORY.search(message) is not None


# IO Error: … Could not write file "/exports/1/accounts.csv": No space left on device
_DUCKDB_FILE: Final = re.compile(r'file \\?"(?P<file>[^"\\]+)')


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split()) or type(error).__name__


class Interrupted(BaseException):
    """A request to end the command. It is a BaseException, so that no error handler catches it."""


_ENDING: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Interruptions:
    """Signals that ask this command to end: from Ctrl-C, a service manager, or a closed terminal.

    They raise `Interrupted`. A library may turn that into its own error, or swallow it: `is_requested` still tells that
    any later error is due to the interruption.
    """

    _signals: ClassVar[bytearray] = bytearray()
    _read_end: ClassVar[int | None] = None
    _holds: ClassVar[int] = 0

    @classmethod
    def listen(cls) -> None:
        """Start to listen. Python writes each signal into a pipe, even if a library replaces the handlers."""
        cls._read_end, write_end = os.pipe()
        for end in (cls._read_end, write_end):
            os.set_blocking(end, False)
        signal.set_wakeup_fd(write_end, warn_on_full_buffer=False)
        for number in _ENDING:
            if number != signal.SIGHUP or signal.getsignal(number) is not signal.SIG_IGN:  # set by nohup
                signal.signal(number, cls._interrupt)

    @classmethod
    def is_requested(cls) -> bool:
        """Return whether a signal has asked this process to end."""
        if cls._read_end is not None:
            with contextlib.suppress(BlockingIOError):
                cls._signals += bytes(number for number in os.read(cls._read_end, 4096) if number in _ENDING)
        return bool(cls._signals)

    @classmethod
    def exit_code(cls) -> int:
        """Return the exit code for the last signal."""
        return 128 + (cls._signals[-1] if cls.is_requested() else signal.SIGINT)

    @classmethod
    @contextmanager
    def put_off(cls) -> Iterator[None]:
        """Delay `Interrupted` until the end of the block: interrupting a C extension that is loading may abort it."""
        cls._holds += 1
        try:
            yield
        finally:
            cls._holds -= 1
            if not cls._holds and cls.is_requested():
                raise Interrupted

    @classmethod
    def _interrupt(cls, number: int, frame: FrameType | None) -> None:
        if not cls._holds:
            raise Interrupted
