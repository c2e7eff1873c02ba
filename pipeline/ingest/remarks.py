"""Lines of a table that are no rows of it: the headers again, totals and footers (source-schema). Each is a reject."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from pipeline.ingest.schema import Column, Kind, SourceTable
from pipeline.ingest.values.cells import TEXT_KINDS, shown
from pipeline.ingest.values.headers import fold
from pipeline.ingest.values.spellings import FOOTERS, STATISTICS, TOTAL, TOTAL_OF, Spelling
from pipeline.ingest.values.white_space import trimmed, without_unseen


def _any_of(*spellings: Spelling) -> str:
    return "|".join(spelling.pattern for spelling in spellings)


_TOTAL: Final = re.compile(TOTAL.pattern, re.ASCII)
_TOTAL_OF: Final = re.compile(TOTAL_OF.pattern)
_STATISTIC: Final = re.compile(_any_of(*STATISTICS), re.ASCII)
_FOOTER: Final = re.compile(_any_of(*FOOTERS), re.ASCII)
_DIGIT: Final = re.compile("[0-9]")
_COUNT: Final = re.compile(r"[0-9]{1,5}", re.ASCII)
_SUSPECT: Final = rf"^(?:{_any_of(TOTAL, TOTAL_OF, *STATISTICS, *FOOTERS)})$|\s\s|[\t-\r]"
"""For Arrow: what is one of these in lower case, or may be one once its blanks are as they are seen."""
_HEADERS_AGAIN: Final = "the headers again"
_TOTALS: Final = "a line of totals"
_BELOW: Final = "a line below the table"


@dataclass(frozen=True)
class Remark:
    """A line that is no row: its place in the batch, the cell that shows it and why."""

    position: int
    column: str
    value: str
    reason: str


class RemarkFinder:
    """Looks for such lines by the table's label, its first required column, and by the line's first cell."""

    def __init__(self, table: SourceTable, positions: tuple[int | None, ...], headers: tuple[str, ...]) -> None:
        self._table = table
        placed = [(at, column) for at, column in zip(positions, table.columns, strict=True) if at is not None]
        label = next(((at, column) for at, column in placed if column.required), None)
        first = next(((at, column) for at, column in placed if at == 0), None)
        # a person or company may be called Total, so a required name is not asked
        is_other = first is not None and first != label and not first[1].required
        self._looked_at = [one for one in (label, first if is_other else None) if one is not None]
        self._headers = headers
        self._names = sorted({name for header in headers if (name := fold(header))})

    def find(self, columns: tuple[pa.Array, ...], typed: dict[str, pa.Array]) -> list[Remark]:
        """Return the remarks of a batch, given its raw columns and, by name, the typed ones."""
        found: dict[int, Remark] = {}
        for at, column in self._looked_at:
            header = self._headers[at]
            for position in self._suspects(column, columns[at], typed[column.name], header):
                value = shown(columns[at][position].as_py())
                reason = self._reason(column, value, header) or self._footer(column, value, typed, position)
                if reason is not None:
                    found.setdefault(position, Remark(position, column.name, value, reason))
        return list(found.values())

    def _suspects(self, column: Column, raw: pa.Array, typed: pa.Array, header: str) -> list[int]:
        """The places of the cells that are worth a look, which are few."""
        if pa.types.is_primitive(raw.type):  # numbers, dates and flags say nothing; any form of text may
            return []
        if column.kind in TEXT_KINDS:
            names = {*self._names, trimmed(header).lower(), without_unseen(header).lower()}
            lowered = pc.utf8_lower(typed)
            is_suspect = pc.match_substring_regex(lowered, _SUSPECT)
            is_suspect = pc.or_(is_suspect, pc.is_in(lowered, pa.array(sorted(names))))
            is_suspect = pc.or_(is_suspect, pc.invert(pc.string_is_ascii(typed)))  # an odd blank within it
        else:
            is_suspect = pc.and_(pc.is_valid(raw), pc.is_null(typed))
        return [int(position) for position in pc.indices_nonzero(pc.fill_null(is_suspect, False)).to_pylist()]

    def _reason(self, column: Column, value: str, header: str) -> str | None:
        seen = fold(value)
        if seen and seen == fold(header):
            return _HEADERS_AGAIN
        if _TOTAL.fullmatch(seen) or (self._is_key(column) and _TOTAL_OF.fullmatch(seen)):
            return _TOTALS
        return None

    def _footer(self, column: Column, value: str, typed: dict[str, pa.Array], position: int) -> str | None:
        """Why a line is a footer: its label is spelt so, and it has no other text. Names have no digits."""
        seen = fold(value)
        if self._is_key(column) and seen in self._names:
            return _TOTALS  # "Total Price", of all rows
        reason = _TOTALS if _STATISTIC.fullmatch(seen) else _BELOW if _FOOTER.fullmatch(seen) else None
        may_be_name = column.required and not self._is_key(column) and not _DIGIT.search(seen)
        return None if reason is None or may_be_name or self._says_more(column, typed, position) else reason

    def _says_more(self, label: Column, typed: dict[str, pa.Array], position: int) -> bool:
        """Whether a line has a text beside its label, as no footer has; in its key's place may be a count."""
        for column in self._table.columns:
            text = typed[column.name][position].as_py() if column.kind in TEXT_KINDS and column is not label else None
            if text and not text.isspace() and not (self._is_key(column) and _COUNT.fullmatch(text)):
                return True
        return False

    def _is_key(self, column: Column) -> bool:
        return column.name in self._table.key or column.kind in (Kind.KEY, Kind.ID)
