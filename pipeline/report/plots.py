"""The figures of the plots, read from the staged files: what is plotted is what is published."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.common.scratch_database import read_parquet, scratch_connection
from pipeline.report.facts import Plot, Series
from pipeline.run_plan import RunPlan

SEGMENTS: Final = ("A", "B", "C", "D")
LABELS: Final = ("Red", "Yellow", "Green")
_BIN: Final = 10
_BINS: Final = 10
_MONTHS: Final = 12
_MONTH_NAMES: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

_REVENUE: Final = Plot("revenue", "Revenue by year", "US dollars", (), (), is_stacked=True)
_SEGMENTS: Final = Plot("segments", "Segments by year", "accounts", (), (), is_stacked=True)
_HEALTH: Final = Plot("health", "Health of the accounts", "accounts", (), (), is_stacked=True)
_RENEWALS: Final = Plot("renewals", "Renewals by month", "accounts", (), ())


def draw_plots(folder: Path, plan: RunPlan) -> tuple[Plot, ...]:
    """Read the figures of every plot from an organization's staged files.

    A file that is not what its contract says, as in a run that fails its audit, gives a plot that says so.
    """
    plots: list[tuple[Plot, Callable[[Reader], Plot]]] = [
        (_REVENUE, lambda read: revenue_by_year(read, plan.selected_year)),
        (_SEGMENTS, segments_by_year),
        (_HEALTH, health_distribution),
        (_RENEWALS, lambda read: renewals_by_month(read, plan.as_of)),
    ]
    with scratch_connection() as connection:
        reader = Reader(connection, folder)
        drawn = []
        for empty, draw in plots:
            try:
                drawn.append(draw(reader))
            except (duckdb.Error, pa.ArrowException, OSError):
                note = "The staged file is not what its contract says, so there is nothing to plot."
                drawn.append(replace(empty, note=note))
        return tuple(drawn)


class Reader:
    """Asks questions of the staged Parquet files."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, folder: Path) -> None:
        self._connection = connection
        self._folder = folder

    def rows(self, export: str, question: str, **parameters: Any) -> list[tuple[Any, ...]]:
        """Answer `question`, a query on `export` that gives no rows where that has none."""
        file = self._folder / f"{export}.parquet"
        if not pq.read_metadata(file).num_rows:
            return []
        source = f"with export as (select * from {read_parquet([file])}) {question}"
        return self._connection.execute(source, parameters).fetchall()


def revenue_by_year(read: Reader, selected_year: int) -> Plot:
    """Sum the accounts' revenue by year; the selected year stands out."""
    rows = read.rows("account_revenue_by_year", "select year, sum(revenue) from export group by year order by year")
    series = (
        Series(f"{selected_year}, the selected year", "accent", _where(rows, lambda year: year == selected_year)),
        Series("Other years", "soft", _where(rows, lambda year: year != selected_year)),
    )
    total = sum((Decimal(revenue) for _, revenue in rows), Decimal(0))
    note = f"All years together: ${total:,.2f}." if rows else "No account of this organization has revenue."
    names = tuple(str(year) for year, _ in rows)
    return replace(_REVENUE, categories=names, series=series, note=note)


def _where(rows: list[tuple[Any, ...]], chosen: Callable[[int], bool]) -> tuple[Decimal, ...]:
    return tuple(Decimal(value) if chosen(category) else Decimal(0) for category, value in rows)


def segments_by_year(read: Reader) -> Plot:
    """Count the accounts of each segment by year."""
    question = "select year, segment, count(*) from export group by year, segment"
    counts = {(year, segment): count for year, segment, count in read.rows("account_revenue_by_year", question)}
    years = sorted({year for year, _ in counts})
    series = tuple(
        Series(f"Segment {segment}", f"segment-{segment.lower()}", _counts(counts, years, segment))
        for segment in SEGMENTS
    )
    note = "Accounts with revenue in the year." if years else "No account of this organization has a segment."
    names = tuple(str(year) for year in years)
    return replace(_SEGMENTS, categories=names, series=series, note=note)


def health_distribution(read: Reader) -> Plot:
    """Count the accounts by health score, in steps of ten, and label."""
    question = f"""
        select
            case
                when health_score is not null
                    then cast(greatest(0, least({_BINS - 1}, floor(health_score / {_BIN}))) as integer)
            end,
            health_score_label,
            count(*)
        from export
        group by all
    """  # without the case, `least` would pass over a null and make a missing score the best
    found = {(step, label): count for step, label, count in read.rows("account_core", question)}
    unscored = sum(count for (step, _), count in found.items() if step is None)
    total = sum(found.values())
    steps = list(range(_BINS)) if total > unscored else []
    names = tuple(f"{step * _BIN}–{step * _BIN + _BIN}" for step in steps)
    series = tuple(Series(label, f"health-{label.lower()}", _counts(found, steps, label)) for label in LABELS)
    note = f"{unscored:,} of {total:,} accounts have no score." if total else "There are no accounts."
    return replace(_HEALTH, categories=names, series=series, note=note)


def renewals_by_month(read: Reader, as_of: datetime) -> Plot:
    """Count, for the next twelve months, renewal dates of accounts and contracts at risk."""
    first = as_of.year * 12 + as_of.month - 1
    months = list(range(first, first + _MONTHS))
    question = (
        "select year(renewal_date) * 12 + month(renewal_date) - 1 as month, count(*) from export "
        "where renewal_date is not null group by month"
    )
    due = dict(read.rows("account_core", question))
    at_risk = dict(read.rows("at_risk_accounts", question))
    names = tuple(f"{_MONTH_NAMES[month % 12]} {month // 12 % 100:02d}" for month in months)
    series = (
        Series("Renewal dates", "accent", tuple(Decimal(due.get(month, 0)) for month in months)),
        Series("Contracts at risk", "attention", tuple(Decimal(at_risk.get(month, 0)) for month in months)),
    )
    passed = _in_months(due, lambda month: month < first)
    later = _in_months(due, lambda month: month >= first + _MONTHS)
    month_name = date(as_of.year, as_of.month, 1).strftime("%B %Y")
    note = f"{passed:,} renewal dates lie before {month_name}, {later:,} after these twelve months."
    return replace(_RENEWALS, categories=names, series=series, note=note)


def _counts(found: dict[tuple[Any, Any], int], categories: list[int], name: str) -> tuple[Decimal, ...]:
    return tuple(Decimal(found.get((category, name), 0)) for category in categories)


def _in_months(counts: dict[int, int], chosen: Callable[[int], bool]) -> int:
    return sum(count for month, count in counts.items() if chosen(month))
