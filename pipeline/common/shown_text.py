r"""Escapes untrusted texts for people: characters that move a cursor or break a line appear as \x1b, \n.

Terminals, logs and reports show text through these functions. Files for machines (drops, rejects) are not escaped.
"""

from __future__ import annotations

import re
from typing import Final

_SHORT: Final = {"\t": r"\t", "\n": r"\n", "\r": r"\r"}

# control characters of ASCII and Latin-1, characters that change the direction of writing, line ends, lone surrogates
_UNSHOWN: Final = r"\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff"
_CONTROLS: Final = re.compile(f"[{_UNSHOWN}]")


def shown(text: str) -> str:
    r"""Return a text as one harmless line: an escape character as \x1b, a line break as \n, a byte as \xe9."""
    return _CONTROLS.sub(_escaped, text) if _CONTROLS.search(text) else text


def shown_lines(text: str) -> list[str]:
    """Return the lines of one of our own texts, each escaped by `shown`; data in it must be escaped already."""
    return [shown(line) for line in text.split("\n")]


def shown_json(text: str) -> str:
    r"""Escape control characters in JSON, such as \u009b, which does not change its values."""
    return re.sub(rf"(?![\t\n\r])[{_UNSHOWN}]", lambda found: f"\\u{ord(found[0]):04x}", text)


def shown_name(name: str) -> str:
    r"""Write the name of a file or folder in UTF-8, for people and records, with other bytes as \xe9."""
    return name.encode("utf-8", errors="surrogateescape").decode("utf-8", errors="backslashreplace")


def is_utf8(name: str) -> bool:
    """Return whether a name is UTF-8; DuckDB, Arrow and JSON cannot represent others."""
    return shown_name(name) == name


def _escaped(found: re.Match[str]) -> str:
    sign = found[0]
    if sign in _SHORT:
        return _SHORT[sign]
    code = ord(sign)
    if 0xDC80 <= code <= 0xDCFF:  # how Python represents a byte of a file name that is not UTF-8
        code -= 0xDC00
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
