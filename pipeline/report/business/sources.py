"""The data behind business pages, opened for queries on one drop or on many drops together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Final

import duckdb
import pyarrow as pa

from pipeline.common.scratch_database import numbered_rows, quoted, scratch_connection, utc_columns, utc_rows
from pipeline.report.facts import Plot

CORE: Final = "account_core"
KEYS: Final = "account_keys"
CHANGES: Final = "account_changes"
HEALTH: Final = ("organization_id", "account_id", "score", "part", "position", "contribution")
"""The columns of the mart account_health that the page reads."""
MARTS: Final[Mapping[str, Sequence[str]]] = {
    "account_health": HEALTH,
    "division_revenue": ("organization_id", "year", "division", "contracts", "accounts", "revenue"),
}
"""The marts that the page shows in addition to the drop's exports, with their columns."""


@dataclass(frozen=True)
class EarlierDrop:
    """A retained drop of the organization: its `as_of`, and a local copy of its account_core."""

    as_of: datetime
    account_core: Path


@dataclass(frozen=True)
class Rule:
    """A rule with its id and text. The text is None if the page already shows it above."""

    id: str
    text: str | None


@dataclass(frozen=True)
class BusinessSources:
    """The data behind a page.

    `files` are the drop's Parquet files by export, including `account_changes`; `counts` are their numbers of rows.
    `marts` has the organization's rows of `MARTS`, which are in no drop.
    """

    organization_id: int
    files: Mapping[str, Path]
    counts: Mapping[str, int]
    plots: Sequence[Plot]
    marts: Mapping[str, pa.Table] = field(default_factory=dict)
    earlier: Sequence[EarlierDrop] = ()
    rules: Mapping[str, Sequence[Rule]] = field(default_factory=dict)
    """The rules of account_core's columns, by column."""

    @cached_property
    def rows(self) -> dict[str, int]:
        """The number of rows of each export and each mart."""
        return {**self.counts, **{name: rows.num_rows for name, rows in self.marts.items()}}


@contextmanager
def utc_connection() -> Iterator[duckdb.DuckDBPyConnection]:
    """Yield a connection that returns timestamps in UTC, with its own temporary tables."""
    with closing(scratch_connection()) as connection:
        connection.execute("set timezone = 'UTC'")
        yield connection


def open_views(connection: duckdb.DuckDBPyConnection, files: Mapping[str, Path], marts: Mapping[str, pa.Table]) -> None:
    """Create a view of each mart and of each export's Parquet file, with timestamps in UTC without zone."""
    for name, path in files.items():
        connection.execute(f"create or replace temp view {quoted(name)} as {utc_rows(connection, path)}")
    for name, rows in marts.items():
        connection.register(name, rows)


@contextmanager
def opened_together(drops: Sequence[BusinessSources]) -> Iterator[duckdb.DuckDBPyConnection]:
    """Yield a connection with the exports that are queried for all drops at once, with their `organization_id`."""
    with utc_connection() as connection:
        _open_together(connection, drops)
        yield connection


def _open_together(connection: duckdb.DuckDBPyConnection, drops: Sequence[BusinessSources]) -> None:
    for name in (CORE, KEYS, CHANGES):
        files = [(drop.organization_id, drop.files[name]) for drop in drops if name in drop.files]
        if not files:
            continue
        rows = numbered_rows(connection, name, files, _OWNER)
        columns = utc_columns(connection, rows, without=(_OWNER, "organization_id"))
        kind = (
            "table" if len(files) > 1 else "view"
        )  # of a single drop, which may be large, only the needed rows are read
        select = f"select {_OWNER} as organization_id, {', '.join(columns)} from ({rows})"
        connection.execute(f"create temp {kind} {name} as {select}")


_OWNER: Final = "drop_organization_id"
