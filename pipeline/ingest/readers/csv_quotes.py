"""Checks that each quote in a CSV file is closed at the end of its cell.

Arrow does not check this: it appends text after a closing quote to the cell. So an unclosed quote extends to the
opening quote of the next quoted cell, and all rows between them would become one cell, without a reject or a message.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import BinaryIO, Final, Literal

import numpy as np

from pipeline.common.errors import WarehouseError

_CHUNK_BYTES: Final = 64 * 1024
_QUOTE: Final = ord('"')
_BOM: Final = b"\xef\xbb\xbf"


def refuse_stray_quotes(open_file: Callable[[], BinaryIO], delimiter: str, where: str) -> None:
    """Raise WarehouseError if a quoted cell is never closed, or text other than blanks follows its closing quote.

    `open_file` opens the content as UTF-8. It is called again to find details if something is wrong.
    """
    if _is_regular(open_file, delimiter):
        return
    for _ in (walk := _Walk(open_file, delimiter)).pieces():
        pass
    if walk.stray is None:  # the quotes are text within unquoted cells
        return
    row = 1 + sum(walk.line_breaks(piece) for piece in _Walk(open_file, delimiter).pieces())
    what = (
        "text follows the closing quote of a cell: an earlier quote may not be closed"
        if walk.stray == "behind"
        else "a quote is never closed: everything after it would be one cell"
    )
    raise WarehouseError(
        what,
        where=f"{where}, row {row}",
        remedy="close the quote, double it if it is text, or save the CSV file again; nothing of the table was loaded",
    )


class _Walk:
    """A walk over the content up to the first faulty quote; then `stray` says what is wrong (None if nothing is).

    The file is not mapped into memory, because the process would crash if the file shrank.
    """

    def __init__(self, open_file: Callable[[], BinaryIO], delimiter: str) -> None:
        self._open_file = open_file
        separator = rb"[\r\n" + re.escape(delimiter.encode()) + rb"]"
        cell = rb'"(?<=' + separator + rb'")(?:[^"]++|"")*+'
        sound = rb'(?>[^"]++|' + cell + rb'"(?= *(?:' + separator + rb"%s))|(?!" + cell + rb')")*+'
        self._so_far = re.compile(sound.replace(b"%s", b""))
        self._to_the_end = re.compile(sound.replace(b"%s", rb"|\Z"))
        self._cell = re.compile(cell + rb'"')
        self._behind = re.compile(rb" *(?!" + separator + rb"| |\Z)")
        self._steps = re.compile(cell + rb'"|(\r\n?|\n)')
        self.stray: Literal["open", "behind"] | None = None

    def pieces(self) -> Iterator[bytes]:
        """Yield the content up to the fault in pieces; each piece begins with the byte before it."""
        with self._open_file() as file:
            held = b"\n"
            if (start := file.read(len(_BOM))) != _BOM:
                held += start
            while True:
                chunk = file.read(max(_CHUNK_BYTES, len(held)))  # growing chunks keep long cells linear in time
                held += chunk
                pattern = self._so_far if chunk else self._to_the_end
                found = pattern.match(held, 1)
                end = 1 if found is None else found.end()
                cut = end - 1 if chunk and held[end - 1 : end] == b"\r" and end > 1 else end  # \r\n is one line break
                yield held[:cut]
                if not chunk:
                    if end < len(held):
                        self.stray = "behind" if self._cell.match(held, end) else "open"
                    return
                if end < len(held) and self._is_stray(held, end):
                    self.stray = "behind"
                    return
                held = held[cut - 1 :]

    def _is_stray(self, held: bytes, at: int) -> bool:
        """Return whether text certainly follows the closing quote of the cell that opens there."""
        cell = self._cell.match(held, at)
        return cell is not None and self._behind.match(held, cell.end()) is not None

    def line_breaks(self, piece: bytes) -> int:
        """Count the line breaks between rows in a piece."""
        return sum(step[1] is not None for step in self._steps.finditer(piece, 1))


def _is_regular(open_file: Callable[[], BinaryIO], delimiter: str) -> bool:
    """Return whether all quotes are at the edges of cells, as programs write them. This is a quick check.

    A doubled quote counts as a closing and an opening one.
    """
    is_edge = np.zeros(256, dtype=bool)
    is_edge[list(b'\r\n"' + delimiter.encode())] = True
    is_open = False
    with open_file() as file:
        start = file.read(len(_BOM))
        before = b"\n" if start == _BOM else b"\n" + start
        while True:
            chunk = file.read(_CHUNK_BYTES)
            # a quote is checked with its neighbours, so the last byte of a chunk is checked with the next chunk
            data = np.frombuffer(before + (chunk or b"\n"), dtype=np.uint8)
            quotes = np.flatnonzero(data[1:-1] == _QUOTE) + 1
            opening, closing = quotes[int(is_open) :: 2], quotes[1 - int(is_open) :: 2]
            if not (is_edge[data[opening - 1]].all() and is_edge[data[closing + 1]].all()):
                return False
            is_open ^= len(quotes) % 2 == 1
            if not chunk:
                return not is_open
            before = data[-2:].tobytes()
