"""A file of a source: hashed once, and opened only if what it holds has not landed yet."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.common.errors import WarehouseError
from pipeline.ingest.landing.zone import Landing, SourceFile
from pipeline.ingest.readers import OpenTable
from pipeline.ingest.readers.formats import open_file
from pipeline.storage.local_files import content_hash


class InputFile:
    """One file, called `name` within its source in everything that people read."""

    def __init__(self, path: Path, name: str, known_headers: Sequence[str]) -> None:
        self.path = path
        self.name = name
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
        """How many rows the file has, if its format tells without a reading of it."""
        if self.path.suffix.lower() != ".parquet":
            return None
        try:
            return int(pq.read_metadata(self.path).num_rows)
        except (pa.ArrowException, OSError, ValueError):  # told in full when the file is opened
            return None

    def headers(self, landing: Landing) -> Sequence[str]:
        """The file's headers; the landing zone remembers those of a file that it has seen."""
        known = landing.remembered_headers(self.source_file.sha256)
        if known is None:
            known = self._open().headers
            landing.remember_headers(self.source_file.sha256, known)
        return known

    def take(self) -> OpenTable:
        """Open the file for its one pass."""
        opened = self._open()
        self._opened = None
        return opened

    def must_be_unchanged(self) -> None:
        """Raise WarehouseError if the file was written to since it was hashed: then what landed is not what it says."""
        if self._stamp() != self._seen:
            raise WarehouseError(
                "the file changed while it was read", where=self.name, remedy="run again once it is written whole"
            )

    def _stamp(self) -> tuple[int, int]:
        """The size and the time of the last change."""
        found = self.path.stat()
        return found.st_size, found.st_mtime_ns

    def _open(self) -> OpenTable:
        if self._opened is None:
            try:
                self._opened = open_file(self.path, self.name, self._known_headers)
            except OSError as error:
                raise WarehouseError(
                    f"the file can't be read: {error.strerror}", where=self.name, remedy="mind its rights and its disk"
                ) from error
        return self._opened
