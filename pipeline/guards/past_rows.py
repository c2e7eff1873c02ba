"""Rows of the past: rows created long before the last publication are hardly ever added or removed.

A join that repeats rows under other ids, or an export that starts later, does not change this week's rows.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import Final

from pipeline.guards.compared_columns import CREATED
from pipeline.guards.findings import Finding, found
from pipeline.guards.source_profile import TableProfile
from pipeline.guards.thresholds import Guard

FIRST_DAY: Final = date(2000, 1, 1)
PERIOD_DAYS: Final = 28
DATED: Final = CREATED | {"start_time"}
"""Columns of which the first one in a table is the creation time of its rows."""


def judge_past_rows(now: TableProfile, before: TableProfile, since: datetime, guard: Guard) -> Iterator[Finding]:
    """Find more or fewer rows of the past than at the last publication, `since`, except the last weeks.

    A new organization brings a past of its own, and one that leaves takes it along; so does a user whose mailbox is
    connected, whose rows explain as many new ones.
    """
    over = (since.date() - FIRST_DAY).days // PERIOD_DAYS - 1
    is_now, was = (sum(n for at, n in table.periods.items() if int(at) < over) for table in (now, before))
    if now.sampled_tenants != before.sampled_tenants or was < guard.thresholds["least"]:
        return
    is_same_part = now.sampled_one_in == before.sampled_one_in
    change = Decimal(100 * is_now * now.sampled_one_in) / (was * before.sampled_one_in) - 100
    explained = Decimal(100 * _rows_of_new_users(now, before) * now.sampled_one_in) / (was * before.sampled_one_in)
    # of a table that has doubled other rows are looked at, whose number is a matter of chance
    most = guard.thresholds["warn" if is_same_part else "warn_other_rows"]
    if change - explained >= most or -change >= most:
        says = f"its rows of the time until four weeks before the last publication changed by {change:+.0f} %"
        sampled = "" if now.sampled_one_in == 1 else f", one in {now.sampled_one_in:,} being looked at"
        yield found(guard, "warn", now.name, says, before=f"{was:,} rows", now=f"{is_now:,} rows{sampled}")


def _rows_of_new_users(now: TableProfile, before: TableProfile) -> int:
    """Count the rows of users who had hardly any; 0 where no user was known."""
    new = now.busy_users.keys() - before.busy_users.keys() if before.busy_users else ()
    return sum(now.busy_users[user] for user in new)
