"""Decides which of several downloads of one table is the newest (source-schema, As tools write it).

They are ordered by the time of the export that the files contain, or else by their newest rows, or else by the
modification times of the files, or else by the natural order of their names. Rows of a newer download replace those of
an older one.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipeline.common.instants import parse_instant
from pipeline.ingest.input_file import InputFile
from pipeline.ingest.landing.zone import Part
from pipeline.ingest.readers.workbook_package import DAMAGE
from pipeline.ingest.schema import Column, Kind, SourceTable
from pipeline.ingest.source_folder import natural_order
from pipeline.ingest.values.cells import read_cell
from pipeline.ingest.values.spellings import EXPORTED
from pipeline.ingest.values.white_space import as_seen

SAME_MOMENT: Final = timedelta(minutes=1)
"""Files whose times differ by less were exported or copied together, so their times prove nothing."""
_AHEAD: Final = timedelta(days=1)
"""How much later than its file a row may be, because of time zones ahead of UTC; even later times are mistyped."""

_ROW_DATES: Final = (
    "updated_at",
    "created_at",
    "created_date",
    "created",
    "estimate_date",
    "proposal_last_updated",
    "last_interaction_date",
    "completed_date",
    "last_detected_at",
    "sent_at",
    "opened_at",
)
"""Columns with the time at which a row was added or changed. Other dates, such as the end of a contract, prove nothing.
"""

_CORE_PROPERTIES: Final = "docProps/core.xml"
_MOST_PROPERTIES: Final = 64 * 1024
_INSTANT: Final = Column("exported", Kind.TIMESTAMP)
_TITLE: Final = re.compile(EXPORTED.pattern, re.IGNORECASE)
_CREATED: Final = re.compile(rb"<dcterms:created[^>]*>([^<]{1,40})</dcterms:created>")


@dataclass(frozen=True)
class _Download:
    file: InputFile
    part: Part
    exported: datetime | None
    newest: datetime | None
    modified: datetime


def oldest_first(
    table: SourceTable, files: Sequence[InputFile], parts: Sequence[Part]
) -> tuple[list[InputFile], list[Part], str]:
    """Sort the downloads of a table and their parts, oldest first; also return a notice on which one counts and why."""
    newest_rows = _newest_rows(table, parts, before=max(_modified(file.path) for file in files) + _AHEAD)
    downloads = [
        _Download(file, part, _exported(file.path) or _titled(file, part), newest, _modified(file.path))
        for file, part, newest in zip(files, parts, newest_rows, strict=True)
    ]
    downloads.sort(key=lambda download: natural_order(download.file.name))
    reason = "its name comes later"
    # the most important criterion comes last, because sorting is stable
    if _ranks_differ(ranks := _ranks([download.modified for download in downloads])):
        downloads, reason = _by(ranks, downloads), "its file was modified later"
    newest = [download.newest for download in downloads if download.newest]
    if len(newest) == len(downloads) and len(set(newest)) > 1:
        downloads.sort(key=lambda download: download.newest or datetime.min)
        if downloads[-1].newest != downloads[-2].newest:
            reason = f"its newest row is from {downloads[-1].newest:%Y-%m-%d}"
    exported = [download.exported for download in downloads if download.exported]
    if len(exported) == len(downloads) and _ranks_differ(ranks := _ranks(exported)):
        downloads, reason = _by(ranks, downloads), f"it was exported at {max(exported):%Y-%m-%d %H:%M} UTC"
    names = ", then ".join(download.file.name for download in downloads)
    notice = (
        f"{len(downloads)} downloads of {table.name}, from old to new {names}: "
        f"{downloads[-1].file.name} counts, because {reason}"
    )
    return [download.file for download in downloads], [download.part for download in downloads], notice


def _by(ranks: Sequence[int], downloads: Sequence[_Download]) -> list[_Download]:
    return [download for _, download in sorted(zip(ranks, downloads, strict=True), key=lambda pair: pair[0])]


def _ranks(instants: Sequence[datetime]) -> list[int]:
    """Number instants in order; those that follow each other within SAME_MOMENT get the same number."""
    ranks: dict[datetime, int] = {}
    before: datetime | None = None
    for instant in sorted(set(instants)):
        is_apart = before is not None and instant - before > SAME_MOMENT
        ranks[instant] = (ranks[before] if before else 0) + is_apart
        before = instant
    return [ranks[instant] for instant in instants]


def _ranks_differ(ranks: Sequence[int]) -> bool:
    return len(set(ranks)) > 1


def _modified(path: Path) -> datetime:
    return datetime.fromtimestamp(path.stat().st_mtime, UTC)


def _exported(path: Path) -> datetime | None:
    """Return when a workbook was written, according to its properties."""
    if path.suffix.lower() != ".xlsx":
        return None
    try:
        with zipfile.ZipFile(path) as package, package.open(_CORE_PROPERTIES) as properties:
            found = _CREATED.search(properties.read(_MOST_PROPERTIES))
        return parse_instant(found[1].decode("ascii")) if found else None
    except (KeyError, *DAMAGE):  # the workbook has no such part, or it can't be unpacked
        return None


def _titled(file: InputFile, part: Part) -> datetime | None:
    """Return when a CSV file was written, according to the titles above its headers."""
    reading = part.record.reading
    if reading is None or reading.separator is None or reading.header_line is None:
        return None
    with file.path.open(encoding=reading.encoding, errors="replace") as text:
        for line in islice(text, reading.header_line - 1):
            found = _TITLE.fullmatch(as_seen(line.replace(reading.separator, " ").replace('"', " ")))
            instant = read_cell(_INSTANT, found["instant"]).value if found else None
            if isinstance(instant, datetime):
                return instant.replace(tzinfo=UTC)
    return None


def _newest_rows(table: SourceTable, parts: Sequence[Part], before: datetime) -> list[datetime | None]:
    """Return when each part's newest row was added or changed, ignoring times later than `before`.

    If a part only has later times, its file's time is wrong (a copy lost it), and no time is ignored.
    """
    bounded = [_newest_row(table, part.path, before) for part in parts]
    return bounded if all(bounded) else [_newest_row(table, part.path, datetime.max) for part in parts]


def _newest_row(table: SourceTable, part: Path, before: datetime) -> datetime | None:
    """Return the latest time, not later than `before`, at which a row of the part was added or changed."""
    dated = [column.name for column in table.columns if column.name in _ROW_DATES]
    if not dated:
        return None
    columns = pq.read_table(part, columns=dated)
    end = pa.scalar(before.replace(tzinfo=None), pa.timestamp("us"))
    instants = [columns[name].cast(pa.timestamp("us")) for name in dated]
    latest = [pc.max(column.filter(pc.less_equal(column, end))).as_py() for column in instants]
    return max((instant for instant in latest if instant is not None), default=None)
