"""Counts rows that a column outside the schema marks as deleted.

Databases mark deleted rows with a date or a flag, replication tools with a column of their own. All rows of a table
are read (source-schema), and the number of deleted ones is reported.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from pipeline.ingest.typed_columns import unpacked
from pipeline.ingest.values.cells import shown
from pipeline.ingest.values.headers import fold, shown_header
from pipeline.ingest.values.spellings import FALSE, NULL_WORDS

_MARK: Final = re.compile(
    r"(?:is|was|date|soft|fivetran|abcdc|sdc|hevomarked|marked)?(?:deleted|trashed|voided)(?:at|on|date|time|flag|utc)?"
    r"|(?:is|row)?deletedflag|deleteflag|markedfordeletion|isvoid"
)
"""`deleted_at`, `IsDeleted`, `_fivetran_deleted`, `__deleted`, reduced to letters."""
_CHANGE: Final = re.compile(r"op|changetype|cdcoperation|dmsop|rowchangetype")
"""Columns of change data capture, such as `Op` and `_change_type`, which contain `D` or `delete`."""
_DELETED: Final = frozenset({"d", "delete", "deleted"})
_NOT_DELETED: Final = FALSE | NULL_WORDS | {"0.0", "0000-00-00", "0000-00-00 00:00:00"}


def marks_deleted(header: str) -> bool:
    """Return whether a header names a column that marks deleted rows."""
    name = _letters(header)
    return _MARK.fullmatch(name) is not None or _CHANGE.fullmatch(name) is not None


class DeletedRows:
    """Counts the rows of one file that are marked as deleted. The table's columns are at `positions` of `headers`."""

    def __init__(self, headers: Sequence[str], positions: Sequence[int | None]) -> None:
        self._headers = headers
        self.positions = frozenset(
            at for at, header in enumerate(headers) if at not in positions and marks_deleted(header)
        )
        self._counts: Counter[int] = Counter()

    def examine(self, columns: Sequence[pa.Array]) -> None:
        """Count the marks in the next rows."""
        for at in self.positions:
            is_change = _CHANGE.fullmatch(_letters(self._headers[at])) is not None
            for entry in pc.value_counts(unpacked(columns[at])).to_pylist():
                if _is_deleted(entry["values"], is_change=is_change):
                    self._counts[at] += entry["counts"]

    def by_header(self) -> Mapping[str, int]:
        """Return the number of deleted rows for each column that marks any."""
        return {shown_header(self._headers[at]): count for at, count in sorted(self._counts.items())}


def _is_deleted(value: object, *, is_change: bool) -> bool:
    seen = "" if value is None else fold(shown(value))
    return seen in _DELETED if is_change else seen not in _NOT_DELETED


def _letters(header: str) -> str:
    return re.sub(r"[\W_]+", "", fold(header))
