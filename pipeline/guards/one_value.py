"""Columns that should vary but have the same value in all sampled rows: a value copied down, or a placeholder.

Each is reported once, because all estimates of a young company may be from one day.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from pipeline.guards.findings import Finding, found
from pipeline.guards.source_profile import TableProfile
from pipeline.guards.thresholds import Guard

VARIED: Final[Mapping[str, str]] = {
    "lmn.estimates_list": "crm_link estimate_date contract_start contract_end address total_price",
    "lmn.contacts_export": "lmn_contact_id name",
    "crm.accounts": "lmn_crm_id name address_1",
    "crm.contacts": "account_id lmn_contact_id",
    "crm.estimates": "lmn_estimate_id account_id estimate_date contract_start contract_end total_price",
    "platform.customer": "crm_id name domain",
    "platform.users": "email",
    "platform.insight": "created_at",
    "platform.email_prop": "thread_id sent_at direction sentiment",
    "platform.chat_message": "conversation_id sent_at direction sentiment",
    "platform.ticket": "opened_at",
    "platform.ticket_comment": "ticket_id created_at",
}
"""By table, columns in which so many rows hardly ever have the same value."""
OF_A_CUSTOMER: Final[Mapping[str, str]] = {
    "platform.stakeholder": "customer_id",
    "platform.insight": "data_ref",
    "platform.ai_summary": "customer_id",
    "platform.email_prop": "customer_id stakeholder_id",
    "platform.chat_message": "customer_id stakeholder_id",
    "platform.calendar_event_prop": "customer_id",
    "platform.ticket": "customer_id",
    "platform.note": "customer_id",
}
"""By table, columns that have one value if there is only one customer."""

SAID_AT: Final[Mapping[str, str]] = {
    "platform.email_prop": "sent_at",
    "platform.chat_message": "sent_at",
    "platform.ticket": "opened_at",
    "platform.ticket_comment": "created_at",
}
"""By table, the column with a message's time: never always the same time of day, nor always on the hour."""


def judge_one_value(
    now: Sequence[TableProfile], earlier: Mapping[tuple[str, str], TableProfile], guard: Guard
) -> Iterator[Finding]:
    """Find columns in which all sampled cells, or all words, are the same, unless they were before."""
    has_customers = any(
        table.name == "platform.customer" and table.loaded >= guard.thresholds["least_customers"] for table in now
    )
    for table in now:
        columns = VARIED.get(table.name, "").split() + OF_A_CUSTOMER.get(table.name, "").split() * has_customers
        before = earlier.get((table.source, table.table))
        for column in columns:
            if (cells := _cells_of_one_value(table, column, guard)) and (
                before is None or not _cells_of_one_value(before, column, guard)
            ):
                says = "all of its sampled cells have the same value"
                yield found(guard, "warn", f"{table.name}.{column}", says, now=f"{cells:,} cells")
        if (time := _only_time(table, guard)) and (before is None or not _only_time(before, guard)):
            says = "all of its sampled cells have the same time of day, or are on the hour"
            yield found(guard, "warn", f"{table.name}.{SAID_AT[table.name]}", says, now=time)


def _cells_of_one_value(table: TableProfile, column: str, guard: Guard) -> int:
    """Return the number of a column's sampled cells if all are the same; 0 if they differ or are too few."""
    if words := table.words.get(column):
        cells = sum(words.values())
        return cells if len(words) == 1 and cells >= guard.thresholds["least_words"] else 0
    sampled = table.cells.get(column, {})
    return len(sampled) if len(sampled) >= guard.thresholds["least"] and len(set(sampled.values())) == 1 else 0


def _only_time(table: TableProfile, guard: Guard) -> str | None:
    """Return the time of day that all sampled cells have, or `:00:00` if all are on the hour; otherwise None."""
    cells = table.cells.get(SAID_AT.get(table.name, ""), {})
    if len(cells) < guard.thresholds["least"]:
        return None
    times, minutes = ({cell[start:].strip() for cell in cells.values()} for start in (10, 13))
    if len(times) == 1:
        return times.pop() or None
    return minutes.pop() if minutes == {":00:00"} else None
