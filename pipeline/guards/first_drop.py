"""The drift guard's checks of an organization's first drop, which has no predecessor."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, Final

from pipeline.common.scratch_database import numbered_rows, scratch_connection
from pipeline.guards.drop_figures import LINKED, WON, DropFiles, linked_share
from pipeline.guards.findings import Finding, found
from pipeline.guards.thresholds import Guard


@dataclass(frozen=True)
class FirstFigures:
    """The figures of one drop. Money is in US dollars."""

    selected_year: int
    won: Decimal | None = None
    linked: Decimal | None = None
    """The won money that is linked to an account."""
    largest: Decimal | None = None
    """The won money of the account that has the most."""
    won_estimates: int = 0
    won_with_end: int = 0
    """The won estimates whose contract has an end."""
    current_revenue: Decimal = Decimal(0)
    most_revenue: Decimal = Decimal(0)
    """The highest revenue of any other year."""
    accounts_with_revenue: int = 0
    """The accounts with revenue in the year that has the most of them."""
    platform_accounts: int = 0
    crm_accounts: int = 0
    """The accounts that only the CRM knows."""
    linked_accounts: int = 0
    """The platform's accounts that the CRM also knows."""


_LEAST_WON: Final = 20
"""With fewer won estimates or accounts, it means nothing if all are alike."""

_FIGURES: Mapping[str, str] = {
    "estimates": f"""
        select
            drop_of,
            sum(won) as won,
            sum(linked) as linked,
            max(linked) as largest,
            sum(won_estimates) as won_estimates,
            sum(won_with_end) as won_with_end
        from (
            select
                drop_of,
                {WON} as won,
                {LINKED} as linked,
                count(*) filter (where is_won) as won_estimates,
                count(contract_end) filter (where is_won) as won_with_end
            from {{rows}}
            group by drop_of, account_id
        )
        group by drop_of
    """,
    "account_revenue_by_year": """
        select
            drop_of,
            coalesce(sum(revenue) filter (where year = {year}), 0) as current_revenue,
            coalesce(max(revenue) filter (where year <> {year}), 0) as most_revenue,
            max(accounts) as accounts_with_revenue
        from (
            select drop_of, year, sum(revenue) as revenue, count(*) filter (where revenue <> 0) as accounts
            from {rows}
            group by drop_of, year
        )
        group by drop_of
    """,
    "account_keys": """
        select
            drop_of,
            count(*) filter (where link_method <> 'crm_only') as platform_accounts,
            count(*) filter (where link_method = 'crm_only') as crm_accounts,
            count(*) filter (where link_method not in ('crm_only', 'none')) as linked_accounts
        from {rows}
        group by drop_of
    """,
}
"""The figures of each drop, by export."""


def measure_first_drops(drops: Mapping[int, DropFiles]) -> dict[int, FirstFigures]:
    """Measure organizations' drops of one run, with one query per export."""
    taken: dict[int, dict[str, Any]] = {organization_id: {} for organization_id in drops}
    with closing(scratch_connection()) as connection:
        for export, figures in _FIGURES.items():
            files = [(one, drop.parquet[export]) for one, drop in drops.items() if export in drop.parquet]
            if not files:
                continue
            (year,) = {drops[one].selected_year for one, _ in files}
            rows = numbered_rows(connection, export, files, "drop_of")
            answer = connection.execute(figures.format(rows=f"({rows})", year=year))
            names = [column[0] for column in answer.description]
            for one, *values in answer.fetchall():
                taken[one] |= dict(zip(names[1:], values, strict=True))
    return {one: FirstFigures(drops[one].selected_year, **figures) for one, figures in taken.items()}


def judge_first_drops(
    figures: Mapping[int, FirstFigures], first: Collection[int], guards: Mapping[str, Guard]
) -> Iterator[Finding]:
    """Find implausible figures in the drops of organizations that have none published: the ids in `first`."""
    has_platform = any(drop.platform_accounts for drop in figures.values())
    for organization_id in first:
        drop = figures[organization_id]
        findings = [
            *_link_rate(drop, guards["link_rate"]),
            *_one_account(drop, guards["link_rate"]),
            *_current_revenue(drop, guards["current_revenue"]),
            *_without_values(drop, guards),
            *(_crm_organization(drop, guards["crm_organization"]) if has_platform else ()),
            *_unknown_ids(drop, guards["unknown_ids"]),
        ]
        yield from (replace(finding, organization_id=organization_id) for finding in findings)


def _link_rate(drop: FirstFigures, guard: Guard) -> Iterator[Finding]:
    share = linked_share(drop.linked, drop.won)
    if share is not None and share < guard.thresholds["warn_below"]:
        says = "much of the won money is linked to no account"
        yield found(guard, "warn", "estimates.account_id", says, now=f"{share:.1f} %")


def _one_account(drop: FirstFigures, guard: Guard) -> Iterator[Finding]:
    """Find won money that nearly all belongs to one account: its id was copied down, or is a placeholder."""
    share = linked_share(drop.largest, drop.won)
    is_judged = drop.won_estimates >= _LEAST_WON and drop.platform_accounts + drop.crm_accounts >= _LEAST_WON
    if is_judged and share is not None and share > guard.thresholds["warn_below"]:
        says = "nearly all of the won money is linked to one account"
        yield found(guard, "warn", "estimates.account_id", says, now=f"{share:.1f} %")


def _without_values(drop: FirstFigures, guards: Mapping[str, Guard]) -> Iterator[Finding]:
    """Find drops in which no won estimate has a price, or none has an end."""
    if drop.won_estimates < _LEAST_WON:
        return
    now = f"{drop.won_estimates:,} won estimates"
    if not drop.won:
        says = "no won estimate has a price, so no account has any revenue"
        yield found(guards["current_revenue"], "warn", "estimates.price_used", says, now=now)
    elif drop.won < 0:
        says = "the prices of the won estimates add up to less than 0"
        yield found(guards["current_revenue"], "warn", "estimates.price_used", says, now=now)
    if not drop.won_with_end:
        says = "no won estimate has a contract end, so no account is at risk"
        yield found(guards["at_risk"], "warn", "estimates.contract_end", says, now=now)


def _current_revenue(drop: FirstFigures, guard: Guard) -> Iterator[Finding]:
    is_fallen = drop.current_revenue * 100 <= drop.most_revenue * (100 - guard.thresholds["stop_fall"])
    if is_fallen and drop.accounts_with_revenue >= guard.thresholds["least"]:
        says = f"the selected year, {drop.selected_year}, has hardly any revenue compared with another year"
        now = f"${drop.current_revenue:,.2f}, compared with ${drop.most_revenue:,.2f}"
        yield found(guard, "warn", "account_revenue_by_year.revenue", says, now=now)


def _crm_organization(drop: FirstFigures, guard: Guard) -> Iterator[Finding]:
    if drop.crm_accounts and not drop.platform_accounts:
        says = "the CRM's accounts belong to an organization that has no customers on the platform, unlike others"
        yield found(guard, "warn", "account_keys.link_method", says, now=f"{drop.crm_accounts:,} accounts")


def _unknown_ids(drop: FirstFigures, guard: Guard) -> Iterator[Finding]:
    """Find customers and CRM accounts that do not match each other, so that accounts appear twice."""
    # either side may have many more accounts than the other
    both = min(drop.platform_accounts, drop.linked_accounts + drop.crm_accounts)
    is_apart = (both - drop.linked_accounts) * 100 > both * guard.thresholds["warn_across"]
    if both >= guard.thresholds["least"] and is_apart:
        says = "hardly any customer's crm_id matches a CRM account, so accounts appear twice"
        now = f"{drop.linked_accounts:,} of {drop.platform_accounts:,} customers"
        yield found(guard, "warn", "account_keys.link_method", says, now=now)
