"""Detects files of other formats by their first bytes, whatever their names say, with what to do about them."""

from __future__ import annotations

from typing import Final

HEAD_BYTES: Final = 512

_UNPACK: Final = "unpack it, and provide the file in it"
_SAVE_AS: Final = "open it in a spreadsheet and save it as .xlsx without a password, or as CSV UTF-8"
_DOWNLOAD: Final = (
    "download the file itself (this may be a page that asks to sign in), or save it as .xlsx or CSV UTF-8"
)
_AS_TABLE: Final = "export the table as CSV"

_SIGNATURES: Final[tuple[tuple[bytes, str, str], ...]] = (
    (b"PK\x03\x04", "a ZIP archive or a workbook", "unpack it, or give it the ending .xlsx if it is a workbook"),
    (b"PK\x05\x06", "an empty ZIP archive", "provide the file that should be in it"),
    (b"\x1f\x8b", "a gzip archive", _UNPACK),
    (b"BZh", "a bzip2 archive", _UNPACK),
    (b"\xfd7zXZ\0", "an xz archive", _UNPACK),
    (b"\x28\xb5\x2f\xfd", "a zstd archive", _UNPACK),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive", _UNPACK),
    (b"Rar!", "a RAR archive", _UNPACK),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Excel workbook (.xls), or one with a password", _SAVE_AS),
    (b"PAR1", "a Parquet file", "give it the ending .parquet"),
    (b"ARROW1", "an Arrow file", "write it as Parquet"),
    (b"SQLite format 3\0", "an SQLite database", "name it as sqlite:///FILE"),
    (b"%PDF", "a PDF", _AS_TABLE),
)
"""The first bytes of binary files, with what they are and what to do."""

_TEXTS: Final[tuple[tuple[bytes, str, str], ...]] = (
    (b"<!doctype", "a web page", _DOWNLOAD),
    (b"<html", "a web page", _DOWNLOAD),
    (b"<table", "a web page's table", _SAVE_AS),
    (b"<?mso-application", "an XML spreadsheet of 2003", _SAVE_AS),
    (b"<?xml", "XML", _AS_TABLE),
    (b"{\\rtf", "an RTF document", _AS_TABLE),
    (b'{"', "JSON", _AS_TABLE),
    (b"[{", "JSON", _AS_TABLE),
)
"""How text files that are not CSV begin, in lower case, after a byte order mark and blanks."""


def kind_of(head: bytes) -> tuple[str, str] | None:
    """Return what a file with these first bytes is and what to do about it; None if it is unknown or may be CSV."""
    found = next(((kind, remedy) for magic, kind, remedy in _SIGNATURES if head.startswith(magic)), None)
    if found is not None:
        return found
    start = head[:HEAD_BYTES].replace(b"\0", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n").lower()
    if start.startswith(b"<?xml") and b"<?mso-application" in start:
        start = start[start.index(b"<?mso-application") :]
    return next(((kind, remedy) for mark, kind, remedy in _TEXTS if start.startswith(mark)), None)
