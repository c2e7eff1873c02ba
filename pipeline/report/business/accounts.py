"""The accounts' own views on the business page: figures, the parts of their scores, insights, and how they went."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipeline.report.business.lists import Kind

MOST_ACCOUNTS: Final = 1000
"""How many accounts have a view: those that a list names, then those of the most revenue."""

SCORES: Final = ("health", "engagement", "sentiment", "response_time", "open_items")
ACCOUNT_TABLES: Final = ("account_core", "account_keys")
"""The exports that the views are read from."""
HEALTH: Final = ("organization_id", "account_id", "score", "part", "position", "contribution")
"""What is read of the mart account_health."""


@dataclass(frozen=True)
class Figure:
    """What a view says of an account: a column of `accounts.sql`, its title, the column of account_core that it is."""

    name: str
    title: str
    column: str | None = None
    kind: Kind = "text"


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
"""The columns of account_core whose rules the page states."""


@dataclass(frozen=True)
class EarlierDrop:
    """A kept drop of the organization: its instant, and its account_core on this machine."""

    as_of: datetime
    account_core: Path


@dataclass(frozen=True)
class AccountView:
    """One account. `parts` has the parts of each score, `trend` its health at each kept drop, this one last."""

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
    named: Collection[int],
    health: pa.Table | None,
    earlier: Sequence[EarlierDrop],
    as_of: datetime,
) -> list[AccountView]:
    """Read the views of the accounts that lists name, then of those with the most revenue, a thousand in all."""
    sql = (Path(__file__).parent / "lists" / "accounts.sql").read_text(encoding="utf-8")
    cursor = connection.execute(sql, {"named": sorted(named), "most": MOST_ACCOUNTS})
    names = [name for name, *_ in cursor.description or ()]
    chosen = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    wanted = {row["account"] for row in chosen}
    parts = _parts(health, wanted)
    insights = _insights(connection, wanted)
    trends = _trends(earlier, wanted)
    views = []
    for row in chosen:
        trend = trends.get(row["account"], [])
        if row["health_score"] is not None:
            trend = [*trend, (as_of, row["health_score"])]
        views.append(
            AccountView(
                row["account"],
                row,
                tuple(insights.get(row["account"], ())),
                parts.get(row["account"], {}),
                tuple(trend),
            )
        )
    return views


def _parts(health: pa.Table | None, wanted: Collection[int]) -> dict[int, dict[str, tuple[tuple[str, Decimal], ...]]]:
    """Give the parts of each account's scores that add to them, in their order."""
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


def _insights(connection: duckdb.DuckDBPyConnection, wanted: Collection[int]) -> dict[int, list[str]]:
    """Give the names of the active insights of each account."""
    described = connection.execute("describe account_core").fetchall()
    flags = [name for name, *_ in described if name.startswith("insight_")]
    if not flags:
        return {}
    found: dict[int, list[str]] = {}
    cursor = connection.execute(
        f"select account_id, {', '.join(flags)} from account_core "
        "where account_id in (select unnest(cast($wanted as bigint [])))",
        {"wanted": sorted(wanted)},
    )
    for account, *values in cursor.fetchall():
        found[account] = [name for name, value in zip(flags, values, strict=True) if value]
    return found


def _trends(earlier: Sequence[EarlierDrop], wanted: Collection[int]) -> dict[int, list[tuple[datetime, Decimal]]]:
    """Give each account's health at the kept drops, the oldest first."""
    found: dict[int, list[tuple[datetime, Decimal]]] = defaultdict(list)
    for drop in sorted(earlier, key=lambda one: one.as_of):
        rows = pq.read_table(drop.account_core, columns=["account_id", "health_score"])
        for account, score in zip(rows["account_id"].to_pylist(), rows["health_score"].to_pylist(), strict=True):
            if score is not None and account in wanted:
                found[account].append((drop.as_of, score))
    return found
