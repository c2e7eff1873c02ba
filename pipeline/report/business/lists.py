"""The lists of the business page: their columns, and the SQL that reads them from the drop's files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

import duckdb

from pipeline.paths import PROJECT_ROOT
from pipeline.report.business.sources import BusinessSources, open_views, utc_connection

MOST_ROWS: Final = 1000
"""How many rows of a list the page shows; the CSV file has all."""

Kind = Literal["text", "money", "number", "year", "date", "account"]

_OWN: Final = Path(__file__).parent / "lists"
_QUESTIONS: Final = PROJECT_ROOT / "queries"


@dataclass(frozen=True)
class Column:
    """One column of a list. If it `filters`, the page offers its values for filtering the list."""

    name: str
    title: str
    kind: Kind = "text"
    filters: bool = False


@dataclass(frozen=True)
class ListSpec:
    """A list: its heading, its SQL, the tables that it needs, and the drop's file with the rows behind it.

    The list is empty if the first table in `needs` is empty.
    """

    id: str
    title: str
    lead: str
    sql: Path
    needs: tuple[str, ...]
    file: str
    columns: tuple[Column, ...]
    of_all: bool = False
    """Whether the SQL returns each row's organization, so that one query serves many drops."""

    def is_of(self, drop: BusinessSources) -> bool:
        """Return whether a drop has every table that the list needs."""
        return drop.rows.keys() >= {*self.needs}


@dataclass(frozen=True)
class ShownList:
    """A list with its first rows, and the total number of rows. `accounts` has each row's account, or None."""

    spec: ListSpec
    rows: tuple[tuple[Any, ...], ...]
    accounts: tuple[int | None, ...]
    total: int


Answer = tuple[list[str], list[tuple[Any, ...]]]
"""The names of a query's columns, and its rows."""

_NAME: Final = Column("name", "Account", "account")

LISTS: Final = (
    ListSpec(
        "at-risk",
        "At risk",
        "Accounts whose contract ends within the days of the at-risk rule without a renewal.",
        _OWN / "at_risk.sql",
        ("at_risk_accounts", "estimates", "accounts", "account_keys"),
        "at_risk_accounts.csv",
        (
            _NAME,
            Column("contract_ends", "Contract ends", "date"),
            Column("in_days", "In days", "number"),
            Column("value", "Value", "money"),
            Column("year_revenue", "Year's revenue", "money"),
            Column("segment", "Segment", filters=True),
            Column("salesperson", "Owner", filters=True),
            Column("division", "Division", filters=True),
            Column("reason", "Reason"),
            Column("last_touch", "Last touch", "date"),
        ),
    ),
    ListSpec(
        "renewals",
        "Renewals by month",
        "The renewal dates of account_core from this month on, with the revenue of all accounts and of red ones.",
        _OWN / "renewals.sql",
        ("account_core",),
        "account_core.csv",
        (
            Column("month", "Month"),
            Column("accounts", "Accounts", "number"),
            Column("revenue", "Revenue", "money"),
            Column("red", "Red accounts", "number"),
            Column("red_revenue", "Their revenue", "money"),
        ),
        of_all=True,
    ),
    ListSpec(
        "red",
        "Red and untouched",
        "Red accounts with which nobody has had a message, comment or meeting for 30 days.",
        _QUESTIONS / "red_untouched.sql",
        ("account_core", "account_keys"),
        "account_core.csv",
        (
            Column("account_name", "Account", "account"),
            Column("health_score", "Health", "number"),
            Column("revenue", "Revenue", "money"),
            Column("last_touch", "Last touch", "date"),
            Column("days_since_touch", "Days since", "number"),
            Column("renewal_date", "Renewal", "date"),
            Column("status", "Status", filters=True),
        ),
        of_all=True,
    ),
    ListSpec(
        "neglected",
        "Neglected",
        "Accounts without an interaction for longer than their segment allows.",
        _OWN / "neglected.sql",
        ("neglected_accounts", "account_keys"),
        "neglected_accounts.csv",
        (
            _NAME,
            Column("days", "Days since", "number"),
            Column("allowed", "Days allowed", "number"),
            Column("segment", "Segment", filters=True),
        ),
    ),
    ListSpec(
        "moved",
        "Changes since the last drop",
        "Health, segment, renewal, owner, status and risk, before and now.",
        _OWN / "moved.sql",
        ("account_changes", "account_core"),
        "changes/account_changes.csv",
        (
            _NAME,
            Column("change", "What", filters=True),
            Column("before", "Before"),
            Column("after", "Now"),
            Column("detail", "Detail"),
        ),
        of_all=True,
    ),
    ListSpec(
        "divisions",
        "Revenue at risk by division and salesperson",
        "The contracts of the at-risk list, by division and salesperson.",
        _QUESTIONS / "revenue_at_risk.sql",
        ("at_risk_accounts", "estimates"),
        "at_risk_accounts.csv",
        (
            Column("division", "Division", filters=True),
            Column("salesperson", "Salesperson", filters=True),
            Column("accounts", "Accounts", "number"),
            Column("estimate_value", "Value", "money"),
            Column("first_renewal_date", "First ends", "date"),
        ),
    ),
    ListSpec(
        "won",
        "Won and lost",
        "Estimates by division and the month in which they were closed.",
        _QUESTIONS / "won_and_lost.sql",
        ("estimates",),
        "estimates.csv",
        (
            Column("month", "Month", "date"),
            Column("division", "Division", filters=True),
            Column("won", "Won", "number"),
            Column("won_value", "Won value", "money"),
            Column("lost", "Lost", "number"),
            Column("lost_value", "Lost value", "money"),
            Column("win_rate", "Win rate, %", "number"),
        ),
    ),
    ListSpec(
        "win-rates",
        "Win rate by division and salesperson",
        "Estimates that are not archived. Each counts in the year of its contract end, or else its start or date.",
        _OWN / "win_rates.sql",
        ("win_loss",),
        "win_loss.csv",
        (
            Column("year", "Year", "year", filters=True),
            Column("part", "By", filters=True),
            Column("name", "Name"),
            Column("estimates", "Estimates", "number"),
            Column("won", "Won", "number"),
            Column("lost", "Lost", "number"),
            Column("win_rate", "Won of decided, %", "number"),
            Column("won_value", "Won value", "money"),
            Column("won_share", "Of all value, %", "number"),
        ),
    ),
    ListSpec(
        "division-revenue",
        "Revenue by year and division",
        "Won estimates of accounts. A contract counts in equal parts in each of its years, as in accounts' revenue.",
        _OWN / "division_revenue.sql",
        ("division_revenue",),
        "estimates.csv",
        (
            Column("year", "Year", "year", filters=True),
            Column("division", "Division", filters=True),
            Column("contracts", "Contracts", "number"),
            Column("accounts", "Accounts", "number"),
            Column("revenue", "Revenue", "money"),
        ),
    ),
)


def read_lists(connection: duckdb.DuckDBPyConnection, drops: Sequence[BusinessSources]) -> dict[int, list[ShownList]]:
    """Read the lists of each drop, by organization. `connection` is open on all the drops."""
    answers: dict[tuple[int, str], Answer] = {}
    for spec in LISTS:
        if spec.of_all and any(spec.is_of(drop) and drop.rows[spec.needs[0]] for drop in drops):
            answers |= {(one, spec.id): answer for one, answer in _answers_of_all(connection, spec).items()}
    for drop in drops:
        answers |= {(drop.organization_id, one): answer for one, answer in _own_answers(drop).items()}
    return {
        drop.organization_id: [
            _shown(spec, answers.get((drop.organization_id, spec.id))) for spec in LISTS if spec.is_of(drop)
        ]
        for drop in drops
    }


def _answers_of_all(connection: duckdb.DuckDBPyConnection, spec: ListSpec) -> dict[int, Answer]:
    """Query a list for all drops at once, and return the answer by organization."""
    names, rows = _ask(connection, spec)
    place = names.index("organization_id")
    found: dict[int, list[tuple[Any, ...]]] = {}
    for row in rows:
        found.setdefault(row[place], []).append(row)
    return {one: (names, own) for one, own in found.items()}


def _own_answers(drop: BusinessSources) -> dict[str, Answer]:
    """Query the lists that need a query for each drop."""
    asked = [spec for spec in LISTS if not spec.of_all and spec.is_of(drop) and drop.rows[spec.needs[0]]]
    if not asked:
        return {}
    needed = {name for spec in asked for name in spec.needs}
    with utc_connection() as connection:
        open_views(connection, {name: path for name, path in drop.files.items() if name in needed}, drop.marts)
        return {spec.id: _ask(connection, spec) for spec in asked}


def _ask(connection: duckdb.DuckDBPyConnection, spec: ListSpec) -> Answer:
    cursor = connection.execute(spec.sql.read_text(encoding="utf-8"))
    return [name for name, *_ in cursor.description or ()], cursor.fetchall()


def _shown(spec: ListSpec, answer: Answer | None) -> ShownList:
    """Return the first rows of a list, with the account of each."""
    if answer is None:
        return ShownList(spec, (), (), 0)
    names, found = answer
    shown = found[:MOST_ROWS]
    places = [names.index(column.name) for column in spec.columns]
    account = next((names.index(name) for name in ("account", "account_id") if name in names), None)
    has_view = any(column.kind == "account" for column in spec.columns)
    return ShownList(
        spec,
        tuple(tuple(row[place] for place in places) for row in shown),
        tuple(row[account] if account is not None and has_view else None for row in shown),
        len(found),
    )
