"""How far the ingest of a source is, summed over its tables, two of which may be under way at once."""

from __future__ import annotations

from collections.abc import Iterable
from threading import Lock
from typing import Protocol

from pipeline.ingest.input_file import InputFile


class Report(Protocol):
    """Told how far a source is: rows read so far, of how many, if that is known, and the table at work (`detail`)."""

    def update(self, done: int, total: int | None = None, detail: str = "") -> None:
        """Take note."""


class SharedReport:
    """A report that several tables feed, each counting from nothing."""

    def __init__(self, report: Report, total: int | None = None) -> None:
        self._report = report
        self._total = total
        self._done: dict[str, int] = {}
        self._lock = Lock()

    def tell(self, name: str, done: int, detail: str) -> None:
        """Say that `done` rows of the file `name`, which belongs to the table `detail`, are read."""
        with self._lock:
            self._done[name] = done
            self._report.update(sum(self._done.values()), self._total, detail)


def rows_to_come(files: Iterable[InputFile]) -> int | None:
    """How many rows the files have; None if one of them does not say so before it is read."""
    counts = [file.rows for file in files]
    return None if None in counts else sum(count for count in counts if count is not None)
