"""A quick look at the keys of a part: may any repeat, and between which values do each tenant's ids lie.

Nearly all parts repeat none, and then nobody needs to search for the rows that lose. Whole-number keys are tried in
this order: if they rise from row to row, none repeats; if ids lie close together, each sets a byte in an array, and the
set bytes are counted; else keys are mixed into 64-bit numbers and sorted. Equal numbers may be chance, so
`duplicates.py` has the last word.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipeline.ingest.schema import Kind, SourceTable

BATCH_ROWS: Final = 1024 * 1024
MOST_HELD: Final = 16_000_000
"""The keys of larger parts are left to DuckDB, which spills."""
MOST_MARKED: Final = 8
"""The array of marks may have this many places per row."""

_ODD: Final = np.uint64(0x9E3779B97F4A7C15)

Numbers = npt.NDArray[np.int64]
Mixed = npt.NDArray[np.uint64]


class IncompleteKeyError(ValueError):
    """A part of a key is null that every row needs."""


@dataclass
class KeyRanges:
    """Of each tenant the least and the greatest id: parts whose ranges don't meet can't repeat each other's keys."""

    by_tenant: dict[int, tuple[int, int]] = field(default_factory=dict)

    def add(self, tenants: Numbers, ids: Numbers) -> None:
        """Widen the ranges by some rows, one at least; run by run of a tenant's rows, for they often stand together."""
        starts = np.flatnonzero(np.concatenate(([True], tenants[1:] != tenants[:-1])))
        lows, highs = np.minimum.reduceat(ids, starts), np.maximum.reduceat(ids, starts)
        runs = pa.table({"tenant": tenants[starts], "low": lows, "high": highs})
        found = runs.group_by("tenant").aggregate([("low", "min"), ("high", "max")])
        for tenant, low, high in zip(
            *(found[name].to_pylist() for name in ("tenant", "low_min", "high_max")), strict=True
        ):
            known = self.by_tenant.get(tenant, (low, high))
            self.by_tenant[tenant] = min(known[0], low), max(known[1], high)

    @property
    def width(self) -> int:
        """How many keys the ranges have room for."""
        return sum(high - low + 1 for low, high in self.by_tenant.values())

    def meets(self, other: KeyRanges) -> bool:
        """Whether any id could be in both."""
        return any(
            low <= other.by_tenant[tenant][1] and other.by_tenant[tenant][0] <= high
            for tenant, (low, high) in self.by_tenant.items()
            if tenant in other.by_tenant
        )


def has_ranges(table: SourceTable) -> bool:
    """Whether the table's keys are a tenant and whole numbers, and its later rows win simply by being later."""
    kinds = {column.name: column.kind for column in table.columns}
    plain = not (table.unique or table.unique_rows or table.row_numbers or "updated_at" in kinds)
    return plain and len(table.key) > 1 and all(kinds[name] is Kind.ID for name in table.key)


def whole_numbers_of_key(table: SourceTable) -> tuple[str, ...]:
    """The columns of a key of whole numbers: `look_at_keys` reads all of each. None where it has others."""
    kinds = {column.name: column.kind for column in table.columns}
    return table.key if all(kinds[name] is Kind.ID for name in table.key) else ()


def look_at_keys(table: SourceTable, part: Path) -> tuple[bool, KeyRanges | None]:
    """Whether keys of the part may repeat (False: certainly not), and their ranges, if the table has such.

    Raises IncompleteKeyError where a number is null that every row needs.
    """
    ranges = KeyRanges() if has_ranges(table) else None
    looked_at = [(name,) for name in (*table.unique, *table.unique_rows)]
    may_repeat = any(_texts_repeat(part, columns, is_key=False) for columns in looked_at)
    if not table.key:
        return may_repeat, ranges
    key = whole_numbers_of_key(table)
    if not key:
        return may_repeat or _texts_repeat(part, table.key, is_key=True), ranges
    required = {column.name for column in table.columns if column.required}
    return _numbers_repeat(part, key, required, ranges) or may_repeat, ranges


def _numbers_repeat(part: Path, key: Sequence[str], required: Collection[str], ranges: KeyRanges | None) -> bool:
    file = pq.ParquetFile(part)
    is_small = file.metadata.num_rows <= MOST_HELD
    # by the key, or by its last number alone, as where one sequence numbers the rows of all tenants
    orders = [_Order(slice(None)), _Order(slice(-1, None))]
    can_mark = len(key) == 2 and ranges is not None
    held: list[list[Numbers]] = []
    mixed: list[Mixed] = []
    for columns in _key_columns(file, key, required):
        if ranges is not None:
            ranges.add(columns[0], columns[1])
        for order in orders:
            order.go_on(columns)
        if is_small and can_mark:
            held.append(columns)
        elif is_small:
            mixed.append(_mix(columns))
    if any(order.holds for order in orders):
        return False
    if not is_small:
        return True
    if can_mark and ranges is not None and ranges.width <= MOST_MARKED * file.metadata.num_rows:
        return _marks_meet(held, ranges)
    numbers = np.concatenate([*mixed, *(_mix(columns) for columns in held)])
    numbers.sort()
    return bool((numbers[1:] == numbers[:-1]).any())


def _key_columns(file: pq.ParquetFile, key: Sequence[str], required: Collection[str]) -> Iterator[list[Numbers]]:
    """The key columns, batch by batch. A null becomes a number that no one gives: the least there is."""
    for batch in file.iter_batches(batch_size=BATCH_ROWS, columns=list(key)):
        for name in key:
            if name in required and batch[name].null_count:
                raise IncompleteKeyError(name)
        if batch.num_rows:
            yield [pc.fill_null(batch[name], -(2**63)).to_numpy(zero_copy_only=False) for name in key]


def _marks_meet(batches: Sequence[Sequence[Numbers]], ranges: KeyRanges) -> bool:
    """Whether two keys fall on one place, where each marks its own in an array of all keys that there could be."""
    tenants = np.array(sorted(ranges.by_tenant), dtype=np.int64)
    lows = np.array([ranges.by_tenant[tenant][0] for tenant in tenants.tolist()], dtype=np.int64)
    widths = np.array([high - low + 1 for low, high in (ranges.by_tenant[t] for t in tenants.tolist())], dtype=np.int64)
    offsets = np.concatenate(([0], np.cumsum(widths)[:-1])) - lows
    marks = np.zeros(int(widths.sum()), dtype=np.uint8)
    rows = 0
    for tenant, ids in batches:
        marks[ids + offsets[np.searchsorted(tenants, tenant)]] = 1
        rows += len(ids)
    return int(np.count_nonzero(marks)) < rows


@dataclass
class _Order:
    """Whether some columns of a key ascend from row to row: then no key comes twice."""

    of: slice
    holds: bool = True
    last: tuple[int, ...] | None = None

    def go_on(self, key: Sequence[Numbers]) -> None:
        """Look at the rows that come next."""
        if not self.holds:
            return
        columns = key[self.of]
        first, end = tuple(int(c[0]) for c in columns), tuple(int(c[-1]) for c in columns)
        ascending = np.zeros(len(columns[0]) - 1, dtype=bool)
        for column in reversed(columns):
            ascending = (column[1:] > column[:-1]) | ((column[1:] == column[:-1]) & ascending)
        self.holds = (self.last is None or first > self.last) and bool(ascending.all())
        self.last = end


def _mix(columns: Sequence[Numbers]) -> Mixed:
    """One number of 64 bits a key. Equal keys give equal numbers; others hardly ever do."""
    mixed = np.zeros(len(columns[0]), dtype=np.uint64)
    for column in columns:
        mixed = (mixed ^ column.view(np.uint64)) * _ODD
        mixed ^= mixed >> np.uint64(32)
    return mixed


def _texts_repeat(part: Path, columns: Sequence[str], *, is_key: bool) -> bool:
    """Text keys are those of small tables; a large one is left to DuckDB. A null is a value in keys only."""
    file = pq.ParquetFile(part)
    if file.metadata.num_rows > BATCH_ROWS:
        return True
    table = file.read(columns=list(columns))
    if not is_key:
        table = table.filter(pc.is_valid(table[columns[0]]))
    return bool(table.group_by(list(columns)).aggregate([]).num_rows < table.num_rows)


def from_record(told: dict[str, list[int]] | None) -> KeyRanges | None:
    """Ranges as a part's record keeps them."""
    return None if told is None else KeyRanges({int(tenant): (low, high) for tenant, (low, high) in told.items()})


def to_record(ranges: KeyRanges | None) -> dict[str, list[int]] | None:
    """Ranges as JSON can hold them."""
    return None if ranges is None else {str(tenant): list(pair) for tenant, pair in sorted(ranges.by_tenant.items())}
