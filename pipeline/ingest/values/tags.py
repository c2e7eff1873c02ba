"""Reads lists of tags: JSON arrays, PostgreSQL arrays, lists as pandas prints them, and comma lists. They become JSON.

If there is no comma, semicolons or line breaks separate the tags, as in exports of fields with several values.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Final

from pipeline.ingest.values.spellings import NULLS
from pipeline.ingest.values.typed_cell import NULL, Cell, nulled
from pipeline.ingest.values.white_space import trimmed

_JSON_NULL: Final = "null"

# `["a"`, `['a', b]`, `{a,{b}}` are invalid arrays; `[VIP] client, gold` is two tags, `{"a": 1}` is one
_LIKE_AN_ARRAY: Final = re.compile(r"""\[(?:\s*["'\[{]|.*\]$)|\{(?!\s*"[^"]*"\s*:)(?:\s*["{]|.*\}$)""", re.DOTALL)


def tags(value: object, text_of: Callable[[object], str]) -> Cell:
    """Type a list of texts as compact JSON. Blanks around tags, and empty tags, are removed."""
    if isinstance(value, (list, tuple)):
        items: list[object] = list(value)
    else:
        text = trimmed(text_of(value))
        if not text or text in NULLS or text == _JSON_NULL:
            return NULL
        found = _array(text)
        if found is None and _LIKE_AN_ARRAY.match(text):
            return nulled("not a list of tags")
        items = list(_parted(text)) if found is None else found
    if any(isinstance(item, (list, tuple, dict)) for item in items):
        return nulled("not a plain list of tags")
    found_tags = [tag for item in items if item is not None and (tag := trimmed(text_of(item)))]
    try:
        joined = json.dumps(found_tags, ensure_ascii=False, separators=(",", ":"))
        joined.encode("utf-8")
    except UnicodeEncodeError:
        return nulled("not UTF-8 text")
    if any("\0" in tag for tag in found_tags):
        return nulled("text with a NUL character")
    return Cell(joined)


def _parted(text: str) -> list[str]:
    """Split a list without brackets."""
    if "," in text:
        return text.split(",")
    return text.split(";") if ";" in text else text.splitlines()


def _array(text: str) -> list[object] | None:
    """Return the items of an array in any spelling, or None if the text is not an array."""
    for read in (_json_list, _printed_list, _postgres_array):
        if (items := read(text)) is not None:
            return items
    return None


def _json_list(text: str) -> list[object] | None:
    if not text.startswith("["):
        return None
    try:
        items = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return items if isinstance(items, list) else None


# the bounds in `[0:1]={a,b}`, as PostgreSQL writes an array that does not count from 1
_BOUNDS: Final = re.compile(r"(?:\[-?[0-9]+:-?[0-9]+\])+=")
_ARRAY_ITEM: Final = re.compile(r'\s*(?:"((?:[^"\\]|\\.)*)"|([^",{}]*))\s*(,|$)', re.DOTALL)


def _postgres_array(text: str) -> list[object] | None:
    """Return the items of `{a,"b c",NULL}`, or None if the text is not a one-dimensional array."""
    if bounds := _BOUNDS.match(text):
        text = text[bounds.end() :]
    if not (text.startswith("{") and text.endswith("}")):
        return None
    inner = text[1:-1]
    items: list[object] = []
    position = 0
    while inner.strip():
        found = _ARRAY_ITEM.match(inner, position)
        if found is None:
            return None
        quoted, bare, comma = found.groups()
        if quoted is not None:
            items.append(re.sub(r"\\(.)", r"\1", quoted, flags=re.DOTALL))
        elif bare.strip().upper() != "NULL":
            items.append(bare)
        position = found.end()
        if not comma:
            break
    return items


# `'a', "it's"` is how Python prints the items of a list, `'a' 'b'` how NumPy prints those of an array
_PRINTED_ITEM: Final = re.compile(
    r"""\s*(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)"|(?:None|nan))(?:\s*,|\s+|$)""", re.DOTALL
)
_BRACKETS: Final = frozenset({"[]", "()"})
_ESCAPE: Final = re.compile(r"\\(x[0-9a-f]{2}|u[0-9a-f]{4}|U[0-9a-f]{8}|.)", re.DOTALL)
_ESCAPED: Final = {"n": "\n", "r": "\r", "t": "\t", "\\": "\\", "'": "'", '"': '"'}


def _printed_list(text: str) -> list[object] | None:
    """Return the items of `['a', "it's", None]` or `['a' 'b']`, as pandas writes lists into CSV files, or None.

    Sets (`{'a'}`), tuples, and `'a', 'b'` without brackets are read as well.
    """
    if text[0] + text[-1] in _BRACKETS:
        return _printed_items(text[1:-1].strip())
    if text.startswith("{'") and text.endswith("}"):
        return _printed_items(text[1:-1].strip())
    return _printed_items(text) if text[0] in "\"'" else None


def _printed_items(inner: str) -> list[object] | None:
    items: list[object] = []
    position = 0
    while position < len(inner):
        found = _PRINTED_ITEM.match(inner, position)
        if found is None:
            return None
        quoted = found.group(1) if found.group(1) is not None else found.group(2)
        if quoted is not None:
            items.append(_ESCAPE.sub(_unescaped, quoted))
        position = found.end()
    return items


def _unescaped(found: re.Match[str]) -> str:
    """Return the character that Python prints as this escape, or an unknown escape unchanged."""
    escape = found.group(1)
    if len(escape) == 1:
        return _ESCAPED.get(escape, found.group())
    code = int(escape[1:], 16)
    return chr(code) if code < 0x110000 else found.group()
