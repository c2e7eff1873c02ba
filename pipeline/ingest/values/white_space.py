"""Normalizes texts to what a person sees: which characters look blank, and which are invisible.

Texts copied from web pages, spreadsheets and e-mails contain no-break and narrow blanks, zero-width characters, soft
hyphens and direction marks. Texts that look the same must be equal when they are compared.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

_BLANKS: Final = (
    "\t\n\x0b\x0c\r\x1c\x1d\x1e\x1f \x85\u00a0\u1680"
    "\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000"
)
"""White space of every width and line breaks: all characters for which `str.isspace` is true."""

_UNSEEN: Final = (
    "\u00ad\u034f\u061c\u180b\u180c\u180d\u180e"  # soft hyphen, joiner, Arabic letter mark, Mongolian separators
    "\u200b\u200c\u200d\u200e\u200f"  # zero-width blank, non-joiner, joiner, marks of direction
    "\u202a\u202b\u202c\u202d\u202e"  # embeddings and overrides of direction
    "\u2060\u2061\u2062\u2063\u2064\u2066\u2067\u2068\u2069\u206a\u206b\u206c\u206d\u206e\u206f"
    "\u115f\u1160\u3164\uffa0"  # Hangul fillers
    "\ufe00\ufe01\ufe02\ufe03\ufe04\ufe05\ufe06\ufe07\ufe08\ufe09\ufe0a\ufe0b\ufe0c\ufe0d\ufe0e\ufe0f"  # variations
    "\ufeff"  # byte order mark, also in the middle of a text
)

_EDGES: Final = _BLANKS + _UNSEEN
ODD_BLANKS: Final = f"[{_EDGES.replace(' ', '')}]"
"""For Arrow and Python: a character that looks like a blank or is invisible, except the blank itself."""
_ARMOUR: Final = re.compile(r'="((?:[^"]|"")*)"')
"""A formula that keeps spreadsheets from reading a text as a number: `="0815"`."""
_SIGNS: Final[dict[int, int | str]] = {
    0x066B: ".",
    0x066C: ",",
    **dict.fromkeys(map(ord, "−‐‑–—﹣"), "-"),
    **{wide: wide - 0xFEE0 for wide in range(0xFF01, 0xFF5F)},
}
"""Arabic decimal and thousands marks, other hyphens and minus signs, and full-width signs of East Asia."""
_WITHOUT_UNSEEN: Final = {ord(character): None for character in _UNSEEN}


def trimmed(text: str) -> str:
    """Return the text without blanks and invisible characters at its ends."""
    return text.strip() if text.isascii() else text.strip(_EDGES)


def without_unseen(text: str) -> str:
    """Return the text without invisible characters, trimmed."""
    return text.strip() if text.isascii() else text.translate(_WITHOUT_UNSEEN).strip()


def as_seen(text: str) -> str:
    """Return the text as it is seen: trimmed, without invisible characters, every run of white space as one blank."""
    return " ".join((text if text.isascii() else text.translate(_WITHOUT_UNSEEN)).split())


def without_armour(text: str) -> str:
    """Return what a spreadsheet shows for a text like `="0815"`; any other text unchanged."""
    found = _ARMOUR.fullmatch(text) if text.startswith("=") else None
    return text if found is None else found[1].replace('""', '"')


def in_ascii(text: str) -> str:
    """Return the text with digits and signs of any script converted to ASCII: `٣` and `３` become `3`."""
    if text.isascii():
        return text
    return "".join(
        str(unicodedata.decimal(letter)) if letter.isdecimal() else letter.translate(_SIGNS)
        for letter in unicodedata.normalize("NFC", text)
    )
