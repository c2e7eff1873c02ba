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
from pipeline.ingest.values.spellings import FOOTERS, RULE, STATISTICS, TOTAL, TOTAL_OF, Spelling
from pipeline.ingest.values.white_space import ODD_BLANKS, trimmed, without_unseen


def _any_of(*spellings: Spelling) -> str:
    return "|".join(spelling.pattern for spelling in spellings)


_TOTAL: Final = re.compile(TOTAL.pattern, re.ASCII)
_TOTAL_OF: Final = re.compile(TOTAL_OF.pattern)
_STATISTIC: Final = re.compile(_any_of(*STATISTICS), re.ASCII)
_FOOTER: Final = re.compile(_any_of(*FOOTERS), re.ASCII)
_DIGIT: Final = re.compile("[0-9]")
_RULE: Final = re.compile(RULE.pattern)
_WIDE: Final = 3
"""Columns of a table whose lines have more than an id to say."""
_COUNT: Final = re.compile(r"[0-9]{1,5}", re.ASCII)
_SUSPECT: Final = rf"^(?:{_any_of(TOTAL, TOTAL_OF, RULE, *STATISTICS, *FOOTERS)})$|  |{ODD_BLANKS}"
"""For Arrow: what is one of these in lower case, or may be one once its blanks are as they are seen."""
_HEADERS_AGAIN: Final = "the headers again"
_TOTALS: Final = "a line of totals"
_ABOUT: Final = "a line about the table"


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
        self._is_wide = len(placed) >= _WIDE
        self._headers = headers
        self._names = sorted({name for header in headers if (name := fold(header))})

    def find(self, columns: tuple[pa.Array, ...], typed: dict[str, pa.Array]) -> list[Remark]:
        """Return the remarks of a batch, given its raw columns and, by name, the typed ones."""
        found: dict[int, Remark] = {}
        for at, column in self._looked_at:
            header = self._headers[at]
            for position in self._suspects(column, columns[at], typed, header):
                value = shown(columns[at][position].as_py())
                reason = self._reason(column, value, header, typed, position)
                if reason is not None:
                    found.setdefault(position, Remark(position, column.name, value, reason))
        return list(found.values())

    def _suspects(self, column: Column, raw: pa.Array, lines: dict[str, pa.Array], header: str) -> list[int]:
        """The places of the cells that are worth a look, which are few."""
        if pa.types.is_primitive(raw.type):  # numbers, dates and flags say nothing; any form of text may
            return []
        typed = lines[column.name]
        if column.kind in TEXT_KINDS:
            names = {*self._names, trimmed(header).lower(), without_unseen(header).lower()}
            lowered = pc.utf8_lower(typed)
            is_suspect = pc.match_substring_regex(lowered, _SUSPECT)
            is_suspect = pc.or_(is_suspect, pc.is_in(lowered, pa.array(sorted(names))))
            is_suspect = pc.or_(is_suspect, self._are_phrases_alone(column, lines))
        else:
            is_suspect = pc.and_(pc.is_valid(raw), pc.is_null(typed))
        return [int(position) for position in pc.indices_nonzero(pc.fill_null(is_suspect, False)).to_pylist()]

    def _reason(self, column: Column, value: str, header: str, typed: dict[str, pa.Array], position: int) -> str | None:
        """Why a line, of which `value` is the label, is no row; None if it may be one."""
        seen = fold(value)
        if seen and seen == fold(header):
            return _HEADERS_AGAIN
        if self._is_key(column):
            if _TOTAL.fullmatch(seen) or _TOTAL_OF.fullmatch(seen) or seen in self._names:  # "Total Price", of all rows
                return _TOTALS
            if _RULE.fullmatch(seen) or self._is_phrase_alone(column, seen, typed, position):
                return _ABOUT
        is_total = _TOTAL.fullmatch(seen) is not None
        reason = _TOTALS if is_total or _STATISTIC.fullmatch(seen) else _ABOUT if _FOOTER.fullmatch(seen) else None
        if reason is None or (is_total and column.kind not in TEXT_KINDS):
            return reason
        # a project, a person or an id may be called so: then its line has other texts, or is a lead's
        may_be_lead = column.required and not self._is_key(column) and not is_total and not _DIGIT.search(seen)
        return None if may_be_lead or self._says_more(column, typed, position) else reason

    def _are_phrases_alone(self, label: Column, lines: dict[str, pa.Array]) -> pa.Array:
        """Where a key has a blank in it while nothing else is in its line, though there are several columns."""
        if label.kind is not Kind.KEY or not self._is_wide:
            return pa.repeat(False, len(lines[label.name]))
        is_alone = pc.fill_null(pc.match_substring(lines[label.name], " "), False)
        if not pc.any(is_alone).as_py():
            return is_alone
        for column in self._table.columns:
            if column is not label:
                is_alone = pc.and_(is_alone, pc.is_null(lines[column.name]))
        return is_alone

    def _is_phrase_alone(self, label: Column, seen: str, typed: dict[str, pa.Array], position: int) -> bool:
        return (
            " " in seen
            and self._are_phrases_alone(label, {n: a.slice(position, 1) for n, a in typed.items()})[0].as_py()
        )

    def _says_more(self, label: Column, typed: dict[str, pa.Array], position: int) -> bool:
        """Whether a line has a text beside its label, as no footer has; in its key's place may be a count."""
        for column in self._table.columns:
            text = typed[column.name][position].as_py() if column.kind in TEXT_KINDS and column is not label else None
            if text and not text.isspace() and not (self._is_key(column) and _COUNT.fullmatch(text)):
                return True
        return False

    def _is_key(self, column: Column) -> bool:
        return column.name in self._table.key or column.kind in (Kind.KEY, Kind.ID)
