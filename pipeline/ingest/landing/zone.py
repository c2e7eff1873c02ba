"""The landing zone: typed Parquet files, addressed by their origin and never changed.

A part's address is the hash of its source file's bytes and name, its table's schema and the code of this package. So an
unchanged file only needs to be hashed, and a changed rule reads everything again. Next to `<address>.parquet` are the
part's rejects and its record. The record is written last: without it the part does not exist, and the next run removes
what a killed run left. The record contains the part's hash, which is checked whenever the part is used; a damaged part
is landed again.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Final

import pyarrow.parquet as pq

from pipeline.ingest.landing.file_reading import FileReading
from pipeline.ingest.landing.landed_table import holds_content
from pipeline.ingest.schema import SourceTable
from pipeline.state.forgotten import NOBODY, Forgotten
from pipeline.storage.local_files import clear_drafts, content_hash, hidden_name, naming, put_in_place
from pipeline.storage.sealed import read_sealed, write_sealed

_ADDRESS_DIGITS: Final = 32


@dataclass(frozen=True)
class PartRecord:
    """The facts about a part that are known without opening it. Counts are rows."""

    read: int
    loaded: int
    rejected: int
    has_rejects: bool
    extra_columns: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()
    key_ranges: dict[str, list[int]] | None = None
    matched: Mapping[str, str] = field(default_factory=dict)
    reading: FileReading | None = None
    content: str = ""
    """The hash of the Parquet file, which `keep` adds."""
    rejects_content: str | None = None


@dataclass(frozen=True)
class Part:
    """One typed Parquet file of a table, its rejects (None if there are none) and its record."""

    address: str
    path: Path
    rejects: Path | None
    record: PartRecord


@dataclass(frozen=True)
class PartSet:
    """Parts that form one table together, with the rows rejected because of duplicates between the parts."""

    address: str
    parts: tuple[Part, ...]
    rejected: int
    rejects: tuple[Path, ...]


@dataclass(frozen=True)
class Draft:
    """The paths to which a part is written before it gets its address."""

    data: Path
    rejects: Path
    scratch: Path


class Landing:
    """The landing zone in the folder `root`. `memory_limit` is the memory for deduplication; the rest spills to disk.

    Data about people who are `forgotten` does not land.
    """

    def __init__(
        self,
        root: Path,
        *,
        memory_limit: str = "512MiB",
        threads: int | None = None,
        forgotten: Forgotten = NOBODY,
    ) -> None:
        self.root = root
        self.forgotten = forgotten
        self.memory_limit = memory_limit
        self.threads = threads or os.cpu_count() or 1

    @contextmanager
    def spill_folder(self) -> Iterator[Path]:
        """Yield a separate folder for data that does not fit into memory, because DuckDB reuses the same file names."""
        folder = self.root / "spill"
        folder.mkdir(parents=True, exist_ok=True)
        clear_drafts(folder)
        own = folder / hidden_name()
        try:
            yield own
        finally:
            shutil.rmtree(own, ignore_errors=True)

    def find(self, table: SourceTable, address: str) -> Part | None:
        """Return the part with this address, or None if it does not exist or is damaged."""
        folder = self._folder(table)
        data = folder / f"{address}.parquet"
        try:
            known = read_sealed(folder / f"{address}.json")
            record = PartRecord(
                **{
                    **known,
                    "extra_columns": tuple(known["extra_columns"]),
                    "notices": tuple(known["notices"]),
                    "reading": None if known["reading"] is None else FileReading.from_dict(known["reading"]),
                }
            )
        except (TypeError, KeyError):  # none, or another version's
            return None
        rejects = folder / f"{address}.rejects.parquet" if record.has_rejects else None
        if not holds_content(data, record.content) or (rejects and not holds_content(rejects, record.rejects_content)):
            return None
        return Part(address, data, rejects, record)

    @contextmanager
    def draft(self, table: SourceTable) -> Iterator[Draft]:
        """Yield the paths for writing a part, in the table's folder; files left there afterwards are removed."""
        folder = self._folder(table)
        folder.mkdir(parents=True, exist_ok=True)
        clear_drafts(folder)
        stem = hidden_name()
        draft = Draft(folder / f"{stem}.data", folder / f"{stem}.rejects", folder / f"{stem}.scratch")
        try:
            with naming(folder):
                yield draft
        finally:
            for path in (draft.data, draft.rejects, draft.scratch):
                path.unlink(missing_ok=True)

    def keep(self, table: SourceTable, address: str, draft: Draft, record: PartRecord) -> Part:
        """Move a finished draft to its address. The record is written last, because it makes the part exist."""
        folder = self._folder(table)
        data, rejects = folder / f"{address}.parquet", folder / f"{address}.rejects.parquet"
        if record.has_rejects:
            put_in_place(draft.rejects, rejects)
        put_in_place(draft.data, data)
        rejects_content = content_hash(rejects) if record.has_rejects else None
        kept = replace(record, content=content_hash(data), rejects_content=rejects_content)
        write_sealed(folder / f"{address}.json", asdict(kept))
        part = self.find(table, address)
        if part is None:
            raise OSError(f"{folder.name}/{address} vanished while it was written")
        return part

    def find_set(self, table: SourceTable, address: str) -> PartSet | None:
        """Return the set with this address, or None if it or one of its parts does not exist or is damaged."""
        folder = self._folder(table)
        try:
            known = read_sealed(folder / f"{address}.set.json")
            parts = [self.find(table, part) for part in known["parts"]]
            rejects = {folder / f"{name}.rejects.parquet": content for name, content in known["rejects"]}
            rejected = int(known["rejected"])
        except (AttributeError, TypeError, KeyError):  # none, or another version's
            return None
        whole = tuple(part for part in parts if part is not None)
        if len(whole) < len(parts) or not all(holds_content(path, content) for path, content in rejects.items()):
            return None
        return PartSet(address, whole, rejected, tuple(rejects))

    def keep_set(
        self,
        table: SourceTable,
        address: str,
        draft: Draft,
        parts: Sequence[Part],
        rejected: int,
        rejects: Sequence[Path],
    ) -> PartSet:
        """Store a set. Its own rejects, if the draft has any, follow those of the set that it extends."""
        folder = self._folder(table)
        all_rejects = [*rejects]
        if draft.rejects.exists():
            all_rejects.append(folder / f"{address}.rejects.parquet")
            put_in_place(draft.rejects, all_rejects[-1])
        contents = [[path.name.removesuffix(".rejects.parquet"), content_hash(path)] for path in all_rejects]
        known = {"parts": [part.address for part in parts], "rejected": rejected, "rejects": contents}
        write_sealed(folder / f"{address}.set.json", known)
        kept = self.find_set(table, address)
        if kept is None:
            raise OSError(f"{folder.name}/{address} vanished while it was written")
        return kept

    def empty(self, table: SourceTable) -> Part:
        """Return the part without rows of a table."""
        address = part_address(table, "empty", "")
        if part := self.find(table, address):
            return part
        with self.draft(table) as draft:
            pq.write_table(table.arrow_schema.empty_table(), draft.data)
            return self.keep(table, address, draft, PartRecord(0, 0, 0, has_rejects=False))

    def remembered_headers(self, content: str) -> tuple[str, ...] | None:
        """Return the headers of the file with this hash, or None if it was never opened."""
        headers = read_sealed(self._header_note(content))
        return None if headers is None else tuple(headers)

    def remember_headers(self, content: str, headers: Sequence[str]) -> None:
        """Store a file's headers, so that it need not be opened again to find out which table it is."""
        note = self._header_note(content)
        note.parent.mkdir(parents=True, exist_ok=True)
        write_sealed(note, list(headers))

    def _header_note(self, content: str) -> Path:
        return self.root / "headers" / f"{combined_hash(_rules_version(), content)[:_ADDRESS_DIGITS]}.json"

    def _folder(self, table: SourceTable) -> Path:
        return self.root / table.qualified_name


def part_address(table: SourceTable, content: str, name: str, *settings: str) -> str:
    """Return the address of a part with this source content (a hash), file name and settings."""
    return combined_hash(_rules_version(), repr(table), content, name, *settings)[:_ADDRESS_DIGITS]


def combined_hash(*parts: str) -> str:
    """Return one hash of several texts, which depends on where one text ends and the next begins."""
    return hashlib.sha256(json.dumps(parts).encode("utf-8")).hexdigest()


@cache
def _rules_version() -> str:
    """Return the hash of this package's code, so that a changed rule changes every address without a version number."""
    package = Path(__file__).parent.parent
    digest = hashlib.sha256()
    for module in sorted(package.rglob("*.py")):
        digest.update(module.relative_to(package).as_posix().encode())
        digest.update(module.read_bytes())
    return digest.hexdigest()
