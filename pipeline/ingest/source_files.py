"""Which files of a folder are which table: by their names, or, for LMN, by their headers (lmn-format Files)."""

from __future__ import annotations

import difflib
import stat
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pipeline.common.errors import WarehouseError
from pipeline.ingest.readers.formats import FORMATS
from pipeline.ingest.schema import Column, SourceTable
from pipeline.ingest.values.headers import fold, match_headers, nearest


@dataclass
class FoundFiles:
    """The files of each table, in the order of reading, and what a person should know about the others."""

    by_table: dict[SourceTable, list[Path]] = field(default_factory=dict)
    notices: list[str] = field(default_factory=list)


def find_files(tables: Sequence[SourceTable], folder: Path, headers_of: Callable[[Path], Sequence[str]]) -> FoundFiles:
    """Sort the files of `folder` by table. `headers_of` tells the headers of a file.

    Raises WarehouseError if there is no such folder, nothing in it is of use, or two files claim one table.
    """
    source = tables[0].source
    if not folder.is_dir():
        what = "this is a file, not a folder" if folder.exists() else "there is no such folder"
        raise WarehouseError(what, where=str(folder), remedy=f"name the folder that holds the {source} files")
    entries = sorted((path for path in folder.iterdir() if not path.name.startswith((".", "~$"))), key=_reading_order)
    if any(table.recognised_by for table in tables):
        found = _by_headers(tables, entries, headers_of)
        remedy = "put in it files that have, under whatever name, the headers of a table: " + _telling_headers(tables)
    else:
        found = _by_names(tables, entries)
        remedy = f"put in it one file per table, such as {tables[0].name}.csv"
    if not found.by_table:
        names = ", ".join(path.name for path in entries[:10]) or "nothing"
        raise WarehouseError(
            f"no {source} table is in this folder, which holds {names}",
            where=str(folder),
            remedy=remedy,
        )
    return found


def _reading_order(path: Path) -> tuple[str, str]:
    return path.name.lower(), path.name


def _is_table_file(path: Path) -> bool:
    if path.suffix.lower() not in FORMATS:
        return False
    _must_lead_somewhere(path)
    return path.is_file()


def _must_lead_somewhere(path: Path) -> None:
    """Raise WarehouseError if it is a link to nothing: the table would be taken for one that nobody brought."""
    if path.is_symlink() and not path.exists():
        raise WarehouseError(
            f"this link leads nowhere: {path.readlink()} is not there",
            where=str(path),
            remedy="bring back what it leads to, or remove the link",
        )


def _left_out(path: Path, name: str) -> str:
    """Why what is called `name` is no table file, in words."""
    if path.suffix.lower() not in FORMATS:
        return f"{name}: not CSV, Parquet or XLSX, left out"
    kinds = {stat.S_IFDIR: "a folder", stat.S_IFIFO: "a named pipe", stat.S_IFSOCK: "a socket"}
    return f"{name}: {kinds.get(stat.S_IFMT(path.stat().st_mode), 'a device')}, not a file, left out"


def _by_names(tables: Sequence[SourceTable], entries: Iterable[Path]) -> FoundFiles:
    """A file named as its table, or a folder named as it with the table's parts in it."""
    by_name = {table.name: table for table in tables}
    claims: dict[SourceTable, list[Path]] = {}
    found = FoundFiles()
    for path in entries:
        name = path.name.lower() if path.is_dir() else path.stem.lower()
        table = by_name.get(name)
        if table is not None:
            _must_lead_somewhere(path)
        if table is not None and (path.is_dir() or _is_table_file(path)):
            claims.setdefault(table, []).append(path)
        elif path.is_dir() or _is_table_file(path):
            near = difflib.get_close_matches(name, by_name, n=1, cutoff=0.6)
            guess = f"; the nearest table is '{near[0]}'" if near else ""
            found.notices.append(f"{path.name}: not named as a table, left out{guess}")
        else:
            found.notices.append(_left_out(path, path.name))
    for table, paths in claims.items():
        if len(paths) > 1:
            raise WarehouseError(
                f"{' and '.join(path.name for path in paths)} both claim to be the table {table.name}",
                where=str(paths[0].parent),
                remedy=f"keep one of them, or put the parts of the table in a folder named {table.name}",
            )
        parts = _parts(paths[0], found) if paths[0].is_dir() else paths
        if parts:
            found.by_table[table] = parts
    return found


def _parts(folder: Path, found: FoundFiles) -> list[Path]:
    """The files of a table's folder, in the order of their names."""
    parts = []
    for path in sorted(folder.iterdir(), key=_reading_order):
        if path.name.startswith((".", "~$", "_")):
            continue
        if _is_table_file(path):
            parts.append(path)
        else:
            found.notices.append(_left_out(path, f"{folder.name}/{path.name}"))
    if not parts:
        found.notices.append(f"{folder.name}: the folder of the table has no files in it")
    return parts


def _by_headers(
    tables: Sequence[SourceTable], entries: Iterable[Path], headers_of: Callable[[Path], Sequence[str]]
) -> FoundFiles:
    """The first table of which a file has all telling headers. Several files of one table are its parts."""
    found = FoundFiles()
    for path in entries:
        if not _is_table_file(path):
            found.notices.append(_left_out(path, path.name))
            continue
        headers = headers_of(path)
        table = recognise(tables, headers)
        if table is not None:
            found.by_table.setdefault(table, []).append(path)
            continue
        likely, share = _likeliest(tables, headers)
        if share >= 0.5:
            raise _unfinished(likely, headers, path.name)
        found.notices.append(
            f"{path.name}: none of the LMN files by its headers, left out; the nearest is {likely.name}, "
            f"of which it has {share:.0%} of the headers"
        )
    return found


def recognise(tables: Sequence[SourceTable], headers: Sequence[str]) -> SourceTable | None:
    """The first of the tables whose telling headers, each by any of its aliases, are all there."""
    present = {fold(header) for header in headers}
    for table in tables:
        for telling in table.recognised_by:
            if all(any(fold(alias) in present for alias in _aliases(table, header)) for header in telling):
                return table
    return None


def _telling_headers(tables: Sequence[SourceTable]) -> str:
    """The headers by which each of the tables is known, in words."""
    return "; ".join(
        f"{table.name} by "
        + " or ".join(" and ".join(f"'{header}'" for header in telling) for telling in table.recognised_by)
        for table in tables
    )


def _aliases(table: SourceTable, header: str) -> tuple[str, ...]:
    return next(column.headers for column in table.columns if header in column.headers)


def _likeliest(tables: Sequence[SourceTable], headers: Sequence[str]) -> tuple[SourceTable, float]:
    """The table that knows the largest share of the headers."""
    present = {fold(header) for header in headers if header.strip()}

    def share(table: SourceTable) -> float:
        known = {fold(alias) for column in table.columns for alias in column.headers}
        return len(present & known) / max(len(present), 1)

    best = max(tables, key=share)
    return best, share(best)


def _unfinished(table: SourceTable, headers: Sequence[str], where: str) -> WarehouseError:
    """Why a file that looks like a table is not taken for it: a telling header is missing."""
    present = {fold(header) for header in headers}
    for header in table.recognised_by[0]:
        if not any(fold(alias) in present for alias in _aliases(table, header)):
            near = nearest(header, [h for h in headers if not _is_known(table.columns, h)])
            told = f"; the nearest header is '{near}'" if near else ""
            return WarehouseError(
                f"this looks like LMN's {table.name}, but the column '{header}' is missing{told}",
                where=where,
                remedy=f"rename '{near}' to '{header}', if it is that" if near else f"add the column '{header}'",
            )
    match_headers(table, headers, where)
    raise AssertionError(f"{where} has every header that tells {table.name}")


def _is_known(columns: Sequence[Column], header: str) -> bool:
    return any(fold(header) == fold(alias) for column in columns for alias in column.headers)
