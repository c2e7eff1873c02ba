"""A look into a workbook before it is loaded: how big it really is, and the cells that calamine keeps quiet about.

A workbook is a zip file, and what its directory says about sizes need not be true. So every member is unpacked here
once, in small steps and without keeping anything, until it ends or passes the limit; and since calamine lays out a
sheet as a full grid, the grid's corner is looked up too. Both limits refuse a file with an error, before the kernel
does it without one.
"""

from __future__ import annotations

import posixpath
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Final
from xml.etree import ElementTree

from pipeline.common.errors import WarehouseError
from pipeline.ingest.values.cells import UNSTORED_FORMULA

MOST_UNPACKED_BYTES: Final = 512 * 1024 * 1024
MOST_CELLS: Final = 16_000_000

_CHUNK: Final = 256 * 1024
_LOCAL_HEADER: Final = struct.Struct("<4s5H3I2H")
_LONGEST_CELL: Final = 4096
"""How much of a cell is held back so that none is cut in two between chunks (a cell's tag and its error fit easily)."""

_DAMAGE: Final = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    ElementTree.ParseError,
    RuntimeError,  # of zipfile: a password, or a version of the format that there is none of
    ValueError,
)

_PLACE: Final = rb"""[^>]*?\br\s*=\s*["']([A-Z]{1,3})([0-9]{1,7})["']"""
_VALUE: Final = rb"(?:(?!</(?:\w+:)?c>).)*?<(?:\w+:)?v(?:\s[^>]*)?>"

_PLACELESS: Final = re.compile(rb"""<(?:\w+:)?c(?=[\s/>])(?![^>]*\br\s*=)""")
_ROW_OR_CELL: Final = re.compile(rb"""<(?:\w+:)?(row|c)(?=[\s/>])(?:[^>]*?\br\s*=\s*["']([A-Z]*)([0-9]+)["'])?""")
_CELL: Final = re.compile(rb"<(?:\w+:)?c\s" + _PLACE)
_ERROR: Final = re.compile(
    rb"""<(?:\w+:)?c\s(?=[^>]*\bt\s*=\s*["']e["'])""" + _PLACE + rb"[^>]*>" + _VALUE + rb"([^<]*)<", re.DOTALL
)
_NEAR_MIDNIGHT: Final = re.compile(
    rb"<(?:\w+:)?c\s" + _PLACE + rb"[^>]*(?<!/)>" + _VALUE + rb"\s*[0-9]+\.99999999[0-9]*\s*<", re.DOTALL
)
_UNSTORED: Final = re.compile(
    rb"""<(?:\w+:)?c\s(?![^>]*\bt\s*=\s*["'](?:str|e)["'])""" + _PLACE + rb"[^>]*>\s*"
    rb"<(?:\w+:)?f\b[^>]*(?:/>|>[^<]*</(?:\w+:)?f>)\s*(?:<(?:\w+:)?v\s*(?:/>|></(?:\w+:)?v>)\s*)?</(?:\w+:)?c>"
)
"""A formula whose value was never calculated; one whose value is an empty text is of the type `str`."""
_DATES_FROM_1904: Final = re.compile(rb"""<(?:\w+:)?workbookPr\b[^>]*\bdate1904\s*=\s*["'](?:1|true|on)["']""")


@dataclass
class SheetScan:
    """What was seen of a sheet: its grid's last row and column (from 1), and its error cells by row and column.

    A formula without a stored value is an error cell too. `near_midnight` are cells with a number so near to the next
    whole one that calamine, to which instants have milliseconds, takes a date among them for the next day's.
    """

    last_row: int = 0
    last_column: int = 0
    errors: dict[tuple[int, int], str] = field(default_factory=dict)
    near_midnight: set[tuple[int, int]] = field(default_factory=set)
    at: tuple[int, int] = (0, 0)
    """The row and column that the scan has come to."""


@dataclass(frozen=True)
class WorkbookScan:
    """The first sheet, and whether day numbers count from 1904-01-01."""

    first_sheet: SheetScan
    dates_from_1904: bool


def scan_workbook(path: Path, where: str) -> WorkbookScan:
    """Unpack the whole workbook once; WarehouseError if it is none or passes a limit."""
    try:
        with zipfile.ZipFile(path) as archive, path.open("rb") as file:
            members = {member.filename: member for member in archive.infolist()}
            total = 0
            sheets: dict[str, SheetScan] = {}
            small: dict[str, bytes] = {}
            for name, member in members.items():
                sheet = SheetScan() if name.startswith("xl/worksheets/") and name.endswith(".xml") else None
                kept = bytearray()
                tail = b""
                for chunk in _unpacked(file, member):
                    total += len(chunk)
                    if total > MOST_UNPACKED_BYTES:
                        raise _too_big(where)
                    if sheet is not None:
                        tail = _look(sheet, tail + chunk)
                    elif name in ("xl/workbook.xml", "xl/_rels/workbook.xml.rels"):
                        kept += chunk
                if sheet is not None:
                    _look(sheet, tail, is_end=True)
                    sheets[name] = sheet
                small[name] = bytes(kept)
            first = sheets.get(_first_sheet(small), SheetScan())
            is_1904 = _DATES_FROM_1904.search(small.get("xl/workbook.xml", b"")) is not None
    except (*_DAMAGE, OSError) as error:
        raise WarehouseError(
            f"the file can't be read as an XLSX workbook: {error}",
            where=where,
            remedy="save it as .xlsx without a password (older .xls workbooks too)",
        ) from error
    if first.last_row * first.last_column > MOST_CELLS:
        raise WarehouseError(
            f"the sheet spans {first.last_row:,} rows and {first.last_column:,} columns, "
            f"more than {MOST_CELLS:,} cells",
            where=where,
            remedy="delete what stands far below or right of the table, or bring it as CSV or Parquet",
        )
    return WorkbookScan(first, is_1904)


def _too_big(where: str) -> WarehouseError:
    return WarehouseError(
        f"the workbook unpacks to more than {MOST_UNPACKED_BYTES // 1024**2} MiB",
        where=where,
        remedy="bring the table as CSV or Parquet, or split it",
    )


def _unpacked(file: BinaryIO, member: zipfile.ZipInfo) -> Iterator[bytes]:
    """The member's true content, piece by piece, whatever sizes the directory tells."""
    file.seek(member.header_offset)
    header = _LOCAL_HEADER.unpack(file.read(_LOCAL_HEADER.size))
    if header[0] != b"PK\x03\x04":
        raise zipfile.BadZipFile(f"no entry where {member.filename} should be")
    file.seek(header[-2] + header[-1], 1)
    left = member.compress_size
    if member.compress_type == zipfile.ZIP_STORED:
        while left and (piece := file.read(min(_CHUNK, left))):
            left -= len(piece)
            yield piece
        return
    if member.compress_type != zipfile.ZIP_DEFLATED:
        raise zipfile.BadZipFile(f"{member.filename} is packed in an unusual way")
    inflate = zlib.decompressobj(-zlib.MAX_WBITS)
    while left and not inflate.eof and (packed := file.read(min(_CHUNK, left))):
        left -= len(packed)
        while packed and not inflate.eof:
            yield inflate.decompress(packed, _CHUNK)
            packed = inflate.unconsumed_tail
    if rest := inflate.flush(_CHUNK):
        yield rest


def _look(sheet: SheetScan, data: bytes, *, is_end: bool = False) -> bytes:
    """Note the cells of a piece of the sheet; what may be an unfinished cell is given back for the next piece."""
    end = len(data)
    if not is_end:
        held_back = max(0, end - _LONGEST_CELL)
        starts = _ROW_OR_CELL.finditer(data, max(0, held_back - _LONGEST_CELL), held_back)
        end = max((tag.start() for tag in starts), default=0)
        if end == 0:
            if len(data) < 64 * _LONGEST_CELL:
                return data
            end = max(1, data.rfind(b"<", 0, len(data) - _LONGEST_CELL))
    seen = data[:end]
    if _PLACELESS.search(seen):
        seen = _placed(sheet, seen)
    places = _CELL.findall(seen)
    if places:
        sheet.at = _place(*places[-1])
        sheet.last_row = max(sheet.last_row, *(int(row) for _, row in set(places)))
        sheet.last_column = max(sheet.last_column, *(_column_number(letters) for letters in {c for c, _ in places}))
    if b"#" in seen:
        for letters, row, text in _ERROR.findall(seen):
            sheet.errors[_place(letters, row)] = text.decode("utf-8", errors="replace")
    if b"f>" in seen or b"<f" in seen:
        for letters, row in _UNSTORED.findall(seen):
            sheet.errors[_place(letters, row)] = UNSTORED_FORMULA
    if b".99999999" in seen:
        sheet.near_midnight.update(_place(letters, row) for letters, row in _NEAR_MIDNIGHT.findall(seen))
    return data[end:]


def _placed(sheet: SheetScan, seen: bytes) -> bytes:
    """Write into each cell where it stands: one that doesn't say so follows the one before it."""
    row, column = sheet.at

    def placed(tag: re.Match[bytes]) -> bytes:
        nonlocal row, column
        kind, letters, number = tag.groups()
        if kind == b"row":
            row, column = int(number) if number else row + 1, 0
            return tag[0]
        if number:
            row, column = _place(letters, number)
            return tag[0]
        column += 1
        return tag[0] + b' r="%s%d"' % (_column_letters(column), row)

    return _ROW_OR_CELL.sub(placed, seen)


def _place(letters: bytes, row: bytes) -> tuple[int, int]:
    """A cell's row and column, from 1."""
    return int(row), _column_number(letters)


def _column_letters(number: int) -> bytes:
    letters = b""
    while number:
        number, letter = divmod(number - 1, 26)
        letters = bytes([65 + letter]) + letters
    return letters


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


def _first_sheet(parts: dict[str, bytes]) -> str:
    """The archive's name of the sheet that stands first in the workbook."""
    workbook, relations = parts.get("xl/workbook.xml"), parts.get("xl/_rels/workbook.xml.rels")
    if not workbook or not relations:
        raise zipfile.BadZipFile("it has no list of sheets")
    wanted = None
    for element in ElementTree.fromstring(workbook).iter():  # noqa: S314 - bounded above; no entity is loaded
        if element.tag.rpartition("}")[2] == "sheet":
            wanted = next((value for name, value in element.attrib.items() if name.endswith("}id")), None)
            break
    for element in ElementTree.fromstring(relations).iter():  # noqa: S314
        if element.get("Id") == wanted and (target := element.get("Target")):
            return target.lstrip("/") if target.startswith("/") else posixpath.normpath(posixpath.join("xl", target))
    raise zipfile.BadZipFile("its first sheet is missing")
