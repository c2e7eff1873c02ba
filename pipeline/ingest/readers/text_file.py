"""Examines a text file before rows are parsed: checks that it is text, detects its encoding, and opens it as UTF-8.

The encoding is UTF-8, UTF-16, Windows-1252 (source-schema) or a code page detected by its words (docs/choices.md).
An invalid byte only affects its cell: it becomes `BROKEN`, a code point that no text has, and the reader rejects the
cell.
"""

from __future__ import annotations

import codecs
import io
import re
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final, Literal

from pipeline.common.errors import WarehouseError
from pipeline.ingest.readers.code_pages import ShownPage, code_page_of
from pipeline.ingest.readers.file_kind import kind_of
from pipeline.settings import CodePage

HEAD_BYTES: Final = 1024 * 1024
"""How much of a file is examined to detect its layout. The headers must be within it."""
BROKEN: Final = "\ufdd1"

_CHUNK_BYTES: Final = 256 * 1024
_TAIL_BYTES: Final = 64 * 1024
_MULTIBYTE: Final = re.compile("[^\x00-\x7f\udc80-\udcff]")
_BROKEN_BYTE: Final = re.compile("[\udc80-\udcff]")

Encoding = Literal["utf-8", "utf-16-le", "utf-16-be"] | ShownPage | CodePage


def _mark(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return BROKEN, error.end


codecs.register_error("mark_broken", _mark)


_PAGE_NOTICES: Final[dict[str, str]] = {
    "cp1252": "not UTF-8, read as Windows-1252",
    "cp1250": "not UTF-8; its words make sense as Central European text: read as Windows-1250",
    "cp850": "not UTF-8; its words make sense as DOS text: read as code page 850",
    "iso8859_15": "not UTF-8; its words make sense as Latin-9 text: read as ISO 8859-15",
    "mac_roman": "not UTF-8; its line ends or words are those of a Macintosh: read as Mac Roman",
}


@dataclass(frozen=True)
class TextFile:
    """A text file. `is_damaged` says that it is UTF-8 except for some bytes."""

    path: Path
    encoding: Encoding
    is_damaged: bool
    head: str
    is_whole: bool
    """Whether `head` is the whole file."""

    @property
    def is_plain(self) -> bool:
        """Whether the file's bytes are valid UTF-8."""
        return self.encoding == "utf-8" and not self.is_damaged

    @property
    def notice(self) -> str | None:
        """A notice about the encoding, if it is not plain UTF-8."""
        if self.encoding in _PAGE_NOTICES:
            return _PAGE_NOTICES[self.encoding]
        if self.encoding in ("utf-16-le", "utf-16-be"):
            return "read as UTF-16"
        if self.encoding != "utf-8":
            return f"not UTF-8, read as {self.encoding} because of the setting code_page"
        return "some bytes are not UTF-8: their cells are nulled" if self.is_damaged else None

    def open(self) -> BinaryIO:
        """Open the file as UTF-8, with `BROKEN` in place of invalid bytes."""
        file = self.path.open("rb")
        return file if self.is_plain else io.BufferedReader(_Transcoded(file, self.encoding), _CHUNK_BYTES)

    def unfinished_line(self) -> str | None:
        """Return the last line if no line break ends it."""
        size = self.path.stat().st_size
        with self.path.open("rb") as file:
            file.seek(max(0, size - _TAIL_BYTES) // 2 * 2)
            tail = file.read().decode(self.encoding, errors="mark_broken")
        lines = re.split("[\r\n]", tail)
        return lines[-1] or None


def detect_text(path: Path, where: str, code_page: CodePage = "auto") -> TextFile:
    """Detect a text file's encoding, `code_page` if it is not UTF-8. Raises WarehouseError if it is not text."""
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
        is_whole = not file.read(1)
    if (other := kind_of(head)) is not None:
        kind, remedy = other
        raise WarehouseError(f"the file is {kind}, not CSV", where=where, remedy=remedy)
    if head.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        raise WarehouseError("the file is UTF-32 text", where=where, remedy="save it as CSV UTF-8")
    encoding = _utf_16(head)
    is_damaged = False
    if encoding is None and head.startswith(codecs.BOM_UTF8):  # UTF-8 even if a few bytes are invalid
        encoding, is_damaged = "utf-8", not _is_utf_8(path)
    elif encoding is None:
        encoding, is_damaged = _one_byte_or_utf_8(path)
        if code_page != "auto" and (is_damaged or encoding != "utf-8"):
            encoding, is_damaged = code_page, False
    if encoding == "cp1252":
        is_old_macintosh = b"\r" in head and b"\n" not in head  # "CSV (Macintosh)" of spreadsheets
        encoding = "mac_roman" if is_old_macintosh else code_page_of(path, where)
    text = head.decode(encoding, errors="mark_broken").removeprefix("\ufeff")
    if "\0" in text.partition("\n")[0]:
        raise WarehouseError(
            "the file is not text: there are NUL characters in its first line",
            where=where,
            remedy="save it as CSV UTF-8",
        )
    return TextFile(path, encoding, is_damaged, text, is_whole)


def _utf_16(head: bytes) -> Encoding | None:
    """Detect UTF-16 by its byte order mark, or without one by the zeros in every other byte of Latin letters."""
    if head.startswith(codecs.BOM_UTF16_LE):
        return "utf-16-le"
    if head.startswith(codecs.BOM_UTF16_BE):
        return "utf-16-be"
    sample = head[:4096]
    pairs = len(sample) // 2
    first, second = sample[: 2 * pairs : 2].count(0), sample[1::2].count(0)
    if pairs and second > 0.4 * pairs and first < 0.05 * pairs:
        return "utf-16-le"
    if pairs and first > 0.4 * pairs and second < 0.05 * pairs:
        return "utf-16-be"
    return None


def _one_byte_or_utf_8(path: Path) -> tuple[Encoding, bool]:
    """Return the encoding, and whether some bytes are broken. Any valid UTF-8 letter excludes Windows-1252."""
    if _is_utf_8(path):
        return "utf-8", False
    decoder = codecs.getincrementaldecoder("utf-8")(errors="surrogateescape")
    has_letter = has_broken = False
    with path.open("rb") as file:
        while True:
            chunk = file.read(_CHUNK_BYTES)
            text = decoder.decode(chunk, final=not chunk)
            if not text.isascii():
                has_letter = has_letter or _MULTIBYTE.search(text) is not None
                has_broken = has_broken or _BROKEN_BYTE.search(text) is not None
            if not chunk or (has_letter and has_broken):
                break
    if has_broken and not has_letter:
        return "cp1252", False
    return "utf-8", has_broken


def _is_utf_8(path: Path) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    with path.open("rb") as file:
        try:
            while chunk := file.read(_CHUNK_BYTES):
                decoder.decode(chunk)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return False
    return True


class _Transcoded(io.RawIOBase):
    """A file that is converted to UTF-8 while it is read."""

    def __init__(self, file: BinaryIO, encoding: Encoding) -> None:
        self._file = file
        self._decoder = codecs.getincrementaldecoder(encoding)(errors="mark_broken")
        self._left = b""
        self._is_first = True

    def readable(self) -> bool:
        """Return True."""
        return True

    def close(self) -> None:
        """Close this file and the underlying one."""
        self._file.close()
        super().close()

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Read into the buffer and return the number of bytes; 0 at the end."""
        while not self._left:
            chunk = self._file.read(_CHUNK_BYTES)
            text = self._decoder.decode(chunk, final=not chunk)
            if self._is_first and text:
                self._is_first, text = False, text.removeprefix("\ufeff")
            self._left = text.encode("utf-8")
            if not chunk and not self._left:
                return 0
        size = min(len(buffer), len(self._left))
        buffer[:size] = self._left[:size]
        self._left = self._left[size:]
        return size
