"""Opens a workbook's package: a zip archive whose parts are found by their relationships and unpacked within limits.

No path in the archive is fixed (ECMA-376 part 2): the package refers to its workbook, and the workbook to its sheets,
styles and shared texts. Names are compared case-insensitively, and some programs write backslashes.
"""

from __future__ import annotations

import posixpath
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import unquote

from pipeline.common.errors import WarehouseError
from pipeline.ingest.readers.file_kind import HEAD_BYTES, kind_of
from pipeline.ingest.readers.workbook_xml import WorkbookXmlError, elements

MOST_UNPACKED_BYTES: Final = 512 * 1024 * 1024
"""The limit for all parts that are read together. Pictures and the like are not read."""
MOST_UNPACKED_OF_ONE: Final = 250
SMALL_BYTES: Final = 32 * 1024 * 1024
"""A larger part must not be compressed more than 250 to 1, because no table is: typical sheets have 10 to 1."""
PIECE_BYTES: Final = 256 * 1024

DAMAGE: Final = (
    WorkbookXmlError,
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    NotImplementedError,  # zipfile does not support the compression
    RuntimeError,  # zipfile needs a password
    OverflowError,
    ValueError,
    OSError,
)
"""The errors that are raised while reading a damaged workbook or another kind of file."""

_OTHER_ARCHIVES: Final[tuple[tuple[str, str], ...]] = (
    ("xl/workbook.bin", "a binary workbook (.xlsb)"),
    ("mimetype", "an OpenDocument file (.ods), or another archive of its kind"),
    ("index/document.iwa", "a Numbers document"),
    ("word/document.xml", "a Word document"),
    ("ppt/presentation.xml", "a PowerPoint document"),
)


@dataclass(frozen=True)
class Relationship:
    """A reference from one part to another: its id, its kind (the last word of the type's URL) and the part."""

    id: str
    kind: str
    part: str


@dataclass(frozen=True)
class Sheet:
    """A worksheet as the workbook lists it."""

    name: str
    part: str
    is_hidden: bool


class WorkbookPackage:
    """One opened workbook. Raises WarehouseError, which calls the file `where`, if it is not a workbook."""

    def __init__(self, path: Path, where: str) -> None:
        self._where = where
        self._unpacked = 0
        try:
            self._archive = zipfile.ZipFile(path)
            self._members = {_folded(member.filename): member for member in self._archive.infolist()}
            self._workbook = self._workbook_part()
            self._relationships = self._relationships_of(self._workbook)
            self.sheets, self.dates_from_1904 = self._contents()
        except DAMAGE as error:
            raise self._no_workbook(path, error) from error
        if not self.sheets:
            raise WarehouseError(
                "the workbook has no worksheet", where=where, remedy="provide a workbook that contains the table"
            )

    def related(self, kind: str) -> str | None:
        """Return the part of this kind (styles, sharedStrings) that the workbook refers to, or None."""
        parts = (each.part for each in self._relationships if each.kind == kind)
        return next((part for part in parts if _folded(part) in self._members), None)

    def pieces(self, part: str) -> Iterator[bytes]:
        """Yield the content of a part. Raises WarehouseError if the workbook exceeds a limit when unpacked."""
        member = self._members.get(_folded(part))
        if member is None:
            raise zipfile.BadZipFile(f"its part {part} is missing")
        if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise zipfile.BadZipFile(f"its part {part} is packed in an unusual way")
        unpacked = 0
        with self._archive.open(member) as content:
            while piece := content.read(PIECE_BYTES):
                unpacked += len(piece)
                self._unpacked += len(piece)
                if self._unpacked > MOST_UNPACKED_BYTES:
                    raise self._too_large(f"the workbook unpacks to more than {MOST_UNPACKED_BYTES // 1024**2} MiB")
                if unpacked > max(SMALL_BYTES, member.compress_size * MOST_UNPACKED_OF_ONE):
                    raise self._too_large(
                        f"a part of the workbook unpacks to more than {MOST_UNPACKED_OF_ONE} times its size"
                    )
                yield piece

    def _too_large(self, what: str) -> WarehouseError:
        return WarehouseError(what, where=self._where, remedy="provide the table as CSV or Parquet, or split it")

    def _workbook_part(self) -> str:
        main = (each.part for each in self._relationships_of("") if each.kind == "officeDocument")
        part = next(main, "xl/workbook.xml")
        if _folded(part) not in self._members or part.lower().endswith(".bin"):
            raise zipfile.BadZipFile("it has no workbook in it")
        return part

    def _relationships_of(self, part: str) -> tuple[Relationship, ...]:
        """Return the references of a part, or of the package itself if `part` is empty."""
        folder, name = posixpath.split(part)
        listed = posixpath.join(folder, "_rels", f"{name}.rels")
        if _folded(listed) not in self._members:
            return ()
        return tuple(
            Relationship(each.get("Id", ""), each.get("Type", "").rpartition("/")[2], _target(folder, each["Target"]))
            for name, each in elements(self.pieces(listed))
            if name == "Relationship" and "Target" in each and each.get("TargetMode") != "External"
        )

    def _contents(self) -> tuple[tuple[Sheet, ...], bool]:
        """Return the worksheets in order, without chart sheets, and whether day numbers count from 1904-01-01."""
        worksheets = {each.id: each.part for each in self._relationships if each.kind == "worksheet"}
        sheets = []
        is_1904 = False
        for name, attributes in elements(self.pieces(self._workbook)):
            if name == "workbookPr":
                is_1904 = attributes.get("date1904", "").strip().lower() in ("1", "true", "on")
            elif name == "sheet" and (part := worksheets.get(attributes.get("id", ""))):
                is_hidden = attributes.get("state", "visible").lower() != "visible"
                sheets.append(Sheet(attributes.get("name", ""), part, is_hidden))
        return tuple(sheets), is_1904

    def _no_workbook(self, path: Path, error: Exception) -> WarehouseError:
        """Return an error that says what the file is instead of a workbook, or what is wrong with it."""
        members = getattr(self, "_members", None)
        if members is not None:
            other = next((kind for member, kind in _OTHER_ARCHIVES if member in members), None)
            if other is None and not any(name.startswith(("xl/", "_rels/", "[content_types]")) for name in members):
                other = "a zip archive without a workbook in it"
            return unreadable(self._where, f"it is {other}" if other else error)
        try:
            with path.open("rb") as file:
                head = file.read(HEAD_BYTES)
        except OSError:
            return unreadable(self._where, error)
        if not head:
            return unreadable(self._where, "it is empty")
        known = kind_of(head)
        if known is None or head.startswith(b"PK\x03\x04"):
            return unreadable(self._where, error)
        return unreadable(self._where, f"it is {known[0]}", known[1])


def unreadable(where: str, why: Exception | str, remedy: str = "") -> WarehouseError:
    """Return the error of a file that is damaged or not a workbook."""
    what = " ".join(str(why).split()) or type(why).__name__
    return WarehouseError(
        f"the file can't be read as an XLSX workbook: {what}",
        where=where,
        remedy=remedy or "open it in a spreadsheet and save it as .xlsx without a password",
    )


def _folded(name: str) -> str:
    r"""Return a part's name in the form for comparisons: `xl/workbook.xml` for `/XL\Workbook.xml`."""
    return name.replace("\\", "/").lstrip("/").lower()


def _target(folder: str, target: str) -> str:
    """Return the part that a relationship's target (a URL) refers to, relative to `folder`."""
    target = unquote(target.strip()).replace("\\", "/")
    return posixpath.normpath(target if target.startswith("/") else posixpath.join("/", folder, target)).lstrip("/")
