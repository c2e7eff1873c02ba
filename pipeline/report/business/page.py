"""Renders the business page, `index.html` of a drop: one file with its own styles and script."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.common.formats import figure, number
from pipeline.common.scratch_database import scratch_connection
from pipeline.report.business.accounts import (
    ACCOUNT_TABLES,
    FIGURES,
    HEALTH,
    SCORE_FIGURES,
    AccountView,
    EarlierDrop,
    read_accounts,
)
from pipeline.report.business.lists import Kind, ShownList, needed_tables, open_views, read_lists
from pipeline.report.charts import HEIGHT, WIDTH, Chart, lay_out
from pipeline.report.facts import Plot
from pipeline.report.page import environment, slim_html
from pipeline.run_plan import RunPlan

PAGE: Final = "index.html"

MARTS: Final[Mapping[str, Sequence[str]]] = {
    "account_health": HEALTH,
    "division_revenue": ("organization_id", "year", "division", "contracts", "accounts", "revenue"),
}
"""The marts that the page shows beside the drop's exports, and which columns of them."""

_MOST_CHOICES: Final = 40
"""Beyond so many values a column is searched, not chosen from."""


@dataclass(frozen=True)
class Rule:
    """A rule by its id, in the words of the document that states it; without them where the page has them above."""

    id: str
    text: str | None


@dataclass(frozen=True)
class BusinessSources:
    """What the page is made from.

    `files` are the drop's Parquet files by export, `account_changes` among them; `marts` has the organization's rows of
    `MARTS`, which no drop holds.
    """

    organization_id: int
    files: Mapping[str, Path]
    plots: Sequence[Plot]
    marts: Mapping[str, pa.Table] = field(default_factory=dict)
    earlier: Sequence[EarlierDrop] = ()
    rules: Mapping[str, Sequence[Rule]] = field(default_factory=dict)
    """The rules of account_core's columns, by column."""


def render_business_page(sources: BusinessSources, plan: RunPlan) -> bytes:
    """Render the page; equal drops with equal ones before them give equal bytes."""
    with scratch_connection() as connection:
        connection.execute("set timezone = 'UTC'")
        tables = {name: pq.read_metadata(path).num_rows for name, path in sources.files.items()}
        tables |= {name: rows.num_rows for name, rows in sources.marts.items()}
        needed = needed_tables(tables) | {*ACCOUNT_TABLES}
        files = {name: path for name, path in sources.files.items() if name in needed}
        open_views(connection, files, sources.marts)
        lists = list(read_lists(connection, tables))
        named = {account for shown in lists for account in shown.accounts if account is not None}
        accounts = read_accounts(connection, named, sources.marts.get("account_health"), sources.earlier, plan.as_of)
        for name in files:
            connection.execute(f'drop view "{name}"')
        for name in sources.marts:
            connection.unregister(name)
    page = (
        environment()
        .get_template("business.html.j2")
        .render(
            organization_id=sources.organization_id,
            as_of=plan.as_of,
            plots=list(zip(sources.plots, _charts(sources.plots), strict=True)),
            chart_width=WIDTH,
            chart_height=HEIGHT,
            lists=lists,
            accounts=accounts,
            with_view={view.account for view in accounts},
            total=tables["account_core"],
            figures=FIGURES,
            ruled=ruled_figures(sources.rules),
            cell=cell,
            choices=choices,
            sparkline=sparkline,
        )
    )
    return slim_html(page).encode()


def _charts(plots: Sequence[Plot]) -> Iterator[Chart | None]:
    for plot in plots:
        yield lay_out(plot) if plot.categories else None


def ruled_figures(rules: Mapping[str, Sequence[Rule]]) -> dict[str, tuple[str, list[Rule]]]:
    """Give the title and the rules of each column that has any; a rule of several figures has its words once."""
    stated: set[str] = set()
    found: dict[str, tuple[str, list[Rule]]] = {}
    for shown in (*SCORE_FIGURES, *FIGURES):
        if shown.column and (own := rules.get(shown.column)):
            found[shown.column] = shown.title, [Rule(one.id, None) if one.id in stated else one for one in own]
            stated |= {one.id for one in own}
    return found


def cell(value: Any, kind: Kind) -> str:
    """Write a value as people read it; nothing where there is none."""
    if value is None:
        return ""
    if kind == "money":
        return f"${value:,.2f}"
    if isinstance(value, datetime):
        return value.date().isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return figure(value)
    if kind == "year":
        return str(value)
    return number(value) if isinstance(value, int) and not isinstance(value, bool) else str(value)


def choices(shown: ShownList, position: int) -> list[str]:
    """List the values that a column is filtered by; none where there are too many."""
    kind = shown.spec.columns[position].kind
    found = sorted({cell(row[position], kind) for row in shown.rows} - {""})
    return found if 1 < len(found) <= _MOST_CHOICES else []


def sparkline(view: AccountView) -> str:
    """Lay an account's health at the kept drops out as the points of a line, 100 wide and 30 high."""
    step = Decimal(100) / max(len(view.trend) - 1, 1)
    return " ".join(
        f"{float(step * at):.1f},{float(30 - value * 3 / 10):.1f}" for at, (_, value) in enumerate(view.trend)
    )
