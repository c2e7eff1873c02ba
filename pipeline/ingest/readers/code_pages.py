"""Detects the code page of a file with one byte per letter: Windows-1252, unless its words make sense in another one.

The pages of DOS and Macintosh have letters where Windows-1252 has symbols, so that Café would be read as Caf‚ or CafŽ;
Latin-9's cœur would be c½ur, and Windows-1250's Złoty would be Z³oty. Many Czech letters are different letters in
Windows-1252 and can't be distinguished. In other alphabets than Latin, words consist of accented letters only, and no
page is guessed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Final, Literal

from pipeline.common.errors import WarehouseError

ShownPage = Literal["cp1252", "cp850", "mac_roman", "iso8859_15", "cp1250"]
"""A code page that can be detected, by its name in Python."""

_OTHERS: Final[tuple[ShownPage, ...]] = ("cp850", "mac_roman", "cp1250")
_WORD: Final = re.compile(rb"(?<![0-9A-Za-z\x80-\xff])[0-9A-Za-z]{0,40}[\x80-\xff][0-9A-Za-z\x80-\xff]{0,40}")
"""A word with a letter beyond ASCII, or the beginning of a very long one."""
_FOREIGN: Final = re.compile(rb"[\x80-\xff]{4,}")
_MOST_WORDS: Final = 2_000
_FEWEST_TO_REFUSE: Final = 10
_MOST_ODD: Final = 0.1
"""The share of words that may be odd in the right code page, because some names have odd spellings."""
_ODD_ENOUGH: Final = 0.25
"""The share of words that must be odd in Windows-1252 before another page, which shares some letters, is tried."""
_CHUNK_BYTES: Final = 64 * 1024
_FEWEST_ODD: Final = 3
"""Fewer odd words may be typing errors: said“hello."""
_MAY_JOIN: Final = frozenset("’‘–—…·\u00a0\u00ad")
"""Signs that may be between letters."""
_MAY_FOLLOW: Final = frozenset("”“»›™®©°ªº²³¹†‡€¢£¥§¶")
"""Signs that may follow a word."""
_FRACTIONS: Final = frozenset("¼½¾")
"""Signs that are within words only if the file is Latin-9: c½ur. (4x½in is a size.)"""


def code_page_of(path: Path, where: str) -> ShownPage:
    """Return the code page in which the words of a file make sense, if the file is not UTF-8.

    Raises WarehouseError if there are many words and they make sense in no known page.
    """
    words = list(islice(_words(path), _MOST_WORDS))
    odd = _odd_words(words, "cp1252")
    foreign = sum(_FOREIGN.fullmatch(word) is not None for word in words)
    if 2 * foreign <= len(words):
        if odd >= _FEWEST_ODD and not _odd_words(words, "iso8859_15"):
            return "iso8859_15"
        if odd < max(_FEWEST_ODD, _ODD_ENOUGH * len(words)):
            return "cp1252"
        fewest, page = min((_odd_words(words, page), page) for page in _OTHERS)
        if fewest <= _MOST_ODD * len(words):
            return page
    if len(words) >= _FEWEST_TO_REFUSE:
        raise WarehouseError(
            "the file is not UTF-8, and its code page can't be detected",
            where=where,
            remedy="save it as CSV UTF-8, or set code_page",
        )
    return "cp1252"


def _words(path: Path) -> Iterator[bytes]:
    """Yield the distinct words with letters beyond ASCII."""
    seen: set[bytes] = set()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            words = set() if chunk.isascii() else set(_WORD.findall(chunk)) - seen
            seen |= words
            yield from sorted(words)


def _odd_words(words: list[bytes], page: ShownPage) -> int:
    return sum(_is_odd(word.decode(page, errors="replace")) for word in words)


def _is_odd(word: str) -> bool:
    """Return whether a word has a sign or a capital letter in it, or a byte that is not a character."""
    for before, letter, after in zip(" " + word, word, word[1:] + " ", strict=False):
        if letter.isascii() or letter in _MAY_JOIN:
            continue
        if letter == "\ufffd" or not letter.isprintable():
            return True
        if letter.isupper():
            is_odd = before.islower() or (before.isalpha() and after.islower())
        elif letter.isalpha():
            is_odd = before.islower() and after.isupper()
        elif letter in _FRACTIONS:
            is_odd = before.isalpha() and before not in "xX" and after.isalpha()
        else:
            is_odd = before.isalpha() and (after.isalpha() or letter not in _MAY_FOLLOW)
        if is_odd or letter == "¤" or "─" <= letter <= "◿":  # DOS draws lines with these
            return True
    return False
