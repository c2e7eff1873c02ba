"""Ingests a source: every table, from the source's folder or database into the landing zone.

The other packages call `ingest_source`. It finds each table's files, lands them one by one (files that have landed
before are not opened again), removes duplicates between them, and stops the run unless read = loaded + rejected.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from pipeline.common.errors import WarehouseError
from pipeline.ingest.combine_parts import combine_parts
from pipeline.ingest.downloads import oldest_first
from pipeline.ingest.input_file import InputFile, Report, SharedReport, rows_to_come
from pipeline.ingest.land_part import land_file, land_query
from pipeline.ingest.landing.landed_table import LandedTable, SourceFile
from pipeline.ingest.landing.zone import Landing, Part
from pipeline.ingest.rejects import count_rejects
from pipeline.ingest.schema import SourceTable
from pipeline.ingest.source_files import find_files
from pipeline.ingest.source_folder import FolderEntry
from pipeline.ingest.tables import SOURCE_TABLES
from pipeline.settings import CodePage, DateOrder
from pipeline.storage.local_files import content_hash
from pipeline.storage.urls import is_url


def ingest_source(
    source: str,
    location: str | None,
    landing: Landing,
    report: Report,
    date_order: DateOrder = "auto",
    code_page: CodePage = "auto",
) -> list[LandedTable]:
    """Land every table of `source` (lmn, crm or platform) from a folder or a database URL.

    `date_order` says how dates like 3/5/2024 are read: as each file shows, or in one order for all files (D41).
    `code_page` is the encoding of files that are not UTF-8.

    Returns all tables of the source, in order. Tables that the location lacks are empty and not configured; if
    `location` is None, all are. Raises WarehouseError if something can't be read, a required column is missing, or the
    counts do not add up.
    """
    tables = [table for table in SOURCE_TABLES if table.source == source]
    if location is None:
        return [_absent(table, landing) for table in tables]
    if is_url(location):
        return _from_database(tables, location, landing, report, date_order)
    return _from_folder(tables, Path(location), landing, report, date_order, code_page)


def _from_folder(
    tables: Sequence[SourceTable],
    folder: Path,
    landing: Landing,
    report: Report,
    date_order: DateOrder,
    code_page: CodePage,
) -> list[LandedTable]:
    known = [header for table in tables for column in table.columns for header in column.headers]
    inputs: dict[FolderEntry, InputFile] = {}

    def input_of(entry: FolderEntry) -> InputFile:
        name = entry.path.relative_to(folder).as_posix()
        return inputs.setdefault(entry, InputFile(entry.path, name, known, entry.values, code_page))

    found = find_files(tables, folder, lambda entry: input_of(entry).headers(landing))

    files_of = {table: [input_of(entry) for entry in found.by_table.get(table, ())] for table in tables}
    shared = SharedReport(report, rows_to_come(file for files in files_of.values() for file in files))

    def land(table: SourceTable) -> LandedTable:
        files = files_of[table]
        if not files:
            return _absent(table, landing, ("no file for this table, so it is empty",))
        parts = [land_file(table, file, landing, shared, date_order) for file in files]
        which_counts: tuple[str, ...] = ()
        if table in found.downloads:
            files, parts, notice = oldest_first(table, files, parts)
            which_counts = (notice,)
        *earlier, last = (part.record.matched for part in parts)
        lacking = {column: files[-1].name for matched in earlier for column in matched if column not in last}
        if table in found.downloads and not table.key:  # rows of the same contact: the first one counts
            files, parts = files[::-1], parts[::-1]
        landed = _landed(table, [file.source_file for file in files], parts, landing)
        return replace(landed, notices=(*which_counts, *landed.notices), lacking=lacking)

    # hashing, Arrow and DuckDB release the interpreter's lock, so a second table fills the gaps of the first
    with ThreadPoolExecutor(max_workers=min(2, landing.threads)) as pool:
        landed = list(pool.map(land, tables))
    landed[0] = replace(landed[0], unread_files=tuple(found.unread))
    return _with_notices(landed, found.notices)


def _from_database(
    tables: Sequence[SourceTable], url: str, landing: Landing, report: Report, date_order: DateOrder
) -> list[LandedTable]:
    from pipeline.ingest.readers.database import Database

    database = Database(tables[0].source, url)
    shared = SharedReport(report)
    landed = []
    with database.snapshot(tables) as snapshot:
        for table in tables:
            opened = snapshot.open(table)
            if opened is None:
                landed.append(_absent(table, landing, ("the database has no such table, so it is empty",)))
                continue
            file, part = land_query(table, opened, landing, shared, date_order)
            landed.append(_landed(table, [file], [part], landing))
    if not any(table.is_configured for table in landed):
        raise WarehouseError(
            f"the database has none of the {tables[0].source} tables",
            where=database.name,
            remedy="check the database's name and its schema (?schema=name)",
        )
    return landed


def _absent(table: SourceTable, landing: Landing, notices: tuple[str, ...] = ()) -> LandedTable:
    part = landing.empty(table)
    return LandedTable(
        table, (part.path,), False, (), 0, 0, 0, (), part.address, notices=notices, contents=(part.record.content,)
    )


def _landed(table: SourceTable, files: Sequence[SourceFile], parts: Sequence[Part], landing: Landing) -> LandedTable:
    combined = combine_parts(table, parts, [file.name for file in files], landing)
    read = sum(part.record.read for part in parts)
    rejected = sum(part.record.rejected for part in parts) + combined.rejected
    if read != combined.loaded + rejected:
        raise WarehouseError(
            f"{read} rows were read, but {combined.loaded} loaded and {rejected} rejected",
            where=table.shown_name,
            remedy="report this as a bug: every row must be loaded or rejected",
        )
    rejects = tuple(path for path in (*(part.rejects for part in parts), *combined.rejects) if path is not None)
    nulled, rejected_for = count_rejects(rejects)
    extra = tuple(dict.fromkeys(name for part in parts for name in part.record.extra_columns))
    notices = dict.fromkeys(notice for part in parts for notice in part.record.notices)
    if extra:
        notices[f"columns that the schema does not know, left out: {', '.join(extra)}"] = None
    return LandedTable(
        table=table,
        parts=combined.parts,
        is_configured=True,
        files=tuple(files),
        read=read,
        loaded=combined.loaded,
        rejected=rejected,
        rejects=rejects,
        fingerprint=combined.fingerprint,
        extra_columns=extra,
        notices=tuple(notices),
        matched=_in_every_part(parts),
        unknown={
            header: file.name for file, part in zip(files, parts, strict=True) for header in part.record.extra_columns
        },
        readings=tuple(part.record.reading for part in parts if part.record.reading is not None),
        nulled=nulled,
        rejected_for=rejected_for,
        contents=tuple(map(content_hash, (*combined.parts, *rejects))),  # cached since landing: nothing is read
        merged_from=tuple(part.path for part in parts if part.path not in combined.parts),
        without=landing.forgotten.marks,
    )


def _in_every_part(parts: Sequence[Part]) -> dict[str, str]:
    """Return the columns that every part has, each with its header in the first."""
    return {
        column: header
        for column, header in parts[0].record.matched.items()
        if all(column in part.record.matched for part in parts)
    }


def _with_notices(landed: list[LandedTable], notices: Sequence[str]) -> list[LandedTable]:
    """Add notices about the folder, or about several of its files, to the first table."""
    if not notices:
        return landed
    return [replace(landed[0], notices=(*notices, *landed[0].notices)), *landed[1:]]
