"""Lines of a table that are no rows of it: the headers again, and totals (source-schema). Each is a reject."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from pipeline.ingest.schema import Column, Kind, SourceTable
from pipeline.ingest.values.cells import TEXT_KINDS, shown
from pipeline.ingest.values.headers import fold
from pipeline.ingest.values.spellings import TOTAL, TOTAL_OF
from pipeline.ingest.values.white_space import trimmed, without_unseen

_TOTAL: Final = re.compile(TOTAL.pattern, re.ASCII)
_TOTAL_OF: Final = re.compile(TOTAL_OF.pattern)
_HEADERS_AGAIN: Final = "the headers again"
_TOTALS: Final = "a line of totals"


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

    def find(self, columns: tuple[pa.Array, ...], typed: dict[str, pa.Array]) -> list[Remark]:
        """Return the remarks of a batch, given its raw columns and, by name, the typed ones."""
        found: dict[int, Remark] = {}
        for at, column in self._looked_at:
            header = self._headers[at]
            for position in self._suspects(column, columns[at], typed[column.name], header):
                value = shown(columns[at][position].as_py())
                reason = self._reason(column, value, header)
                if reason is not None:
                    found.setdefault(position, Remark(position, column.name, value, reason))
        return list(found.values())

    def _suspects(self, column: Column, raw: pa.Array, typed: pa.Array, header: str) -> list[int]:
        """The places of the cells that are worth a look, which are few."""
        if not (pa.types.is_string(raw.type) or pa.types.is_binary(raw.type) or pa.types.is_large_string(raw.type)):
            return []
        if column.kind in TEXT_KINDS:
            names = {fold(header), trimmed(header).lower(), without_unseen(header).lower()}
            lowered = pc.utf8_lower(typed)
            is_suspect = pc.or_(pc.match_substring(lowered, "total"), pc.is_in(lowered, pa.array(sorted(names))))
            is_suspect = pc.or_(is_suspect, pc.invert(pc.string_is_ascii(typed)))  # an odd blank within it
        else:
            is_suspect = pc.and_(pc.is_valid(raw), pc.is_null(typed))
        return [int(position) for position in pc.indices_nonzero(pc.fill_null(is_suspect, False)).to_pylist()]

    def _reason(self, column: Column, value: str, header: str) -> str | None:
        seen = fold(value)
        if seen and seen == fold(header):
            return _HEADERS_AGAIN
        is_key = column.name in self._table.key or column.kind in (Kind.KEY, Kind.ID)
        if _TOTAL.fullmatch(seen) or (is_key and _TOTAL_OF.fullmatch(seen)):
            return _TOTALS
        return None
