"""The drift guard: whether a staged drop differs implausibly from the last published one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Final

from pipeline.common.null_counts import NullCounts
from pipeline.contracts.lists import LISTS
from pipeline.guards.drop_figures import Drift, Moved, Pair
from pipeline.guards.findings import Finding, Level, found
from pipeline.guards.kept_rows import KEPT, KeptRows
from pipeline.guards.source_guard import judge_rows
from pipeline.guards.thresholds import Guard

_OF_A_NEW_OWNER: Final = frozenset({"owner_response_time_hours", "owner_chat_response_time_hours"})
"""Columns that are null for a new owner, who has not answered anyone yet."""
_OF_THE_YEAR: Final = frozenset({"efficiency_rate"})
"""Columns that are null for accounts without revenue in the selected year; at its start these are many."""
_AHEAD: Final = frozenset({"next_meeting_date", "next_qbr_date"})
"""Columns about the future, which is nearly empty in a quiet season."""


def judge_drift(organization_id: int, drift: Drift, guards: Mapping[str, Guard]) -> list[Finding]:
    """Return the drift guard's findings about one organization's drop."""
    findings = [
        *_kept_keys(drift.kept_accounts, guards["kept_keys"]),
        *_link_rate(drift.linked_share, guards["link_rate"]),
        *_closed_years(drift.closed_years_moved, drift.closed_years_of_known, guards["closed_years"]),
        *_other_year(drift.other_year, guards["current_revenue"]),
        *_money(
            "account_revenue_by_year.revenue", drift.current_revenue, drift.current_accounts, guards["current_revenue"]
        ),
        *_at_risk(drift, guards["at_risk"]),
        *_moved("account_revenue_by_year.segment", drift.segments, guards["segments"]),
        *_moved("account_core.health_score_label", drift.health_labels, guards["health_labels"]),
        *_null_rates(drift, guards["null_rate"]),
    ]
    for export, (before, now) in drift.rows.items():
        if export not in LISTS:
            findings += judge_rows(export, before, now, guards["rows"])
    return [_of(organization_id, finding) for finding in findings]


def judge_kept_rows(
    organization_id: int, kept: Mapping[str, KeptRows], guards: Mapping[str, Guard], *, is_windowed: bool = False
) -> list[Finding]:
    """Return the findings about rows that were in one organization's last drop.

    With `is_windowed`, counts cover a window of days and may fall, so they are not compared.
    """
    findings: list[Finding] = []
    for export, rows in kept.items():
        findings += _gone_rows(export, rows, guards["gone_rows"])
        findings += _kept_cells(export, rows, guards["kept_cells"])
        if not is_windowed:
            fallen = _shares_above(rows, rows.fallen, guards["fallen_figures"])
            findings += _worst(export, rows, rows.fallen, fallen, "many values fell", guards["fallen_figures"])
    return [_of(organization_id, finding) for finding in findings]


def judge_gone_organization(organization_id: int, accounts: int, guards: Mapping[str, Guard]) -> Finding:
    """Return the finding about an organization that has a published drop but no rows any more."""
    says = "the organization has no rows any more"
    return found(
        guards["kept_keys"],
        "stop",
        "account_core",
        says,
        before=f"{accounts:,} accounts",
        now="none",
        organization_id=organization_id,
    )


def _of(organization_id: int, finding: Finding) -> Finding:
    return Finding(**{**vars(finding), "organization_id": organization_id})


def _kept_keys(kept: Moved, guard: Guard) -> Iterator[Finding]:
    if not kept.accounts:
        return
    share = Decimal(100 * (kept.accounts - kept.moved)) / kept.accounts
    level: Level | None = None
    if share < guard.thresholds["stop_below"]:
        level = "stop"
    elif share < guard.thresholds["warn_below"] and kept.moved >= guard.thresholds["least_gone"]:
        level = "warn"
    if level is not None:
        says = f"only {share:.1f} % of the accounts of the last drop are still there"
        still = kept.accounts - kept.moved
        yield found(guard, level, "account_core", says, before=f"{kept.accounts:,}", now=f"{still:,}")


def _gone_rows(export: str, kept: KeptRows, guard: Guard) -> Iterator[Finding]:
    share = Decimal(100 * kept.gone) / kept.rows
    if kept.rows >= guard.thresholds["least"] and share >= guard.thresholds["warn"]:
        says = "many rows of the last drop are gone"
        yield found(guard, "warn", export, says, now=f"{kept.gone:,} of {kept.rows:,} rows")


def _kept_cells(export: str, kept: KeptRows, guard: Guard) -> Iterator[Finding]:
    steady = {name: cells for name, cells in kept.changed.items() if name not in KEPT[export].slow}
    slow = {name: cells for name, cells in kept.changed.items() if name in KEPT[export].slow}
    shares = _shares_above(kept, steady, guard) | _shares_above(kept, slow, guard, "warn_slow")
    yield from _worst(export, kept, kept.changed, shares, "many cells changed", guard)


def _shares_above(
    kept: KeptRows, cells: Mapping[str, int], guard: Guard, threshold: str = "warn"
) -> dict[str, Decimal]:
    """Return the percentage of each column's cells that `cells` counts, for columns above the threshold."""
    least, least_cells = guard.thresholds["least"], guard.thresholds["least_cells"]
    shares = {
        name: Decimal(100 * count) / kept.filled[name]
        for name, count in cells.items()
        if kept.filled[name] >= least and count >= least_cells
    }
    return {name: share for name, share in shares.items() if share >= guard.thresholds[threshold]}


def _worst(
    export: str, kept: KeptRows, cells: Mapping[str, int], shares: Mapping[str, Decimal], says: str, guard: Guard
) -> Iterator[Finding]:
    """Report the column with the highest share and name the others, because a missing event affects many columns."""
    if not shares:
        return
    worst, *others = sorted(shares, key=lambda name: (-shares[name], name))
    now = f"{cells[worst]:,} of {kept.filled[worst]:,} cells"
    now += f", and of {', '.join(others[:4])}" if others else ""
    now += f" and {len(others) - 4} more" if len(others) > 4 else ""
    yield found(guard, "warn", f"{export}.{worst}", says, now=now)


def _link_rate(share: Pair | None, guard: Guard) -> Iterator[Finding]:
    if share is None:
        return
    level: Level | None = None
    if share.before - share.now >= guard.thresholds["stop_fall_points"]:
        level = "stop"
    elif share.now < guard.thresholds["warn_below"]:
        level = "warn"
    if level is not None:
        says = f"the share of won money that is linked to an account {'fell' if level == 'stop' else 'is low'}"
        before, now = f"{share.before:.1f} %", f"{share.now:.1f} %"
        yield found(guard, level, "estimates.account_id", says, before=before, now=now)


def _closed_years(moved: Decimal | None, of_known: Decimal | None, guard: Guard) -> Iterator[Finding]:
    if moved is None or of_known is None:
        return
    level: Level | None = "stop" if of_known >= guard.thresholds["stop"] else None
    if level is None and moved >= guard.thresholds["warn"]:
        level = "warn"
    if level is not None:
        says = f"the revenue of past years changed by {moved:.1f} % in total"
        yield found(guard, level, "account_revenue_by_year.revenue", says)


def _other_year(year: int | None, guard: Guard) -> Iterator[Finding]:
    if year is not None:
        says = "the selected year is neither that of the last drop nor that of as_of"
        yield found(guard, "warn", "account_revenue_by_year.revenue", says, now=str(year))


def _money(place: str, pair: Pair, accounts: int, guard: Guard) -> Iterator[Finding]:
    if accounts < guard.thresholds["least"]:
        return
    if (level := _level(pair.change, guard)) is not None:
        says = f"it changed by {pair.change:+.0f} %"
        yield found(guard, level, place, says, before=f"${pair.before:,.2f}", now=f"${pair.now:,.2f}")


def _at_risk(drift: Drift, guard: Guard) -> Iterator[Finding]:
    before, now = drift.at_risk_accounts.before, drift.at_risk_accounts.now
    if before < guard.thresholds["least"]:
        return
    if (level := _level(drift.at_risk_accounts.change, guard)) is not None:
        says = f"the accounts at risk changed by {drift.at_risk_accounts.change:+.0f} %"
        yield found(
            guard, level, "at_risk_accounts", says, before=f"{before:,.0f} accounts", now=f"{now:,.0f} accounts"
        )
    yield from _money("at_risk_accounts.estimate_value", drift.at_risk_value, int(before), guard)


def _level(change: Decimal, guard: Guard) -> Level | None:
    if -change >= guard.thresholds["stop_fall"]:
        return "stop"
    return "warn" if abs(change) >= guard.thresholds["warn"] else None


def _moved(place: str, moved: Moved, guard: Guard) -> Iterator[Finding]:
    if moved.accounts < guard.thresholds["least"]:
        return
    share = Decimal(100 * moved.moved) / moved.accounts
    if share >= guard.thresholds["warn"]:
        says = f"it changed for {moved.moved:,} of {moved.accounts:,} accounts ({share:.0f} %)"
        yield found(guard, "warn", place, says)


def _null_rates(drift: Drift, guard: Guard) -> Iterator[Finding]:
    ignored = _OF_A_NEW_OWNER if drift.is_of_one_year else _OF_A_NEW_OWNER | _OF_THE_YEAR
    for export, (before, now) in drift.nulls.items():
        rows = min(before.rows, now.rows)
        if export in LISTS or rows < guard.thresholds["least"]:
            continue
        for column in (name for name in now.nulls if name in before.nulls and name not in ignored):
            was, is_now = _share(before, column), _share(now, column)
            level: Level | None = None
            if is_now == 100 and was < guard.thresholds["stop_from_below"]:
                level = "warn" if column in _AHEAD else "stop"
            elif (
                is_now - was >= guard.thresholds["warn_rise_points"]
                and rows >= guard.thresholds["warn_least"]
                and column not in _AHEAD
            ):
                level = "warn"
            if level is not None:
                place, says = f"{export}.{column}", "more of the column is null"
                yield found(guard, level, place, says, before=f"{was:.0f} %", now=f"{is_now:.0f} %")


def _share(counts: NullCounts, column: str) -> Decimal:
    return Decimal(100 * counts.nulls[column]) / counts.rows
