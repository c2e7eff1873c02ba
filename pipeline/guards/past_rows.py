"""Rows of the past: rows created long before the last publication are hardly ever added or removed.

If their number changes, a join may have repeated rows under other ids, or the export may start at a later date.
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
"""Columns with a creation time. A table's first one is the creation time of its rows."""


def judge_past_rows(now: TableProfile, before: TableProfile, since: datetime, guard: Guard) -> Iterator[Finding]:
    """Find a table whose number of old rows changed since the last publication, at `since`.

    Old rows were created at least four weeks before `since`. Organizations that join or leave change the number, so a
    table is not compared if there are more or fewer of them. Newly connected mailboxes add old messages, so the rows of
    new users are subtracted.
    """
    over = (since.date() - FIRST_DAY).days // PERIOD_DAYS - 1
    is_now, was = (sum(n for at, n in table.periods.items() if int(at) < over) for table in (now, before))
    if now.sampled_tenants != before.sampled_tenants or was < guard.thresholds["least"]:
        return
    is_same_part = now.sampled_one_in == before.sampled_one_in
    change = Decimal(100 * is_now * now.sampled_one_in) / (was * before.sampled_one_in) - 100
    explained = Decimal(100 * _rows_of_new_users(now, before) * now.sampled_one_in) / (was * before.sampled_one_in)
    # once a table has doubled, the sample contains other rows, whose number varies by chance
    most = guard.thresholds["warn" if is_same_part else "warn_other_rows"]
    if change - explained >= most or -change >= most:
        says = f"its rows from at least four weeks before the last publication changed by {change:+.0f} % in number"
        sampled = "" if now.sampled_one_in == 1 else f", in a sample of one in {now.sampled_one_in:,}"
        yield found(guard, "warn", now.name, says, before=f"{was:,} rows", now=f"{is_now:,} rows{sampled}")


def _rows_of_new_users(now: TableProfile, before: TableProfile) -> int:
    """Count the rows of users who had hardly any before; 0 if no users were recorded before."""
    new = now.busy_users.keys() - before.busy_users.keys() if before.busy_users else ()
    return sum(now.busy_users[user] for user in new)
