"""A landed source table: its parts and files, and the numbers of rows and cells read, rejected and nulled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pipeline.ingest.landing.file_reading import FileReading
from pipeline.ingest.schema import SourceTable
from pipeline.storage.local_files import content_hash


@dataclass(frozen=True)
class SourceFile:
    """A file, or a table of a database, that was read: its name within the source, its size and its hash."""

    name: str
    bytes: int
    sha256: str


@dataclass(frozen=True)
class LandedTable:
    """A source table in the landing zone.

    `parts` together contain its rows. Each part has at least the columns of `table.arrow_schema`, with those types, but
    possibly in another order and with further columns, so read columns by name. `read` = `loaded` + `rejected` rows.
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
    """The columns that every file has, each with the header that names it."""
    unknown: Mapping[str, str] = field(default_factory=dict)
    """The headers that name no column of the schema, each with its file."""
    lacking: Mapping[str, str] = field(default_factory=dict)
    """The columns that only earlier files of the table have, each with the last file (the newest download or part)."""
    unread_files: tuple[tuple[str, str], ...] = ()
    """Files of the source that were not read, with the reasons; reported with the source's first table."""
    readings: tuple[FileReading, ...] = ()
    """How each file was read, in the order of reading."""
    nulled: Mapping[str, int] = field(default_factory=dict)
    """By column, the number of cells that could not be read."""
    rejected_for: Mapping[str, int] = field(default_factory=dict)
    """By reason, the number of rejected rows."""
    contents: tuple[str, ...] = ()
    """The hashes of `parts` and then `rejects`, as they landed."""
    merged_from: tuple[Path, ...] = ()
    """The parts of single files that are not among `parts`, because they were merged or lost rows. The next ingest
    needs them to recognise unchanged files."""

    without: tuple[str, ...] = ()
    """The marks of the forgotten people whose data was left out."""

    def damaged(self) -> list[Path]:
        """List the files that are missing, or whose content is not what landed."""
        files = zip((*self.parts, *self.rejects), self.contents, strict=True)
        return [path for path, content in files if not holds_content(path, content)]


def holds_content(path: Path, content: str | None) -> bool:
    """Return whether a file exists and its content has this hash."""
    try:
        return content_hash(path) == content
    except OSError:
        return False
