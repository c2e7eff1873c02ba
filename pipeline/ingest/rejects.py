"""The rejects: one row per rejected row or cell, with the reason, safe to show to anyone.

Values are shortened, and personal details are masked. Columns that contain secrets are never read.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.ingest.schema import SourceTable
from pipeline.ingest.values.typed_cell import NULLED
from pipeline.state.forgotten import NOBODY, Forgotten

ROW_DROPPED: Final = "row dropped"
REPEATED: Final = "another row has the same"
"""The start of the reason of a row that loses to another with the same key."""

REJECTS_SCHEMA: Final = pa.schema(
    [
        pa.field("source", pa.string(), nullable=False),
        pa.field("table_name", pa.string(), nullable=False),
        pa.field("file", pa.string(), nullable=False),
        pa.field("row_number", pa.int64()),
        pa.field("column_name", pa.string()),
        pa.field("value", pa.string()),
        pa.field("reason", pa.string(), nullable=False),
        pa.field("action", pa.string(), nullable=False),
    ]
)

LONGEST_VALUE: Final = 80
_READ_AHEAD: Final = 400
_BATCH_ROWS: Final = 100_000

_EMAIL: Final = re.compile(r"[^\s@<>,;:\"'()]+@[^\s@<>,;:\"'()]+\.[^\s@<>,;:\"'().]{2,}")
_PHONE: Final = re.compile(
    r"(?<![0-9])(?:\+?[0-9]{1,3}[ .-]?)?(?:\([0-9]{3}\) ?|[0-9]{3}[ .-])[0-9]{3}[ .-]?[0-9]{4}(?![0-9])"
)
_INTERNATIONAL: Final = re.compile(r"\+[0-9](?:[ .()-]*[0-9]){6,14}")
_LOCAL: Final = re.compile(r"(?<![0-9.-])[0-9]{3}[ -][0-9]{4}(?![0-9])")
_BARE_PHONE: Final = re.compile(r"(?<![0-9])1?[0-9]{10}(?![0-9])")
_TOKEN: Final = re.compile(r"(?=[A-Za-z0-9_\-+/=]*[0-9])(?=[A-Za-z0-9_\-+/=]*[A-Za-z])[A-Za-z0-9_\-+/=]{24,}")


def redact(value: str, *, may_hold_phone: bool = True) -> str:
    """Return at most 80 characters of a value, with e-mail addresses, phone numbers and probable tokens masked.

    Ten bare digits count as a phone number only with `may_hold_phone`, not in columns of ids and amounts.
    """
    text = value[:_READ_AHEAD]
    text = _EMAIL.sub("***@***", text)
    for pattern in (_PHONE, _INTERNATIONAL, _LOCAL, *((_BARE_PHONE,) if may_hold_phone else ())):
        text = pattern.sub(_mask_digits, text)
    text = _TOKEN.sub("***", text)
    text = text.replace("\0", "\\0")
    return text if len(text) <= LONGEST_VALUE else text[: LONGEST_VALUE - 1] + "…"


def _mask_digits(found: re.Match[str]) -> str:
    return re.sub(r"[0-9]", "*", found[0])


class RejectsWriter:
    """Writes a part's rejects to a Parquet file, with a limited number of them in memory.

    It is a context manager; the file is complete on exit.
    """

    def __init__(self, path: Path, table: SourceTable, forgotten: Forgotten = NOBODY) -> None:
        self._path = path
        self._forgotten = forgotten
        self._table = table
        self._writer: pq.ParquetWriter | None = None
        self._held: list[pa.Table] = []
        self.rows_dropped = 0
        self.cells = 0

    def __enter__(self) -> RejectsWriter:
        self._writer = pq.ParquetWriter(self._path, REJECTS_SCHEMA, compression="zstd")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._writer is not None:
            if kind is None:
                self._flush()
            self._writer.close()
            self._writer = None

    @property
    def has_any(self) -> bool:
        """Whether anything was rejected."""
        return bool(self.rows_dropped or self.cells)

    def add(
        self,
        file: str,
        row_numbers: pa.Array,
        column_name: str | None,
        values: pa.Array,
        reasons: pa.Array | str,
        action: str,
    ) -> None:
        """Add one reject per row number of `file`; `values` are already redacted."""
        count = len(row_numbers)
        if count == 0:
            return
        values = self._forgotten.without_people(values)
        for start in range(0, count, _BATCH_ROWS):
            rows = slice(start, min(start + _BATCH_ROWS, count))
            reason = reasons if isinstance(reasons, str) else reasons[rows]
            self._write(file, row_numbers[rows], column_name, values[rows], reason, action)
        if action == ROW_DROPPED:
            self.rows_dropped += count
        else:
            self.cells += count

    def _write(
        self,
        file: str,
        row_numbers: pa.Array,
        column_name: str | None,
        values: pa.Array,
        reasons: pa.Array | str,
        action: str,
    ) -> None:
        if self._writer is None:
            raise RuntimeError("the rejects file is closed")
        columns = (self._table.source, self._table.name, file, row_numbers, column_name, values, reasons, action)
        arrays = [_column(column, len(row_numbers)) for column in columns]
        self._held.append(pa.Table.from_arrays(arrays, schema=REJECTS_SCHEMA))
        if sum(table.num_rows for table in self._held) >= _BATCH_ROWS:
            self._flush()

    def _flush(self) -> None:
        if self._writer is not None and self._held:
            self._writer.write_table(pa.concat_tables(self._held))
        self._held.clear()


def _column(value: pa.Array | str | None, count: int) -> pa.Array:
    """Return an array unchanged, or a text repeated for every row."""
    return value if isinstance(value, pa.Array) else pa.repeat(pa.scalar(value, pa.string()), count)


def count_rejects(paths: Sequence[Path]) -> tuple[dict[str, int], dict[str, int]]:
    """Count the nulled cells by column and the dropped rows by reason, largest number first."""
    if not paths:
        return {}, {}
    columns = ["action", "column_name", "reason"]
    table = pa.concat_tables([pq.read_table(path, columns=columns) for path in paths])
    counted = table.group_by(columns).aggregate([([], "count_all")]).to_pylist()
    nulled: Counter[str] = Counter()
    dropped: Counter[str] = Counter()
    for row in counted:
        if row["action"] == ROW_DROPPED:
            dropped[row["reason"]] += row["count_all"]
        elif row["action"] == NULLED:
            nulled[row["column_name"]] += row["count_all"]
    return _largest_first(nulled), _largest_first(dropped)


def _largest_first(counts: Counter[str]) -> dict[str, int]:
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))
