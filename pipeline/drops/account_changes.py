"""What happened to each account between two drops of one organization: the table `account_changes`.

Its contract is `account_changes.yml` (contracts). It has a row per account, change and detail; `before` and `after` are
texts in the form of the exact CSV.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Final

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipeline.common.errors import WarehouseError
from pipeline.common.row_runs import places_by_value
from pipeline.common.scratch_database import numbered_rows, read_parquet, scratch_connection
from pipeline.contracts.changes import account_changes_contract
from pipeline.guards.drop_figures import DropFiles

LEAST_SCORE_CHANGE: Final = 10
"""The smallest change of health_score, in points, that is listed."""
LEAST_REVENUE_PERCENT: Final = 25
"""The smallest change of revenue, in percent of the revenue before, that is listed."""

UNKNOWN: Final = "unknown"
"""The detail of an account that is no longer at risk for an unknown reason."""

OUTCOMES: Final = pa.schema([("estimate_id", pa.string()), ("outcome", pa.string())])
"""The outcome of each estimate (the mart `renewal_outcomes`); an estimate that is not in it is lost."""

_AT_A_TIME: Final = 100
"""Pairs that are compared in one query, which bounds the rows in memory."""
_DROPS: Final = pa.schema(
    [
        ("drop_number", pa.int64()),
        ("organization_id", pa.int64()),
        ("as_of", pa.timestamp("us", "UTC")),
        ("previous_as_of", pa.timestamp("us", "UTC")),
        ("segment_year", pa.int32()),
    ]
)


@dataclass(frozen=True)
class DropPair:
    """Two drops of one organization."""

    organization_id: int
    now: DropFiles
    before: DropFiles


def account_changes(
    organization_id: int, now: DropFiles, before: DropFiles, outcomes: pa.Table | None = None
) -> pa.Table:
    """Return the changes of every account in the contract's columns, sorted by its key.

    Without `outcomes`, the reason why an account is no longer at risk is `UNKNOWN`.
    """
    (found,) = changes_of_all([DropPair(organization_id, now, before)], outcomes)
    return found


def changes_of_all(pairs: Iterable[DropPair], outcomes: pa.Table | None = None) -> Iterator[pa.Table]:
    """Yield the `account_changes` of each pair, with one query for many pairs.

    A pair of 20 customers took 80 ms of CPU by itself, and 14 among a hundred (2026-11-30).
    """
    for _, group in groupby(pairs, _shapes):
        alike = list(group)
        for first in range(0, len(alike), _AT_A_TIME):
            yield from _changes_of(alike[first : first + _AT_A_TIME], outcomes)


def _shapes(pair: DropPair) -> list[pa.Schema | None]:
    """Return the schemas of the earlier drop, which an earlier version of the program may have written."""
    paths = [pair.before.parquet.get(name) for name in READ]
    return [None if path is None else pq.read_schema(path) for path in paths]


def _changes_of(pairs: Sequence[DropPair], outcomes: pa.Table | None) -> Iterator[pa.Table]:
    """Yield the changes of pairs whose files have the same columns."""
    parameters = {
        "least_points": LEAST_SCORE_CHANGE,
        "least_percent": LEAST_REVENUE_PERCENT,
        "is_outcome_known": outcomes is not None,
        "unknown": UNKNOWN,
    }
    with closing(scratch_connection()) as connection:
        for name in READ:
            now = [pair.now.parquet.get(name) for pair in pairs]
            before = [pair.before.parquet.get(name) for pair in pairs]
            _open(connection, f"now_{name}", now, before)
            _open(connection, f"before_{name}", before, now)
        connection.register("drops", _described(pairs))
        connection.register("outcomes", OUTCOMES.empty_table() if outcomes is None else outcomes)
        found = connection.sql(_SQL.read_text(encoding="utf-8"), params=parameters).to_arrow_table()
    places, own = places_by_value(found["drop_number"]), found.drop_columns("drop_number")
    rows = own.cast(account_changes_contract().arrow_schema)
    for number in range(len(pairs)):
        first, end = places.get(number, (0, 0))
        yield rows.slice(first, end - first)


def _open(
    connection: duckdb.DuckDBPyConnection, name: str, paths: Sequence[Path | None], shapes: Sequence[Path | None]
) -> None:
    """Open an export of each drop as one view; if none has it, an empty view with the columns of other files."""
    files = [(number, path) for number, path in enumerate(paths) if path is not None]
    if len(files) > 1:
        rows = numbered_rows(connection, name, files, "drop_number")
    elif files:
        rows = f"select *, {files[0][0]}::bigint as drop_number from {read_parquet([files[0][1]])}"
    else:
        rows = f"select *, 0::bigint as drop_number from {read_parquet([path for path in shapes if path][:1])} limit 0"
    connection.execute(f"create or replace temp view {name} as {rows}")


def _described(pairs: Sequence[DropPair]) -> pa.Table:
    """Return the organization, the instants and the year of each pair."""
    rows = [
        {
            "drop_number": number,
            "organization_id": pair.organization_id,
            "as_of": pair.now.as_of,
            "previous_as_of": pair.before.as_of,
            "segment_year": pair.before.selected_year,
        }
        for number, pair in enumerate(pairs)
    ]
    return pa.Table.from_pylist(rows, _DROPS)


def require_contract(table: pa.Table, organization_id: int) -> None:
    """Raise WarehouseError if a table of changes breaks its contract: a null, a change or a repeated key."""
    contract = account_changes_contract()
    faults = []
    for column in contract.columns:
        values = table[column.name]
        if values.null_count and not column.nullable:
            faults.append(f"{column.name} is null in {values.null_count:,} rows")
        if column.allowed and (strange := set(pc.unique(values).to_pylist()) - {*column.allowed, None}):
            faults.append(f"{column.name} is {', '.join(sorted(strange))}")
    keys = table.group_by(list(contract.primary_key)).aggregate([])
    if keys.num_rows < table.num_rows:
        faults.append(f"{table.num_rows - keys.num_rows:,} rows repeat another one's {', '.join(contract.primary_key)}")
    if faults:
        raise WarehouseError(
            f"breaks its contract: {'; '.join(faults)}",
            where=f"organization {organization_id}, {contract.name}",
            remedy="nothing was published, the last drops stay; keep the sources, the program is at fault",
        )


READ: Final = ("account_core", "account_revenue_by_year", "accounts", "at_risk_accounts")
_SQL: Final = Path(__file__).with_suffix(".sql")
