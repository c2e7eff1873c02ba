"""A source file: it is hashed once, and only opened if its content has not landed yet."""

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
    """One source file. Messages call it `name`, its path within the source.

    `folder_values` are the values of the hive folders around it; `code_page` is its encoding if it is not UTF-8.
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
            raise self._unreadable(error) from error

    @cached_property
    def rows(self) -> int | None:
        """The number of the file's rows, if its format says so without reading it; otherwise None."""
        if self.path.suffix.lower() != ".parquet":
            return None
        try:
            return int(pq.read_metadata(self.path).num_rows)
        except (pa.ArrowException, OSError, ValueError):  # reported in full when the file is opened
            return None

    def headers(self, landing: Landing) -> Sequence[str]:
        """Return the file's headers; the landing zone remembers those of files that it has seen."""
        content = f"{self.source_file.sha256} {self.code_page}"
        known = landing.remembered_headers(content)
        if known is None:
            known = self._open().headers
            landing.remember_headers(content, known)
        return known

    def take(self) -> OpenTable:
        """Open the file for a single pass."""
        opened = self._open()
        self._opened = None
        return opened

    def must_be_unchanged(self) -> None:
        """Raise WarehouseError if the file was changed after it was hashed, because its hash would be wrong."""
        if self._stamp() != self._seen:
            raise WarehouseError(
                "the file changed while it was read", where=self.name, remedy="run again when the file is complete"
            )

    def _stamp(self) -> tuple[int, int]:
        """Return the file's size and the time of its last change."""
        found = self.path.stat()
        return found.st_size, found.st_mtime_ns

    def _open(self) -> OpenTable:
        if self._opened is None:
            try:
                self._opened = open_file(self.path, self.name, self._known_headers, self.code_page)
            except OSError as error:
                raise self._unreadable(error) from error
        return self._opened

    def _unreadable(self, error: OSError) -> WarehouseError:
        return WarehouseError(
            f"the file can't be read: {error.strerror}",
            where=self.name,
            remedy="check the file's permissions and its disk",
        )


class Report(Protocol):
    """Receives the progress of reading a source: rows read so far, the total if known, the current table (`detail`)."""

    def update(self, done: int, total: int | None = None, detail: str = "") -> None:
        """Report progress."""


class SharedReport:
    """Sums up the progress of several files, each of which counts its rows from 0."""

    def __init__(self, report: Report, total: int | None = None) -> None:
        self._report = report
        self._total = total
        self._done: dict[str, int] = {}
        self._lock = Lock()

    def count(self, name: str, done: int, detail: str) -> None:
        """Report that `done` rows of the file `name` have been read; the file belongs to the table `detail`."""
        with self._lock:
            self._done[name] = done
            self._report.update(sum(self._done.values()), self._total, detail)


def rows_to_come(files: Iterable[InputFile]) -> int | None:
    """Return the total number of rows of the files; None if one of them must be read to know."""
    counts = [file.rows for file in files]
    return None if None in counts else sum(count for count in counts if count is not None)
