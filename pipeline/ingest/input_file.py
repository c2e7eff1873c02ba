"""A file of a source: hashed once, and opened only if its content has not landed yet."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import Protocol

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.common.errors import WarehouseError
from pipeline.ingest.landing.landed_table import SourceFile
from pipeline.ingest.landing.zone import Landing
from pipeline.ingest.readers import OpenTable
from pipeline.ingest.readers.formats import open_file
from pipeline.ingest.source_folder import FolderValues
from pipeline.settings import CodePage
from pipeline.storage.local_files import content_hash


class InputFile:
    """One file, called `name` within its source in everything that people read.

    `folder_values` are what the hive folders around it say of its rows, `code_page` is what it is in if it is no UTF-8.
    """

    def __init__(
        self,
        path: Path,
        name: str,
        known_headers: Sequence[str],
        folder_values: FolderValues = (),
        code_page: CodePage = "auto",
    ) -> None:
        self.path = path
        self.name = name
        self.folder_values = folder_values
        self.code_page = code_page
        self._known_headers = known_headers
        self._opened: OpenTable | None = None

    @cached_property
    def source_file(self) -> SourceFile:
        """The file's name, size in bytes and hash."""
        try:
            self._seen = self._stamp()
            return SourceFile(self.name, self._seen[0], content_hash(self.path))
        except OSError as error:
            raise WarehouseError(
                f"the file can't be read: {error.strerror}", where=self.name, remedy="mind its rights and its disk"
            ) from error

    @cached_property
    def rows(self) -> int | None:
        """How many rows the file has, if its format says so without a reading of it."""
        if self.path.suffix.lower() != ".parquet":
            return None
        try:
            return int(pq.read_metadata(self.path).num_rows)
        except (pa.ArrowException, OSError, ValueError):  # reported in full when the file is opened
            return None

    def headers(self, landing: Landing) -> Sequence[str]:
        """Return the file's headers; the landing zone remembers those of a file that it has seen."""
        content = f"{self.source_file.sha256} {self.code_page}"
        known = landing.remembered_headers(content)
        if known is None:
            known = self._open().headers
            landing.remember_headers(content, known)
        return known

    def take(self) -> OpenTable:
        """Open the file for its one pass."""
        opened = self._open()
        self._opened = None
        return opened

    def must_be_unchanged(self) -> None:
        """Raise WarehouseError if the file was written to since it was hashed, so that its hash would be wrong."""
        if self._stamp() != self._seen:
            raise WarehouseError(
                "the file changed while it was read", where=self.name, remedy="run again once it is written whole"
            )

    def _stamp(self) -> tuple[int, int]:
        """Return the size and the time of the last change."""
        found = self.path.stat()
        return found.st_size, found.st_mtime_ns

    def _open(self) -> OpenTable:
        if self._opened is None:
            try:
                self._opened = open_file(self.path, self.name, self._known_headers, self.code_page)
            except OSError as error:
                raise WarehouseError(
                    f"the file can't be read: {error.strerror}", where=self.name, remedy="mind its rights and its disk"
                ) from error
        return self._opened


class Report(Protocol):
    """Receives the progress of a source: rows read so far, the total if known, and the current table (`detail`)."""

    def update(self, done: int, total: int | None = None, detail: str = "") -> None:
        """Report progress."""


class SharedReport:
    """A report that several tables feed, each counting from 0."""

    def __init__(self, report: Report, total: int | None = None) -> None:
        self._report = report
        self._total = total
        self._done: dict[str, int] = {}
        self._lock = Lock()

    def count(self, name: str, done: int, detail: str) -> None:
        """Say that `done` rows of the file `name`, which belongs to the table `detail`, are read."""
        with self._lock:
            self._done[name] = done
            self._report.update(sum(self._done.values()), self._total, detail)


def rows_to_come(files: Iterable[InputFile]) -> int | None:
    """Return how many rows the files have; None if one of them does not say so before it is read."""
    counts = [file.rows for file in files]
    return None if None in counts else sum(count for count in counts if count is not None)
