"""Texts whose letters were garbled before they came here: UTF-8 that a program read as Windows-1252 and saved again."""

from __future__ import annotations

from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from pipeline.ingest.schema import SourceTable
from pipeline.ingest.typed_columns import TypedColumn
from pipeline.ingest.values.cells import TEXT_KINDS
from pipeline.ingest.values.column_bytes import is_ascii

_SECOND_BYTES: Final = bytes(range(0x80, 0xC0)).decode("cp1252", errors="ignore") + "\x81\x8d\x8f\x90\x9d"
_GARBLED: Final = f"[ÂÃ][{_SECOND_BYTES}]|â[{_SECOND_BYTES}]{{2}}"
"""ü, é and the other letters of Western Europe, and typographic marks. (In NÃO a letter of ASCII follows.)"""


class GarbledTexts:
    """Looks for the first such text of one file, called `where`."""

    def __init__(self, table: SourceTable, where: str) -> None:
        self._where = where
        self._texts = [at for at, column in enumerate(table.columns) if column.kind in TEXT_KINDS]
        self._names = [column.name for column in table.columns]
        self.notice: str | None = None

    def look(self, columns: list[TypedColumn], row_numbers: pa.Array) -> None:
        """Look at the rows that come next."""
        for at in self._texts if self.notice is None else ():
            texts = columns[at].array
            if is_ascii(texts):
                continue
            places = pc.indices_nonzero(pc.invert(pc.string_is_ascii(texts)))  # few, in English
            is_garbled = pc.match_substring_regex(texts.take(places), _GARBLED)
            first = pc.index(is_garbled, pa.scalar(True)).as_py()
            if first >= 0:
                row = row_numbers[places[first].as_py()].as_py()
                self.notice = (
                    f"{self._where}: row {row}, column {self._names[at]}, has letters such as Ã¼ for ü: "
                    "they were garbled before, where UTF-8 was opened as Windows-1252"
                )
                return
