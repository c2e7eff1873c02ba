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
"""How browsers and file managers rename a file if its name is taken: `accounts (1)`, `Copy of accounts`."""


@dataclass
class FoundFiles:
    """The files of each table, in natural order of names, and notices about the other files.

    The files of a table in `downloads` are several downloads of the same table, of which the newest counts.
    """

    by_table: dict[SourceTable, list[FolderEntry]] = field(default_factory=dict)
    downloads: set[SourceTable] = field(default_factory=set)
    notices: list[str] = field(default_factory=list)
    unread: list[tuple[str, str]] = field(default_factory=list)
    """The files that contain data, according to their endings, but were not read: name and reason."""

    def leave_out(self, path: Path, name: str, why: str, *, is_named_as_table: bool = False) -> None:
        """Record that a file or folder is not read. One named like a table may contain data even without an ending."""
        self.notices.append(f"{name}: {why}")
        if holds_data(path) or (is_named_as_table and path.is_file() and not path.suffix):
            self.unread.append((name, why))


def find_files(
    tables: Sequence[SourceTable], folder: Path, headers_of: Callable[[FolderEntry], Sequence[str]]
) -> FoundFiles:
    """Assign the files of `folder` to tables. `headers_of` returns the headers of a file.

    Raises WarehouseError if there is no such folder, no table in it, or two files with the name of the same table.
    """
    source = tables[0].source
    if not folder.is_dir():
        what = "this is a file, not a folder" if folder.exists() else "there is no such folder"
        raise WarehouseError(what, where=str(folder), remedy=f"name the folder that contains the {source} files")
    entries = folder_entries(folder)
    if any(table.recognised_by for table in tables):
        found = _by_headers(tables, entries, headers_of)
        remedy = "add files that have the headers of a table, under any name: " + _headers_of_tables(tables)
    else:
        found = _by_names(tables, entries)
        remedy = f"add one file per table, such as {tables[0].name}.csv"
    if not found.by_table:
        names = ", ".join(shown_name(entry.path.name) for entry in entries[:10]) or "nothing"
        raise WarehouseError(
            f"this folder has no {source} table; it contains {names}",
            where=str(folder),
            remedy=remedy,
        )
    return found


def _by_names(tables: Sequence[SourceTable], entries: Iterable[FolderEntry]) -> FoundFiles:
    """Assign files by name: a file is named like its table, or is in a folder that is named like its table."""
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
    """Return the table's name in the name of a file or folder, without the mark of a repeated download.

    Spark writes a folder of parts under a file's name: `customer.parquet/part-00000.parquet`.
    """
    if path.is_dir():
        return (path.stem if path.suffix.lower() in FORMATS else path.name).lower()
    download = _DOWNLOAD.fullmatch(path.stem)
    return (download["name"] if download else path.stem).lower()


def _refuse_rivals(table: SourceTable, claiming: Sequence[FolderEntry]) -> None:
    """Raise WarehouseError if a table has both a folder and a file, or two files of the same name, in one place."""
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
    """Return the files of a table: the file that is named like it, or the files in the folder that is."""
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
        found.notices.append(f"{folder.name}: the folder of the table contains no files")
    return parts


def _by_headers(
    tables: Sequence[SourceTable],
    entries: Iterable[FolderEntry],
    headers_of: Callable[[FolderEntry], Sequence[str]],
) -> FoundFiles:
    """Assign files by their headers: to the first table whose recognising headers they have.

    Several files of a table in one folder are its downloads.
    """
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
        found.leave_out(path, path.name, f"{why}which has {share:.0%} of its headers")
    found.downloads = {table for table, files in found.by_table.items() if _stand_together(files)}
    return found


def _stand_together(entries: Sequence[FolderEntry]) -> bool:
    """Return whether two files are in the same folder: downloads are, parts in different hive folders are not."""
    return len({entry.path.parent for entry in entries}) < len(entries)


def recognise(tables: Sequence[SourceTable], headers: Sequence[str]) -> SourceTable | None:
    """Return the first table whose recognising headers, by any of their aliases, are all present; otherwise None."""
    present = {fold(header) for header in headers}
    for table in tables:
        for wanted in table.recognised_by:
            if all(any(fold(alias) in present for alias in _aliases(table, header)) for header in wanted):
                return table
    return None


def _headers_of_tables(tables: Sequence[SourceTable]) -> str:
    """Describe the headers by which each of the tables is recognised."""
    return "; ".join(
        f"{table.name} by "
        + " or ".join(" and ".join(f"'{header}'" for header in headers) for headers in table.recognised_by)
        for table in tables
    )


def _aliases(table: SourceTable, header: str) -> tuple[str, ...]:
    return next(column.headers for column in table.columns if header in column.headers)


def _likeliest(tables: Sequence[SourceTable], headers: Sequence[str]) -> tuple[SourceTable, float]:
    """Return the table that has the largest share of the headers, and this share."""
    present = {fold(header) for header in headers if header.strip()}

    def share(table: SourceTable) -> float:
        known = {fold(alias) for column in table.columns for alias in column.headers}
        return len(present & known) / max(len(present), 1)

    best = max(tables, key=share)
    return best, share(best)


def _unfinished(table: SourceTable, headers: Sequence[str], where: str) -> WarehouseError:
    """Return the error of a file that looks like a table but lacks a recognising header."""
    present = {fold(header) for header in headers}
    for header in table.recognised_by[0]:
        if not any(fold(alias) in present for alias in _aliases(table, header)):
            near = nearest(header, [h for h in headers if not _is_known(table.columns, h)])
            hint = f"; the nearest header is '{near}'" if near else ""
            return WarehouseError(
                f"this looks like LMN's {table.name}, but the column '{header}' is missing{hint}",
                where=where,
                remedy=f"rename '{near}' to '{header}' if it is the same column"
                if near
                else f"add the column '{header}'",
            )
    match_headers(table, headers, where)
    raise AssertionError(f"{where} has every header that recognises {table.name}")


def _is_known(columns: Sequence[Column], header: str) -> bool:
    return any(fold(header) == fold(alias) for column in columns for alias in column.headers)
