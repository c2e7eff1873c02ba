"""The lists of the business page: what each shows and whose SQL reads it out of the drop's files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

import duckdb
import pyarrow as pa

from pipeline.common.scratch_database import quoted, utc_rows
from pipeline.paths import PROJECT_ROOT

MOST_ROWS: Final = 1000
"""How many rows of a list the page holds; the CSV beside it has all."""

Kind = Literal["text", "money", "number", "year", "date", "account"]

_OWN: Final = Path(__file__).parent / "lists"
_QUESTIONS: Final = PROJECT_ROOT / "queries"


@dataclass(frozen=True)
class Column:
    """One column of a list; one that `filters` has few values, and people choose among them."""

    name: str
    title: str
    kind: Kind = "text"
    filters: bool = False


@dataclass(frozen=True)
class ListSpec:
    """A list: its heading, its SQL, the tables that it reads, the file that has what it was made from.

    Its rows are made of rows of the first table that it `needs`: where that has none, neither has the list.
    """

    id: str
    title: str
    lead: str
    sql: Path
    needs: tuple[str, ...]
    file: str
    columns: tuple[Column, ...]


@dataclass(frozen=True)
class ShownList:
    """A list with its first rows, and how many there are in all. `accounts` has the account of each row, or None."""

    spec: ListSpec
    rows: tuple[tuple[Any, ...], ...]
    accounts: tuple[int | None, ...]
    total: int


_NAME: Final = Column("name", "Account", "account")

LISTS: Final = (
    ListSpec(
        "at-risk",
        "At risk",
        "Accounts whose contract ends within the days of the at-risk rule, and nothing renews it.",
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
        "The renewal dates of account_core from this month on, with the accounts' revenue; red ones apart.",
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
        "Who moved since the last drop",
        "Health, segment, renewal, owner, status, risk: what was, and what is.",
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
    ),
    ListSpec(
        "divisions",
        "Revenue at risk by division and salesperson",
        "The contracts of the at-risk list, by who sold them.",
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
        "Estimates by the month in which they were closed, and division.",
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
        "Estimates that are not archived, each in one year: that of the contract's end, else of its start or its date.",
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
        "Won estimates of accounts, as their revenue counts them: a contract in equal parts in each of its years.",
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


def open_views(connection: duckdb.DuckDBPyConnection, files: Mapping[str, Path], marts: Mapping[str, pa.Table]) -> None:
    """Make a view of each mart and of each export's Parquet file, whose instants are in UTC without a zone."""
    for name, path in files.items():
        connection.execute(f"create or replace temp view {quoted(name)} as {utc_rows(connection, path)}")
    for name, rows in marts.items():
        connection.register(name, rows)


def needed_tables(tables: Mapping[str, int]) -> set[str]:
    """Name those of the tables, by their rows, that lists with rows are read from."""
    return {name for spec in _there(tables) if tables[spec.needs[0]] for name in spec.needs}


def _there(tables: Mapping[str, int]) -> list[ListSpec]:
    return [spec for spec in LISTS if tables.keys() >= {*spec.needs}]


def read_lists(connection: duckdb.DuckDBPyConnection, tables: Mapping[str, int]) -> Iterator[ShownList]:
    """Read every list whose `tables`, by their rows, are there; `open_views` comes first, of those that are needed."""
    for spec in _there(tables):
        if not tables[spec.needs[0]]:
            yield ShownList(spec, (), (), 0)
            continue
        cursor = connection.execute(spec.sql.read_text(encoding="utf-8"))
        names = [name for name, *_ in cursor.description or ()]
        found = cursor.fetchall()
        shown = found[:MOST_ROWS]
        places = [names.index(column.name) for column in spec.columns]
        account = next((names.index(name) for name in ("account", "account_id") if name in names), None)
        has_view = any(column.kind == "account" for column in spec.columns)
        yield ShownList(
            spec,
            tuple(tuple(row[place] for place in places) for row in shown),
            tuple(row[account] if account is not None and has_view else None for row in shown),
            len(found),
        )
