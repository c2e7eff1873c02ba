"""What a file is by its first bytes, whatever its name says, and what to do about it."""

from __future__ import annotations

from typing import Final

HEAD_BYTES: Final = 512

_UNPACK: Final = "unpack it, and bring the file that is in it"
_SAVE_AS: Final = "open it in a spreadsheet and save it as .xlsx without a password, or as CSV UTF-8"
_RENAME: Final = "give it the suffix of what it is"

_SIGNATURES: Final[tuple[tuple[bytes, str, str], ...]] = (
    (b"PK\x03\x04", "a zip archive", _UNPACK),
    (b"PK\x05\x06", "an empty zip archive", "bring the file that should be in it"),
    (b"\x1f\x8b", "a gzip archive", _UNPACK),
    (b"BZh", "a bzip2 archive", _UNPACK),
    (b"\xfd7zXZ\0", "an xz archive", _UNPACK),
    (b"\x28\xb5\x2f\xfd", "a zstd archive", _UNPACK),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive", _UNPACK),
    (b"Rar!\x1a\x07", "a RAR archive", _UNPACK),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an older workbook (.xls), or one with a password", _SAVE_AS),
    (b"\x09\x08", "a very old workbook (.xls)", _SAVE_AS),
    (b"PAR1", "a Parquet file", _RENAME),
    (b"ARROW1", "an Arrow file", "write it as Parquet"),
    (b"SQLite format 3\0", "an SQLite database", "name it as a database: sqlite:///its/path"),
    (b"%PDF", "a PDF document", "export the table itself"),
)

_PAGES: Final[tuple[tuple[bytes, str], ...]] = (
    (b"<!doctype html", "an HTML page"),
    (b"<html", "an HTML page"),
    (b"<table", "an HTML table"),
    (b"<?mso-application", "an XML spreadsheet of 2003"),
    (b"urn:schemas-microsoft-com:office:spreadsheet", "an XML spreadsheet of 2003"),
    (b"<?xml", "an XML document"),
)
"""What pages hold in their beginning; the first that is found names the kind."""


def kind_of(head: bytes) -> tuple[str, str] | None:
    """Return what a file with this beginning is and its remedy; None where it is none of the kinds known here."""
    for signature, kind, remedy in _SIGNATURES:
        if head.startswith(signature):
            return kind, remedy
    text = head.replace(b"\0", b"").removeprefix(b"\xef\xbb\xbf").removeprefix(b"\xff\xfe").lstrip().lower()
    if text.startswith(b"<"):
        return next(((kind, _SAVE_AS) for mark, kind in _PAGES if mark in text), None)
    return None
