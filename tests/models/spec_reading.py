"""The rules of revenue, risk, neglect, won and lost in plain Python, which the models must equal.

Written only from the text of the specs, with fractions and loops, as literal as possible.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from math import ceil, floor
from typing import Any

Row = dict[str, Any]

WON = {
    "won", "sold", "contract signed", "work complete", "billing complete", "email contract award",
    "verbal contract award", "contract in progress", "contract + billing complete", "work in progress",
}  # fmt: skip


def folded(text: str | None) -> str:
    """Trim and lower; null is empty."""
    return (text or "").strip().lower()


def is_won(estimate: Row) -> bool:
    """D4."""
    return folded(estimate.get("pipeline_status")).startswith("sold") or folded(estimate.get("status")) in WON


def price(estimate: Row) -> Fraction:
    """D5."""
    for name in ("total_price", "total_price_with_tax"):
        if estimate.get(name) is not None:
            return Fraction(estimate[name])
    return Fraction(0)


def duration_months(start: date, end: date) -> int:
    """D7: accounts, "Contract Duration Calculation"."""
    return (end.year - start.year) * 12 + (end.month - start.month) + (1 if end.day > start.day else 0)


def contract_years(months: int) -> int:
    """D7: accounts, "Contract Years Determination"."""
    return 1 if months <= 12 else ceil(Fraction(months, 12))


def shares(estimate: Row, selected_year: int) -> dict[int, Fraction]:
    """D8: the share of each year."""
    start, end = estimate.get("contract_start"), estimate.get("contract_end")
    if start and end:
        years = contract_years(duration_months(start, end))
        return {start.year + n: price(estimate) / years for n in range(years)}
    dates = [estimate.get(name) for name in ("contract_end", "contract_start", "estimate_date", "created_date")]
    return {next((day.year for day in dates if day), selected_year): price(estimate)}


def outcome(estimate: Row) -> str:
    """Related exports, win_loss: won by D4, else lost by the status or the pipeline status, else pending."""
    status = folded(estimate.get("status"))
    letters = "abcdefghijklmnopqrstuvwxyz0123456789"
    words = "".join(letter if letter in letters else " " for letter in status).split()
    if is_won(estimate):
        return "won"
    if status.startswith("lost") or "lost" in words or folded(estimate.get("pipeline_status")) == "lost":
        return "lost"
    return "pending"


def percent(part: Fraction, base: Fraction) -> Decimal | None:
    """Return percent with one decimal, half up (away from zero); None if the base is 0."""
    if base == 0:
        return None
    exact = 100 * part / base
    tenths = floor(abs(exact) * 10 + Fraction(1, 2))
    return Decimal(tenths if exact >= 0 else -tenths).scaleb(-1)


def win_loss(accounts: Iterable[Row], estimates: Sequence[Row], selected_year: int) -> list[Row]:
    """Related exports, win_loss, sentence by sentence: a row per scope, scope_key and year."""
    known = {account["id"] for account in accounts}
    groups: dict[tuple[str, str, int], list[Row]] = defaultdict(list)
    for estimate in estimates:
        if estimate.get("archived"):
            continue
        dates = [estimate.get(name) for name in ("contract_end", "contract_start", "estimate_date", "created_date")]
        year = next((day.year for day in dates if day), selected_year)
        groups["all", "all", year].append(estimate)
        groups["division", (estimate.get("division") or "").strip() or "Uncategorized", year].append(estimate)
        if estimate.get("account_id") in known:
            groups["account", estimate["account_id"], year].append(estimate)
        if salesperson := (estimate.get("salesperson") or "").strip():
            groups["salesperson", salesperson, year].append(estimate)
    found = []
    for (scope, key, year), members in sorted(groups.items()):
        row: Row = {"scope": scope, "scope_key": key, "year": year}
        counts, values = {}, {}
        for name in ("total", "won", "lost", "pending"):
            own = [estimate for estimate in members if name in ("total", outcome(estimate))]
            counts[name] = Fraction(len(own))
            values[name] = sum(map(price, own), Fraction())
            row[f"{name}_estimates"] = len(own)
            row[f"{name}_value"] = rounded(values[name])
        row["win_rate"] = percent(counts["won"], counts["won"] + counts["lost"])
        row["estimates_vs_won"] = percent(counts["won"], counts["total"])
        row["revenue_vs_won"] = percent(values["won"], values["total"])
        found.append(row)
    return found


def total_estimates_by_year(account: Row, estimates: Sequence[Row], selected_year: int) -> dict[int, int]:
    """Related exports, the last sentence on win_loss."""
    counts: dict[int, int] = defaultdict(int)
    for estimate in estimates:
        is_own = estimate.get("account_id") == account["id"] and not estimate.get("archived")
        if is_own and outcome(estimate) != "pending":
            for year in shares(estimate, selected_year):
                counts[year] += 1
    return counts


def rounded(dollars: Fraction) -> Decimal:
    """D9: to cents, half away from zero."""
    cents = floor(abs(dollars) * 100 + Fraction(1, 2))
    return Decimal(cents if dollars >= 0 else -cents).scaleb(-2)


def revenue_by_year(
    accounts: Iterable[Row], estimates: Sequence[Row], selected_year: int
) -> dict[str, dict[int, Decimal]]:
    """D9, D10, D11: by account and year."""
    revenue: dict[str, dict[int, Fraction]] = {account["id"]: defaultdict(Fraction) for account in accounts}
    for estimate in estimates:
        if is_won(estimate) and estimate.get("account_id") in revenue:
            for year, share in shares(estimate, selected_year).items():
                revenue[estimate["account_id"]][year] += share
    return {account: {year: rounded(sum_) for year, sum_ in years.items()} for account, years in revenue.items()}


def segment_by_year(
    revenue: dict[str, dict[int, Decimal]], estimates: Sequence[Row], selected_year: int
) -> dict[str, dict[int, str]]:
    """D12."""
    types: dict[tuple[str, int], set[str]] = defaultdict(set)
    for estimate in estimates:
        if is_won(estimate):
            for year in shares(estimate, selected_year):
                types[estimate.get("account_id") or "", year].add(folded(estimate.get("estimate_type")))
    total: dict[int, Decimal] = defaultdict(Decimal)
    for years in revenue.values():
        for year, amount in years.items():
            total[year] += amount

    def segment(account: str, year: int, amount: Decimal) -> str:
        kinds = types[account, year]
        if "standard" in kinds and "service" not in kinds:
            return "D"
        if total[year] <= 0 or amount <= 0:
            return "C"
        percent = Fraction(amount) * 100 / Fraction(total[year])
        return "A" if percent >= 15 else "B" if percent >= 5 else "C"

    return {
        account: {year: segment(account, year, amount) for year, amount in years.items()}
        for account, years in revenue.items()
    }


def same_place(one: Row, other: Row) -> bool:
    """D20: the same normalised division and address, both present and not blank."""

    def key(estimate: Row) -> tuple[str, str]:
        return folded(estimate.get("division")), " ".join(folded(estimate.get("address")).split())

    return all(key(one)) and key(one) == key(other)


def at_risk(accounts: Iterable[Row], estimates: Sequence[Row], snoozes: Sequence[Row], now: datetime) -> list[Row]:
    """The at-risk spec's flow, step by step; `estimates` in file order."""
    midnight = datetime(now.year, now.month, now.day)
    found = []
    for account in accounts:
        if account.get("archived") or folded(account.get("status")) == "archived":  # R1
            continue
        if any(
            snooze["notification_type"] in ("renewal_reminder", "at-risk-account")  # D18
            and snooze.get("related_account_id") == account["id"]
            and snooze.get("snoozed_until")
            and snooze["snoozed_until"] > midnight
            for snooze in snoozes
        ):  # R7
            continue
        contracts = [
            e for e in estimates
            if e.get("account_id") == account["id"] and is_won(e) and e.get("contract_end") and not e.get("archived")
        ]  # fmt: skip

        def days(estimate: Row) -> int:
            return (estimate["contract_end"] - now.date()).days

        risky = [
            e for e in contracts
            if 0 <= days(e) <= 180
            and not any(
                same_place(e, f) and f["contract_end"] > e["contract_end"] and days(f) > 180 for f in contracts
            )
        ]  # fmt: skip
        if not risky:
            continue
        soonest = min(risky, key=lambda e: e["contract_end"])  # min keeps the first of equals: R12
        found.append(
            {
                "account_id": account["id"],
                "renewal_date": soonest["contract_end"],
                "days_until_renewal": days(soonest),
                "expiring_estimate_id": soonest["id"],
                "has_duplicates": any(same_place(e, f) for i, e in enumerate(risky) for f in risky[:i]),
            }
        )
    return sorted(found, key=lambda r: (r["days_until_renewal"], r["account_id"]))


def neglected(
    accounts: Iterable[Row],
    segments: dict[str, dict[int, str]],
    snoozes: Sequence[Row],
    now: datetime,
    selected_year: int,
) -> list[Row]:
    """Related exports, "Neglected accounts", sentence by sentence; `segments` by account and year."""
    midnight = datetime(now.year, now.month, now.day)
    found = []
    for account in accounts:
        if account.get("archived") or folded(account.get("status")) == "archived":
            continue
        if folded(account.get("icp_status")) == "na":
            continue
        if any(
            snooze["notification_type"] == "neglected_account"
            and snooze.get("related_account_id") == account["id"]
            and snooze.get("snoozed_until")
            and snooze["snoozed_until"] > midnight
            for snooze in snoozes
        ):
            continue
        segment = segments[account["id"]].get(selected_year, "C")
        threshold = 30 if segment in ("A", "B") else 90
        last = account.get("last_interaction_date")
        days = None if last is None else (now.date() - last.date()).days
        if days is None or days > threshold:
            found.append(
                {
                    "account_id": account["id"],
                    "days_since_interaction": days,
                    "threshold_days": threshold,
                    "revenue_segment": segment,
                }
            )
    never = [row for row in found if row["days_since_interaction"] is None]
    ago = [row for row in found if row["days_since_interaction"] is not None]
    return sorted(never, key=lambda r: r["account_id"]) + sorted(
        ago, key=lambda r: (r["days_since_interaction"], r["account_id"])
    )
