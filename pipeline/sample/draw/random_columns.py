"""Makes Arrow columns with the source tables' types from numpy numbers, without a loop over rows."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

Integers = NDArray[np.int64]
Numbers = NDArray[np.float64]
Flags = NDArray[np.bool_]


def pick(values: Sequence[Any], choice: Integers, absent: Flags | None = None) -> pa.Array:
    """Return `values[choice]`, null where `absent`."""
    return pa.array(values).take(pa.array(choice, mask=absent))


def choose(random: np.random.Generator, weights: Sequence[float], size: int) -> Integers:
    """Return `size` random positions in `weights`, each with a frequency in proportion to its weight."""
    bounds = np.cumsum(np.asarray(weights, dtype=np.float64))
    found = np.searchsorted(bounds / bounds[-1], random.random(size), side="right")
    return np.minimum(found, len(weights) - 1).astype(np.int64)


def money(cents: Integers, absent: Flags | None = None) -> pa.Array:
    """Return numeric(12,2) from whole cents."""
    whole = pa.array(cents, mask=absent).cast(pa.decimal128(19, 0))
    return pc.multiply(whole, pa.scalar(Decimal("0.01"), pa.decimal128(3, 2))).cast(pa.decimal128(12, 2))


def days(since_1970: Integers, absent: Flags | None = None) -> pa.Array:
    """Return dates from day numbers."""
    return pa.array(since_1970.astype(np.int32), mask=absent).cast(pa.date32())


def instants(micros: Integers, absent: Flags | None = None) -> pa.Array:
    """Return timestamps from microseconds since 1970, UTC."""
    return pa.array(micros, mask=absent).cast(pa.timestamp("us"))


def day_number(day: date) -> int:
    """Return the days from 1970-01-01 to `day`."""
    return (day - EPOCH.date()).days


def micros(instant: datetime) -> int:
    """Return the microseconds from 1970 to `instant`."""
    since = instant - EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def rows(schema: pa.Schema, made: Sequence[dict[str, Any]]) -> pa.Table:
    """Return a table of hand-made rows: a missing column is null, an unknown one raises KeyError."""
    for row in made:
        unknown = set(row) - set(schema.names)
        if unknown:
            raise KeyError(f"no such columns: {sorted(unknown)}")
    # all columns may be null here, because some traps lack a required value
    loose = pa.schema([field.with_nullable(True) for field in schema])
    return pa.table({name: [row.get(name) for row in made] for name in schema.names}, schema=loose)
