"""Maps the files of a folder to tables: by name, or, for LMN, by headers (lmn-format Files).

`source_folder.py` lists the folder; `downloads.py` decides which of several downloads counts.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from pipeline.common.errors import WarehouseError
from pipeline.common.shown_text import shown_name
from pipeline.ingest.readers.formats import FORMATS
from pipeline.ingest.schema import Column, SourceTable
from pipeline.ingest.source_folder import (
    FolderEntry,
    folder_entries,
    holds_data,
    is_table_file,
    must_lead_somewhere,
    why_left_out,
)
from pipeline.ingest.values.headers import fold, match_headers, nearest

_DOWNLOAD: Final = re.compile(
    r"(?:copy of )?(?P<name>.*?)"
    r"(?: ?\([0-9]+\)| - copy(?: \([0-9]+\))?| copy(?: [0-9]+)?|[ -][0-9]{1,2}|\[[0-9]+\])?",
    re.IGNORECASE,
)
"""What browsers and file managers call a file whose name is taken: `accounts (1)`, `accounts-2`, `Copy of accounts`."""


@dataclass
class FoundFiles:
    """The files of each table, in natural order of names, and what a person should know about the others.

    Of a table in `downloads`, the files are several downloads, of which the newest counts.
    """

    by_table: dict[SourceTable, list[FolderEntry]] = field(default_factory=dict)
    downloads: set[SourceTable] = field(default_factory=set)
    notices: list[str] = field(default_factory=list)
    unread: list[tuple[str, str]] = field(default_factory=list)
    """The files that hold data, by their endings, and became no table: name and why."""

    def leave_out(self, path: Path, name: str, why: str, *, is_named_as_table: bool = False) -> None:
        """Note that a file or folder is no table, and that it may hold data: `accounts` without an ending may, too."""
        self.notices.append(f"{name}: {why}")
        if holds_data(path) or (is_named_as_table and path.is_file() and not path.suffix):
            self.unread.append((name, why))


def find_files(
    tables: Sequence[SourceTable], folder: Path, headers_of: Callable[[FolderEntry], Sequence[str]]
) -> FoundFiles:
    """Sort the files of `folder` by table. `headers_of` gives the headers of a file.

    Raises WarehouseError if there is no such folder, nothing in it is of use, or two files claim one table.
    """
    source = tables[0].source
    if not folder.is_dir():
        what = "this is a file, not a folder" if folder.exists() else "there is no such folder"
        raise WarehouseError(what, where=str(folder), remedy=f"name the folder that holds the {source} files")
    entries = folder_entries(folder)
    if any(table.recognised_by for table in tables):
        found = _by_headers(tables, entries, headers_of)
        remedy = "put in it files that have, under whatever name, the headers of a table: " + _headers_of_tables(tables)
    else:
        found = _by_names(tables, entries)
        remedy = f"put in it one file per table, such as {tables[0].name}.csv"
    if not found.by_table:
        names = ", ".join(shown_name(entry.path.name) for entry in entries[:10]) or "nothing"
        raise WarehouseError(
            f"no {source} table is in this folder, which holds {names}",
            where=str(folder),
            remedy=remedy,
        )
    return found


def _by_names(tables: Sequence[SourceTable], entries: Iterable[FolderEntry]) -> FoundFiles:
    """Return a file named as its table, or a folder named as it with the table's parts in it."""
    by_name = {table.name: table for table in tables}
    claims: dict[SourceTable, list[FolderEntry]] = {}
    found = FoundFiles()
    for entry in entries:
        path = entry.path
        table = by_name.get(_table_name(path))
        if table is not None:
            must_lead_somewhere(path)
        if table is not None and (path.is_dir() or is_table_file(path)):
            claims.setdefault(table, []).append(entry)
        elif path.is_dir() or is_table_file(path):
            near = difflib.get_close_matches(_table_name(path), by_name, n=1, cutoff=0.6)
            guess = f"; the nearest table is '{near[0]}'" if near else ""
            found.leave_out(path, path.name, f"not named as a table, left out{guess}")
        else:
            is_named = table is not None
            found.leave_out(path, shown_name(path.name), why_left_out(path), is_named_as_table=is_named)
    for table, claiming in claims.items():
        _refuse_rivals(table, claiming)
        if _stand_together(claiming):
            found.downloads.add(table)
        parts = [part for entry in claiming for part in _parts(entry, found)]
        if parts:
            found.by_table[table] = parts
    return found


def _table_name(path: Path) -> str:
    """Return the name by which a file or folder claims a table, without what distinguishes one download from another.

    Spark writes a folder of parts under a file's name: `customer.parquet/part-00000.parquet`.
    """
    if path.is_dir():
        return (path.stem if path.suffix.lower() in FORMATS else path.name).lower()
    download = _DOWNLOAD.fullmatch(path.stem)
    return (download["name"] if download else path.stem).lower()


def _refuse_rivals(table: SourceTable, claiming: Sequence[FolderEntry]) -> None:
    """Raise WarehouseError where a folder stands beside a file, or two files in one place have one name."""
    for at, entry in enumerate(claiming):
        for other in claiming[:at]:
            is_rival = entry.path.stem.lower() == other.path.stem.lower() or entry.path.is_dir() or other.path.is_dir()
            if is_rival and entry.path.parent == other.path.parent:
                raise WarehouseError(
                    f"{other.path.name} and {entry.path.name} both claim to be the table {table.name}",
                    where=str(entry.path.parent),
                    remedy=f"keep one of them, or put the parts of the table in a folder named {table.name}",
                )


def _parts(claiming: FolderEntry, found: FoundFiles) -> list[FolderEntry]:
    """Return the files of a table: the one that claims it, or those of its folder."""
    if not claiming.path.is_dir():
        return [claiming]
    folder = claiming.path
    parts = []
    for entry in folder_entries(folder, skip=(".", "~$", "_")):
        if is_table_file(entry.path):
            parts.append(FolderEntry(entry.path, (*claiming.values, *entry.values)))
        else:
            name = shown_name(entry.path.relative_to(folder.parent).as_posix())
            found.leave_out(entry.path, name, why_left_out(entry.path), is_named_as_table=True)
    if not parts:
        found.notices.append(f"{folder.name}: the folder of the table has no files in it")
    return parts


def _by_headers(
    tables: Sequence[SourceTable],
    entries: Iterable[FolderEntry],
    headers_of: Callable[[FolderEntry], Sequence[str]],
) -> FoundFiles:
    """Return the first table of which a file has all recognising headers. Several files of one are its downloads."""
    found = FoundFiles()
    for entry in entries:
        path = entry.path
        if not is_table_file(path):
            found.leave_out(path, shown_name(path.name), why_left_out(path))
            continue
        headers = headers_of(entry)
        table = recognise(tables, headers)
        if table is not None:
            found.by_table.setdefault(table, []).append(entry)
            continue
        likely, share = _likeliest(tables, headers)
        if share >= 0.5:
            raise _unfinished(likely, headers, path.name)
        why = f"none of the LMN files by its headers, left out; the nearest is {likely.name}, "
        found.leave_out(path, path.name, f"{why}of which it has {share:.0%} of the headers")
    found.downloads = {table for table, files in found.by_table.items() if _stand_together(files)}
    return found


def _stand_together(entries: Sequence[FolderEntry]) -> bool:
    """Return whether two of them lie in one folder: those of several hive folders are parts."""
    return len({entry.path.parent for entry in entries}) < len(entries)


def recognise(tables: Sequence[SourceTable], headers: Sequence[str]) -> SourceTable | None:
    """Return the first of the tables whose recognising headers, each by any of its aliases, are all there."""
    present = {fold(header) for header in headers}
    for table in tables:
        for wanted in table.recognised_by:
            if all(any(fold(alias) in present for alias in _aliases(table, header)) for header in wanted):
                return table
    return None


def _headers_of_tables(tables: Sequence[SourceTable]) -> str:
    """Return the headers by which each of the tables is known, in words."""
    return "; ".join(
        f"{table.name} by "
        + " or ".join(" and ".join(f"'{header}'" for header in headers) for headers in table.recognised_by)
        for table in tables
    )


def _aliases(table: SourceTable, header: str) -> tuple[str, ...]:
    return next(column.headers for column in table.columns if header in column.headers)


def _likeliest(tables: Sequence[SourceTable], headers: Sequence[str]) -> tuple[SourceTable, float]:
    """Return the table that knows the largest share of the headers."""
    present = {fold(header) for header in headers if header.strip()}

    def share(table: SourceTable) -> float:
        known = {fold(alias) for column in table.columns for alias in column.headers}
        return len(present & known) / max(len(present), 1)

    best = max(tables, key=share)
    return best, share(best)


def _unfinished(table: SourceTable, headers: Sequence[str], where: str) -> WarehouseError:
    """Return why a file that looks like a table is not taken for it: a recognising header is missing."""
    present = {fold(header) for header in headers}
    for header in table.recognised_by[0]:
        if not any(fold(alias) in present for alias in _aliases(table, header)):
            near = nearest(header, [h for h in headers if not _is_known(table.columns, h)])
            hint = f"; the nearest header is '{near}'" if near else ""
            return WarehouseError(
                f"this looks like LMN's {table.name}, but the column '{header}' is missing{hint}",
                where=where,
                remedy=f"rename '{near}' to '{header}', if it is that" if near else f"add the column '{header}'",
            )
    match_headers(table, headers, where)
    raise AssertionError(f"{where} has every header that recognises {table.name}")


def _is_known(columns: Sequence[Column], header: str) -> bool:
    return any(fold(header) == fold(alias) for column in columns for alias in column.headers)
