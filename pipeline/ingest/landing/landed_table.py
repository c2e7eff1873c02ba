"""A landed source table: its parts and files, and how much was read, rejected and nulled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pipeline.ingest.landing.file_reading import FileReading
from pipeline.ingest.schema import SourceTable
from pipeline.storage.local_files import content_hash


@dataclass(frozen=True)
class SourceFile:
    """A file (or a database's table) that was read: its name within the source, its size and its hash."""

    name: str
    bytes: int
    sha256: str


@dataclass(frozen=True)
class LandedTable:
    """A source table in the landing zone.

    `parts` together hold its rows; each has at least the columns of `table.arrow_schema`, with those types. They may
    stand in another order and beside others, so read them by name. `read` = `loaded` + `rejected`, in rows.
    """

    table: SourceTable
    parts: tuple[Path, ...]
    is_configured: bool
    files: tuple[SourceFile, ...]
    read: int
    loaded: int
    rejected: int
    rejects: tuple[Path, ...]
    fingerprint: str
    extra_columns: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()
    matched: Mapping[str, str] = field(default_factory=dict)
    """The header by which each column was found that every file has."""
    unknown: Mapping[str, str] = field(default_factory=dict)
    """The headers that no column wants, with the file that has them."""
    lacking: Mapping[str, str] = field(default_factory=dict)
    """The columns that only earlier files of the table have, with the last one: the newest download, or a part."""
    unread_files: tuple[tuple[str, str], ...] = ()
    """Files of the source that became no table, with why; reported with the source's first table."""
    readings: tuple[FileReading, ...] = ()
    """How each file was read, in the order of reading."""
    nulled: Mapping[str, int] = field(default_factory=dict)
    """The cells of each column that could not be read, where there are any."""
    rejected_for: Mapping[str, int] = field(default_factory=dict)
    """The rejected rows by reason."""
    contents: tuple[str, ...] = ()
    """The hashes of `parts` and then `rejects`, as they landed."""
    merged_from: tuple[Path, ...] = ()
    """The parts, one a file, that are not among `parts`, because rows of them lost: by these the next ingest knows the
    files, and reads none again that has not changed."""

    without: tuple[str, ...] = ()
    """The marks of the forgotten people who were left out as it landed."""

    def damaged(self) -> list[Path]:
        """List the files that are gone, or are not what landed."""
        files = zip((*self.parts, *self.rejects), self.contents, strict=True)
        return [path for path, content in files if not holds_content(path, content)]


def holds_content(path: Path, content: str | None) -> bool:
    """Return whether a file is there with the content of this hash."""
    try:
        return content_hash(path) == content
    except OSError:
        return False
