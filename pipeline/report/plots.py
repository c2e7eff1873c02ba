"""The figures of the plots. They are read from the staged files, so they match what is published."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import duckdb

from pipeline.common.scratch_database import numbered_rows, scratch_connection
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
_AT_A_TIME: Final = 100
"""Organizations whose files are read in one pass."""

Rows = list[tuple[Any, ...]]
Plots = tuple[Plot, ...]

_BY_YEAR: Final = "select organization, year, sum(revenue) from export group by all order by all"
_BY_SEGMENT: Final = "select organization, year, segment, count(*) from export group by all"
# without the case, `least` would skip a null and put accounts without a score into the highest bin
_BY_HEALTH: Final = f"""
    select
        organization,
        case
            when health_score is not null
                then cast(greatest(0, least({_BINS - 1}, floor(health_score / {_BIN}))) as integer)
        end,
        health_score_label,
        count(*)
    from export
    group by all
"""
_BY_MONTH: Final = """
    select organization, year(renewal_date) * 12 + month(renewal_date) - 1 as month, count(*)
    from export
    where renewal_date is not null
    group by all
"""


def draw_plots(folders: Mapping[int, Path], plan: RunPlan) -> dict[int, tuple[Plot, ...]]:
    """Read the figures of every plot from the staged files, for many organizations in one query.

    If a file breaks its contract, as in a run that fails its audit, its plot says so, and the other organizations are
    read separately. A drop of 20 customers takes 8 ms of CPU by itself, 1 ms among a hundred (2026-11-29).
    """
    drawn: dict[int, tuple[Plot, ...]] = {}
    with scratch_connection() as connection:
        for first in range(0, len(folders), _AT_A_TIME):
            drawn |= _draw(connection, dict(list(folders.items())[first : first + _AT_A_TIME]), plan)
    return drawn


def _draw(connection: duckdb.DuckDBPyConnection, folders: Mapping[int, Path], plan: RunPlan) -> dict[int, Plots]:
    drawn: dict[int, Plots] = dict.fromkeys(folders, ())
    for empty, questions, draw in _PLOTS:
        try:
            asked = [_rows(connection, export, question, folders) for export, question in questions]
        except (duckdb.Error, OSError):
            if len(folders) > 1:
                return {one: _draw(connection, {one: folder}, plan)[one] for one, folder in folders.items()}
            note = "The staged file breaks its contract, so there is nothing to plot."
            drawn = {one: (*plots, replace(empty, note=note)) for one, plots in drawn.items()}
        else:
            drawn = {one: (*plots, draw([rows.get(one, []) for rows in asked], plan)) for one, plots in drawn.items()}
    return drawn


def _rows(
    connection: duckdb.DuckDBPyConnection, export: str, question: str, folders: Mapping[int, Path]
) -> dict[int, Rows]:
    """Query an export in all staged files, and return the answer by organization, the query's first column."""
    files = [(one, folder / f"{export}.parquet") for one, folder in folders.items()]
    rows = numbered_rows(connection, export, files, "organization")
    found: dict[int, Rows] = {}
    for organization_id, *row in connection.execute(f"with export as ({rows}) {question}").fetchall():
        found.setdefault(organization_id, []).append(tuple(row))
    return found


def _revenue_by_year(asked: Sequence[Rows], plan: RunPlan) -> Plot:
    """Plot the accounts' revenue by year; the selected year is highlighted."""
    (rows,) = asked
    selected = plan.selected_year
    series = (
        Series(f"{selected}, the selected year", "accent", _where(rows, lambda year: year == selected)),
        Series("Other years", "soft", _where(rows, lambda year: year != selected)),
    )
    total = sum((Decimal(revenue) for _, revenue in rows), Decimal(0))
    note = f"All years together: ${total:,.2f}." if rows else "No account of this organization has revenue."
    names = tuple(str(year) for year, _ in rows)
    return replace(_REVENUE, categories=names, series=series, note=note)


def _where(rows: Rows, chosen: Callable[[int], bool]) -> tuple[Decimal, ...]:
    return tuple(Decimal(value) if chosen(category) else Decimal(0) for category, value in rows)


def _segments_by_year(asked: Sequence[Rows], _plan: RunPlan) -> Plot:
    """Plot the number of accounts in each segment by year."""
    counts = {(year, segment): count for year, segment, count in asked[0]}
    years = sorted({year for year, _ in counts})
    series = tuple(
        Series(f"Segment {segment}", f"segment-{segment.lower()}", _counts(counts, years, segment))
        for segment in SEGMENTS
    )
    note = "Accounts with revenue in the year." if years else "No account of this organization has a segment."
    names = tuple(str(year) for year in years)
    return replace(_SEGMENTS, categories=names, series=series, note=note)


def _health_distribution(asked: Sequence[Rows], _plan: RunPlan) -> Plot:
    """Plot the accounts by health score, in steps of ten, and label."""
    found = {(step, label): count for step, label, count in asked[0]}
    unscored = sum(count for (step, _), count in found.items() if step is None)
    total = sum(found.values())
    steps = list(range(_BINS)) if total > unscored else []
    names = tuple(f"{step * _BIN}–{step * _BIN + _BIN}" for step in steps)
    series = tuple(Series(label, f"health-{label.lower()}", _counts(found, steps, label)) for label in LABELS)
    note = f"{unscored:,} of {total:,} accounts have no score." if total else "There are no accounts."
    return replace(_HEALTH, categories=names, series=series, note=note)


def _renewals_by_month(asked: Sequence[Rows], plan: RunPlan) -> Plot:
    """Plot the renewal dates of accounts, and the contracts at risk, in the next twelve months."""
    as_of = plan.as_of
    first = as_of.year * 12 + as_of.month - 1
    months = list(range(first, first + _MONTHS))
    due: dict[int, int] = dict(asked[0])
    at_risk: dict[int, int] = dict(asked[1])
    names = tuple(f"{_MONTH_NAMES[month % 12]} {month // 12 % 100:02d}" for month in months)
    series = (
        Series("Renewal dates", "accent", tuple(Decimal(due.get(month, 0)) for month in months)),
        Series("Contracts at risk", "attention", tuple(Decimal(at_risk.get(month, 0)) for month in months)),
    )
    passed = _in_months(due, lambda month: month < first)
    later = _in_months(due, lambda month: month >= first + _MONTHS)
    month_name = date(as_of.year, as_of.month, 1).strftime("%B %Y")
    note = f"{passed:,} renewal dates are before {month_name}, {later:,} after these twelve months."
    return replace(_RENEWALS, categories=names, series=series, note=note)


def _counts(found: dict[tuple[Any, Any], int], categories: list[int], name: str) -> tuple[Decimal, ...]:
    return tuple(Decimal(found.get((category, name), 0)) for category in categories)


def _in_months(counts: dict[int, int], chosen: Callable[[int], bool]) -> int:
    return sum(count for month, count in counts.items() if chosen(month))


_PLOTS: Final[Sequence[tuple[Plot, Sequence[tuple[str, str]], Callable[[Sequence[Rows], RunPlan], Plot]]]] = (
    (_REVENUE, (("account_revenue_by_year", _BY_YEAR),), _revenue_by_year),
    (_SEGMENTS, (("account_revenue_by_year", _BY_SEGMENT),), _segments_by_year),
    (_HEALTH, (("account_core", _BY_HEALTH),), _health_distribution),
    (_RENEWALS, (("account_core", _BY_MONTH), ("at_risk_accounts", _BY_MONTH)), _renewals_by_month),
)
"""Each plot without figures, the exports and queries that it needs, and the function that fills it."""
