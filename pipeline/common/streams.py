"""The command's standard streams: a stream that is closed, full or limited to ASCII does not make a command fail."""

from __future__ import annotations

import contextlib
import errno
import io
import os
import sys
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer


class _Outlet(io.FileIO):
    """A stream's file. After the first error, output is discarded."""

    fault: OSError | None = None

    def write(self, content: ReadableBuffer, /) -> int:
        """Write, or remember what the system refused."""
        if self.fault is None:
            try:
                return super().write(content)
            except OSError as refused:
                self.fault = refused
        return memoryview(content).nbytes


class Streams:
    """Standard input, output and error of this process."""

    _output: ClassVar[_Outlet | None] = None

    @classmethod
    def open(cls) -> None:
        """Replace closed streams, and escape characters that a stream cannot encode."""
        for name, number in (("stdin", 0), ("stdout", 1), ("stderr", 2)):
            stream = getattr(sys, name)
            if stream is None:
                with contextlib.suppress(OSError):
                    os.dup2(os.open(os.devnull, os.O_RDWR), number)  # otherwise the next opened file gets this number
                setattr(sys, name, open(number, "r" if number == 0 else "w", closefd=False))  # noqa: SIM115
            elif number:
                outlet = _Outlet(number, "w", closefd=False)
                text = io.TextIOWrapper(
                    io.BufferedWriter(outlet),
                    encoding=stream.encoding,
                    errors="backslashreplace",
                    # with PYTHONUNBUFFERED too, write each line when it ends: there is a buffer below the text
                    line_buffering=stream.line_buffering or stream.write_through,
                )
                setattr(sys, name, text)
                if number == 1:
                    cls._output = outlet

    @classmethod
    def flush(cls) -> None:
        """Write what is buffered, and report lost output, unless the reader has closed the stream."""
        sys.stdout.flush()
        fault = cls._output.fault if cls._output else None
        if fault is not None and fault.errno != errno.EPIPE:
            sys.stderr.write(f"standard output: {fault.strerror}; the output is incomplete\n")
        sys.stderr.flush()
