"""The quotes of a CSV file: whether each closes where its cell ends, before Arrow reads the file.

Arrow takes text behind a closing quote for more of the cell. So a quote that is not closed goes as far as the next
quoted cell's opening one, and all rows between them end up in one cell: nothing would be rejected, and nothing said.
"""

from __future__ import annotations

import mmap
import re
from pathlib import Path
from typing import Final

import numpy as np

from pipeline.common.errors import WarehouseError

_CHUNK_BYTES: Final = 64 * 1024
_QUOTE: Final = ord('"')
_BOM: Final = b"\xef\xbb\xbf"


def refuse_stray_quotes(path: Path, delimiter: str, where: str) -> None:
    """Raise WarehouseError if a quoted cell is never closed, or goes on behind its closing quote; blanks may follow."""
    if _is_regular(path, delimiter):
        return
    separator = rb"[\r\n" + delimiter.encode() + rb"]"
    cell = rb'"(?:(?<=' + separator + rb'")|(?<=\A")|(?<=\A\xef\xbb\xbf"))(?:[^"]++|"")*+'
    opens = re.compile(cell)
    sound = re.compile(rb'(?>[^"]++|' + cell + rb'"(?= *(?:' + separator + rb"|\Z))|(?!" + cell + rb')")*+')
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        found = sound.match(content)
        end = 0 if found is None else found.end()
        if end == len(content):  # quotes within cells that are not quoted, which are text
            return
        steps = re.compile(cell + rb'"|(\r\n?|\n)').finditer(content, 0, end)
        row = 1 + sum(step[1] is not None for step in steps)
        stray = opens.match(content, end)
        is_closed = stray is not None and stray.end() < len(content)
    what = (
        "a quoted cell goes on behind its closing quote: that quote may be a later cell's"
        if is_closed
        else "a quote is never closed: everything behind it would be one cell"
    )
    raise WarehouseError(
        what,
        where=f"{where}, row {row}",
        remedy="close the quote (one that is text is doubled), or save the file again as CSV; "
        "nothing of this table was loaded",
    )


def _is_regular(path: Path, delimiter: str) -> bool:
    """Whether the quotes open and close cells by turns, as programs write them: quick, for all quotes at once.

    A doubled quote counts as one that closes and one that opens.
    """
    is_edge = np.zeros(256, dtype=bool)
    is_edge[list(b'\r\n"' + delimiter.encode())] = True
    is_open = False
    with path.open("rb") as file:
        if file.read(len(_BOM)) != _BOM:
            file.seek(0)
        before = b"\n"
        while True:
            chunk = file.read(_CHUNK_BYTES)
            # a quote is judged by its neighbours, so a chunk's last byte waits for the next chunk
            data = np.frombuffer(before + (chunk or b"\n"), dtype=np.uint8)
            quotes = np.flatnonzero(data[1:-1] == _QUOTE) + 1
            opening, closing = quotes[int(is_open) :: 2], quotes[1 - int(is_open) :: 2]
            if not (is_edge[data[opening - 1]].all() and is_edge[data[closing + 1]].all()):
                return False
            is_open ^= len(quotes) % 2 == 1
            if not chunk:
                return not is_open
            before = data[-2:].tobytes()
