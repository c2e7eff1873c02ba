"""The figures that the drift guard compares between two drops of one organization, read from their Parquet files.

This module only measures, and only returns sums and counts; `drift_guard.py` judges them.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Final

import duckdb
import pyarrow.parquet as pq

from pipeline.common.null_counts import NullCounts, count_nulls
from pipeline.common.scratch_database import create_view, scratch_connection

_READ = {
    "account_core": "null::bigint as account_id, null::varchar as health_score_label",
    "account_revenue_by_year": "null::varchar as account_id, null::integer as year, null::decimal(18, 2) as revenue, "
    "null::varchar as segment",
    "accounts": "null::varchar as id",
    "at_risk_accounts": "null::date as renewal_date, null::decimal(18, 2) as estimate_value",
    "estimates": "null::varchar as account_id, null::boolean as is_won, null::decimal(18, 2) as price_used",
}
"""The exports behind the figures, each with the columns of an empty view for a drop that lacks the export."""


@dataclass(frozen=True)
class DropFiles:
    """A drop's local Parquet files by export, with its `as_of` and selected year."""

    parquet: Mapping[str, Path]
    as_of: datetime
    selected_year: int


@dataclass(frozen=True)
class Pair:
    """A figure before and now."""

    before: Decimal
    now: Decimal

    @property
    def change(self) -> Decimal:
        """The change in percent of the figure before; 100 if that was 0."""
        if self.before == 0:
            return Decimal(100) if self.now > 0 else Decimal(0)
        return (self.now - self.before) * 100 / abs(self.before)


@dataclass(frozen=True)
class Moved:
    """How many accounts were compared, and how many of them changed."""

    accounts: int
    moved: int


@dataclass(frozen=True)
class Drift:
    """What changed between two drops of one organization. Money is in US dollars."""

    rows: Mapping[str, tuple[int, int]]
    nulls: Mapping[str, tuple[NullCounts, NullCounts]]
    kept_accounts: Moved
    linked_share: Pair | None
    closed_years_moved: Decimal | None
    """The sum of all closed years' absolute changes, as a percentage of their revenue before."""
    closed_years_of_known: Decimal | None
    """The same for accounts of the last drop only, because a new account may add revenue of past years."""
    current_revenue: Pair
    current_accounts: int
    at_risk_accounts: Pair
    at_risk_value: Pair
    segments: Moved
    health_labels: Moved
    is_of_one_year: bool = True
    """Whether both drops have the same selected year."""
    other_year: int | None = None
    """The selected year, if it is neither that of the drop before nor that of `as_of`."""


def measure_drift(now: DropFiles, before: DropFiles) -> Drift:
    """Compare two drops. An export that one of them lacks counts as empty there."""
    rows = {name: (_rows(before.parquet.get(name)), _rows(path)) for name, path in now.parquet.items()}
    year, today = now.selected_year, now.as_of.date()
    with closing(scratch_connection()) as connection:
        drops = _open(connection, now, before)
        return Drift(
            rows=rows,
            nulls=_null_pairs(now, before),
            kept_accounts=drops.moved("account_core", _KEPT),
            linked_share=_linked_share(drops),
            closed_years_moved=_closed_years(drops, min(year, before.selected_year), "true"),
            closed_years_of_known=_closed_years(drops, min(year, before.selected_year), _IS_KNOWN),
            current_revenue=drops.pair("account_revenue_by_year", _REVENUE.format(year=year)),
            current_accounts=drops.moved("account_revenue_by_year", _ACCOUNTS.format(year=year)).accounts,
            at_risk_accounts=drops.pair("at_risk_accounts", _AT_RISK.format(figure="count(*)", today=today)),
            at_risk_value=drops.pair(
                "at_risk_accounts", _AT_RISK.format(figure="coalesce(sum(estimate_value), 0)", today=today)
            ),
            segments=drops.moved("accounts", _SEGMENTS.format(year=before.selected_year)),
            health_labels=drops.moved("account_core", _HEALTH_LABELS),
            is_of_one_year=year == before.selected_year,
            other_year=None if year in (before.selected_year, now.as_of.year) else year,
        )


@dataclass(frozen=True)
class _Drops:
    """Two drops, opened as the views that the queries read; `with_rows` names the exports with rows in one of them.

    Empty exports are not queried. Only the CRM's organization has rows in most exports, so the figures of any other
    organization take 37 ms of CPU instead of 65 (2026-11-29).
    """

    connection: duckdb.DuckDBPyConnection
    with_rows: frozenset[str]

    def row(self, export: str, query: str) -> tuple[Decimal | None, Decimal | None]:
        """Query two figures of an export; both are None if it is empty."""
        if export not in self.with_rows:
            return None, None
        (found,) = self.connection.execute(query).fetchall()
        one, other = (None if value is None else Decimal(value) for value in found)
        return one, other

    def pair(self, export: str, query: str) -> Pair:
        """Query a figure before and now."""
        before, now = self.row(export, query)
        return Pair(before or Decimal(0), now or Decimal(0))

    def moved(self, export: str, query: str) -> Moved:
        """Query how many accounts there are, and how many of them changed."""
        accounts, moved = self.row(export, query)
        return Moved(int(accounts or 0), int(moved or 0))


def _open(connection: duckdb.DuckDBPyConnection, now: DropFiles, before: DropFiles) -> _Drops:
    with_rows = frozenset(name for name in _READ if _rows(now.parquet.get(name)) or _rows(before.parquet.get(name)))
    for name, columns in _READ.items():
        for drop, files, other in (("now", now, before), ("before", before, now)):
            connection.execute(f"create or replace temp view {drop}_{name} as select {columns} limit 0")
            if name in with_rows:
                create_view(connection, f"{drop}_{name}", files.parquet.get(name), other.parquet.get(name))
    return _Drops(connection, with_rows)


_KEPT = """
    select count(*), count(*) filter (where not exists (
        select 1 from now_account_core where now_account_core.account_id = before_account_core.account_id
    ))
    from before_account_core
"""
_REVENUE = """
    select
        (select coalesce(sum(revenue), 0) from before_account_revenue_by_year where year = {year}),
        (select coalesce(sum(revenue), 0) from now_account_revenue_by_year where year = {year})
"""
_ACCOUNTS = "select count(*), 0 from before_account_revenue_by_year where year = {year}"
# contracts that have ended leave the list in any case
_AT_RISK = """
    select
        (select {figure} from before_at_risk_accounts where renewal_date >= date '{today}'),
        (select {figure} from now_at_risk_accounts)
"""
# without revenue in the year, the segment is C (D12)
_SEGMENTS = """
    select count(*), count(*) filter (where coalesce(now.segment, 'C') <> coalesce(before.segment, 'C'))
    from before_accounts
    inner join now_accounts using (id)
    left join (select * from before_account_revenue_by_year where year = {year}) as before
        on before.account_id = id
    left join (select * from now_account_revenue_by_year where year = {year}) as now
        on now.account_id = id
"""
_HEALTH_LABELS = """
    select count(*), count(*) filter (where now.health_score_label is distinct from before.health_score_label)
    from before_account_core as before
    inner join now_account_core as now using (account_id)
"""
LINKED: Final = "sum(price_used) filter (where is_won and account_id is not null)"
WON: Final = "sum(price_used) filter (where is_won)"
"""SQL of the won money of estimates. LINKED is the part of it that is linked to an account."""
_CLOSED_YEARS = """
    select sum(abs(coalesce(now.revenue, 0) - coalesce(before.revenue, 0))), sum(abs(before.revenue))
    from (select year, sum(revenue) as revenue from before_account_revenue_by_year where year < {year} group by year)
        as before
    full join (
        select year, sum(revenue) as revenue
        from now_account_revenue_by_year
        where year < {year} and {which}
        group by year
    ) as now using (year)
"""
_IS_KNOWN = "(account_id in (select id from before_accounts) or not exists (select 1 from before_accounts))"


def linked_share(linked: Decimal | None, won: Decimal | None) -> Decimal | None:
    """Return the linked share of won money in percent; None without won money."""
    return None if not won or won <= 0 else (linked or Decimal(0)) * 100 / won


def _linked_share(drops: _Drops) -> Pair | None:
    """Return the linked share before and now; None without won money now."""
    shares = []
    for drop in ("before", "now"):
        shares.append(linked_share(*drops.row("estimates", f"select {LINKED}, {WON} from {drop}_estimates")))
    before, now = shares
    return None if now is None else Pair(now if before is None else before, now)


def _closed_years(drops: _Drops, year: int, which: str) -> Decimal | None:
    changed, total = drops.row("account_revenue_by_year", _CLOSED_YEARS.format(year=year, which=which))
    return None if not total else (changed or Decimal(0)) * 100 / total


def _rows(path: Path | None) -> int:
    return 0 if path is None else int(pq.read_metadata(path).num_rows)


def _null_pairs(now: DropFiles, before: DropFiles) -> dict[str, tuple[NullCounts, NullCounts]]:
    """Return the null counts before and now of every export that both drops have, from the files' footers."""
    counted = {name: (_nulls(before.parquet.get(name)), _nulls(path)) for name, path in now.parquet.items()}
    return {name: (was, nulls) for name, (was, nulls) in counted.items() if was is not None and nulls is not None}


def _nulls(path: Path | None) -> NullCounts | None:
    if path is None:
        return None
    with path.open("rb") as file:
        return count_nulls(file)
