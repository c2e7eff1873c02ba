"""Detects the code page of a file with one byte per letter: Windows-1252, unless its words say otherwise.

DOS and Macintosh have letters where Windows-1252 has symbols: there, Café is Caf‚ or CafŽ, and cœur of Latin-9 is c½ur.
So does Poland's page (Z³oty for Złoty). But the Czech letters, among others, are letters in both pages and cannot be
distinguished; for alphabets other than Latin, whole words are accented letters, and no page is guessed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Final, Literal

from pipeline.common.errors import WarehouseError

ShownPage = Literal["cp1252", "cp850", "mac_roman", "iso8859_15", "cp1250"]
"""One that words show, by Python's name."""

_OTHERS: Final[tuple[ShownPage, ...]] = ("cp850", "mac_roman", "cp1250")
_WORD: Final = re.compile(rb"(?<![0-9A-Za-z\x80-\xff])[0-9A-Za-z]{0,40}[\x80-\xff][0-9A-Za-z\x80-\xff]{0,40}")
"""Or its beginning, if it is longer than any."""
_FOREIGN: Final = re.compile(rb"[\x80-\xff]{4,}")
_MOST_WORDS: Final = 2_000
_FEWEST_TO_REFUSE: Final = 10
_MOST_ODD: Final = 0.1
"""The part of the words that may be odd in their own page: names have odd spellings."""
_ODD_ENOUGH: Final = 0.25
"""The part that is odd in Windows-1252 where they are of another page, which has some of its letters in common."""
_CHUNK_BYTES: Final = 64 * 1024
_FEWEST_ODD: Final = 3
"""Fewer may be slips of who typed them: said“hello."""
_MAY_JOIN: Final = frozenset("’‘–—…·\u00a0\u00ad")
"""Signs that stand between letters."""
_MAY_FOLLOW: Final = frozenset("”“»›™®©°ªº²³¹†‡€¢£¥§¶")
"""Signs that stand behind a word."""
_FRACTIONS: Final = frozenset("¼½¾")
"""Within a word in Latin-9's files alone: c½ur; but 4x½in is a size."""


def code_page_of(path: Path, where: str) -> ShownPage:
    """Return the code page in which the words of a file, which is not UTF-8, make sense.

    Raises WarehouseError if there are many words, and they make sense in none.
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
            "the file is not UTF-8, and its letters are in no code page that is known here",
            where=where,
            remedy="save it as CSV UTF-8, or name the page in the setting code_page",
        )
    return "cp1252"


def _words(path: Path) -> Iterator[bytes]:
    """Yield the words with letters other than ASCII's, each once."""
    seen: set[bytes] = set()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            words = set() if chunk.isascii() else set(_WORD.findall(chunk)) - seen
            seen |= words
            yield from sorted(words)


def _odd_words(words: list[bytes], page: ShownPage) -> int:
    return sum(_is_odd(word.decode(page, errors="replace")) for word in words)


def _is_odd(word: str) -> bool:
    """Return whether a word has a sign or a capital letter within, or a byte that is no letter."""
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
