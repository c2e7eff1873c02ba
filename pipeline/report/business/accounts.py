"""The accounts on the business page: their figures, the parts of their scores, insights, and trends."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipeline.report.business.lists import Kind, ShownList
from pipeline.report.business.sources import CORE, BusinessSources, EarlierDrop

SCORES: Final = ("health", "engagement", "sentiment", "response_time", "open_items")


@dataclass(frozen=True)
class Figure:
    """A figure of an account: a column of `accounts.sql`, its title, and the column of account_core with its rules."""

    name: str
    title: str
    column: str | None = None
    kind: Kind = "text"


_SQL: Final = Path(__file__).parent / "lists" / "accounts.sql"

FIGURES: Final = (
    Figure("crm_account_id", "In the CRM"),
    Figure("status", "Status", "status"),
    Figure("tier", "Tier", "tier_name"),
    Figure("phase", "Phase", "journey_phase_name"),
    Figure("revenue", "Revenue", "revenue", "money"),
    Figure("renewal_date", "Renewal", "renewal_date", "date"),
    Figure("last_touch", "Last touch", "last_touch", "date"),
    Figure("health_label", "Health", "health_score_label"),
)
SCORE_FIGURES: Final = tuple(
    Figure(f"{score}_score", f"{score.replace('_', ' ').capitalize()} score", f"{score}_score") for score in SCORES
)
RULED_COLUMNS: Final = tuple(figure.column for figure in (*FIGURES, *SCORE_FIGURES) if figure.column)
"""The columns of account_core whose rules the page shows."""


@dataclass(frozen=True)
class AccountView:
    """One account. `parts` has the parts of each score, `trend` the health in each retained drop, this drop last."""

    account: int
    values: Mapping[str, Any]
    insights: tuple[str, ...]
    parts: Mapping[str, tuple[tuple[str, Decimal], ...]] = field(default_factory=dict)
    trend: tuple[tuple[datetime, Decimal], ...] = ()

    @property
    def scores(self) -> list[tuple[str, Any]]:
        """The scores that the account has, by name."""
        found = [(score, self.values[f"{score}_score"]) for score in SCORES]
        return [(score, value) for score, value in found if value is not None]


def read_accounts(
    connection: duckdb.DuckDBPyConnection,
    drops: Sequence[BusinessSources],
    lists: Mapping[int, Sequence[ShownList]],
    as_of: datetime,
) -> dict[int, list[AccountView]]:
    """Read the accounts that the page shows, by organization: those on the lists, then those with the most revenue.

    Each organization has at most a thousand of them. `connection` is open on all the drops.
    """
    named = [(one, account) for one, own in lists.items() for shown in own for account in shown.accounts]
    connection.register("named", _accounts_table({(one, account) for one, account in named if account is not None}))
    cursor = connection.execute(_SQL.read_text(encoding="utf-8"))
    names = [name for name, *_ in cursor.description or ()]
    chosen: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for row in cursor.fetchall():
        chosen[row[0]].append(dict(zip(names, row, strict=True)))
    wanted = {(one, row["account"]) for one, rows in chosen.items() for row in rows}
    insights = _insights(connection, wanted)
    return {drop.organization_id: list(_views(drop, chosen[drop.organization_id], insights, as_of)) for drop in drops}


def _accounts_table(accounts: Collection[tuple[int, int]]) -> pa.Table:
    """Make a table of accounts, by organization."""
    owners, numbers = [one for one, _ in sorted(accounts)], [account for _, account in sorted(accounts)]
    return pa.table({"organization_id": pa.array(owners, pa.int64()), "account_id": pa.array(numbers, pa.int64())})


def _views(
    drop: BusinessSources,
    chosen: Sequence[Mapping[str, Any]],
    insights: Mapping[tuple[int, int], list[str]],
    as_of: datetime,
) -> Iterator[AccountView]:
    wanted = {row["account"] for row in chosen}
    parts = _parts(drop.marts.get("account_health"), wanted)
    trends = _trends(drop.earlier, wanted)
    for row in chosen:
        account = row["account"]
        trend = trends.get(account, [])
        if row["health_score"] is not None:
            trend = [*trend, (as_of, row["health_score"])]
        names = tuple(insights.get((drop.organization_id, account), ()))
        yield AccountView(account, row, names, parts.get(account, {}), tuple(trend))


def _parts(health: pa.Table | None, wanted: Collection[int]) -> dict[int, dict[str, tuple[tuple[str, Decimal], ...]]]:
    """Return the parts of each account's scores, in order; their sum is the score."""
    if health is None:
        return {}
    own = health.filter(
        pc.is_in(health["account_id"], pa.array(sorted(wanted), health.schema.field("account_id").type))
    )
    own = own.sort_by([("account_id", "ascending"), ("score", "ascending"), ("position", "ascending")])
    found: dict[int, dict[str, list[tuple[str, Decimal]]]] = defaultdict(lambda: defaultdict(list))
    columns = (own[name].to_pylist() for name in ("account_id", "score", "part", "contribution"))
    for account, score, part, contribution in zip(*columns, strict=True):
        if contribution:
            found[account][score].append((part, contribution))
    return {account: {score: tuple(of) for score, of in scores.items()} for account, scores in found.items()}


def _insights(
    connection: duckdb.DuckDBPyConnection, wanted: Collection[tuple[int, int]]
) -> dict[tuple[int, int], list[str]]:
    """Return the names of the active insights of each account."""
    described = connection.execute(f"describe {CORE}").fetchall()
    flags = [name for name, *_ in described if name.startswith("insight_")]
    if not flags:
        return {}
    connection.register("wanted", _accounts_table(wanted))
    cursor = connection.execute(
        f"select organization_id, account_id, {', '.join(flags)} from {CORE} "
        "semi join wanted using (organization_id, account_id)"
    )
    return {
        (one, account): [name for name, value in zip(flags, values, strict=True) if value]
        for one, account, *values in cursor.fetchall()
    }


def _trends(earlier: Sequence[EarlierDrop], wanted: Collection[int]) -> dict[int, list[tuple[datetime, Decimal]]]:
    """Return each account's health in the retained drops, oldest first."""
    found: dict[int, list[tuple[datetime, Decimal]]] = defaultdict(list)
    for drop in sorted(earlier, key=lambda one: one.as_of):
        rows = pq.read_table(drop.account_core, columns=["account_id", "health_score"])
        for account, score in zip(rows["account_id"].to_pylist(), rows["health_score"].to_pylist(), strict=True):
            if score is not None and account in wanted:
                found[account].append((drop.as_of, score))
    return found
