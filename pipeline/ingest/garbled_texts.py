"""Finds texts that were garbled before they were exported. They are not changed; the first of each kind is reported.

There are two kinds: UTF-8 that a program read as Windows-1252 and saved again, and HTML entities.
"""

from __future__ import annotations

from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from pipeline.ingest.schema import SourceTable
from pipeline.ingest.typed_columns import TypedColumn
from pipeline.ingest.values.cells import TEXT_KINDS
from pipeline.ingest.values.column_bytes import has_byte, is_ascii

_SECOND_BYTES: Final = bytes(range(0x80, 0xC0)).decode("cp1252", errors="ignore") + "\x81\x8d\x8f\x90\x9d"
GARBLED: Final = f"[ÂÃ][{_SECOND_BYTES}]|â[{_SECOND_BYTES}]{{2}}"
"""Garbled forms of ü, é and other Western European letters and of typographic marks. (In NÃO, an ASCII letter follows.)
"""
_GARBLING: Final = "has letters such as Ã¼ for ü: before the export, a program opened UTF-8 as Windows-1252"
_ENTITY: Final = "(?i)&(?:amp|lt|gt|quot|apos|nbsp|[aeioun](?:acute|grave|circ|tilde|uml)|#[0-9]{2,5}|#x[0-9a-f]{2,4});"
_ENTITIES: Final = "has signs such as &amp; for &: they are HTML entities, as in the source of a web page"


class GarbledTexts:
    """Finds the first garbled text of each kind in one file; `where` names the file in notices."""

    def __init__(self, table: SourceTable, where: str) -> None:
        self._where = where
        self._texts = [at for at, column in enumerate(table.columns) if column.kind in TEXT_KINDS]
        self._names = [column.name for column in table.columns]
        self._notices: dict[str, str] = {}

    @property
    def notices(self) -> tuple[str, ...]:
        """One notice for each kind of garbled text that was found."""
        return tuple(self._notices.values())

    def examine(self, columns: list[TypedColumn], row_numbers: pa.Array) -> None:
        """Search the next rows."""
        for at in self._texts:
            column, different = columns[at], columns[at].different_values
            if _GARBLING not in self._notices and not is_ascii(different):
                places = pc.indices_nonzero(pc.invert(pc.string_is_ascii(column.array)))  # few, in English texts
                is_garbled = pc.match_substring_regex(column.array.take(places), GARBLED)
                self._note(_GARBLING, at, is_garbled, row_numbers.take(places))
            if _ENTITIES not in self._notices and has_byte(different, b"&"):
                self._note(_ENTITIES, at, pc.match_substring_regex(column.array, _ENTITY), row_numbers)

    def _note(self, what: str, at: int, is_garbled: pa.Array, row_numbers: pa.Array) -> None:
        first = pc.index(is_garbled, pa.scalar(True)).as_py()
        if first >= 0:
            place = f"{self._where}: row {row_numbers[first].as_py()}, column {self._names[at]}"
            self._notices[what] = f"{place}, {what}"
