"""Which source columns contain ids of other source tables, and whether those ids exist there.

If ids were reissued, have a different prefix or lost leading zeros, each table by itself is complete, but no event
belongs to an account, or each estimate appears twice.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from pipeline.guards.findings import Finding
from pipeline.guards.shares import judge_share, percent
from pipeline.guards.source_profile import TableProfile
from pipeline.guards.thresholds import Guard


@dataclass(frozen=True)
class Target:
    """A column that ids refer to. An id that refers to it starts with `prefix`, followed by the column's value."""

    source: str
    table: str
    column: str
    prefix: str = ""

    @property
    def name(self) -> str:
        """The table as a person names it: `crm.accounts`."""
        return f"{self.source}.{self.table}"


@dataclass(frozen=True)
class Reference:
    """A column of ids, each of which should exist in one of the targets."""

    source: str
    table: str
    column: str
    targets: tuple[Target, ...]

    @property
    def is_across(self) -> bool:
        """Whether the first target is in another source system, which may lack some rows."""
        return self.targets[0].source != self.source


_PLATFORM: Final = {
    "customer": "tier_id tier, owner users, journey_id customer_journey",
    "stakeholder": "customer_id customer",
    "insight": "data_ref customer",
    "ai_expansion_opportunities": "customer_id customer",
    "ai_summary": "customer_id customer",
    "email_prop": "customer_id customer, user_id users, stakeholder_id stakeholder",
    "calendar_event_prop": "customer_id customer",
    "calendar_event_attendee": "event_id calendar_event_prop, user_id users, stakeholder_id stakeholder",
    "chat_message": "customer_id customer, user_id users, stakeholder_id stakeholder",
    "ticket": "customer_id customer, requester_id stakeholder, assignee_id users",
    "ticket_comment": "ticket_id ticket, customer_id customer, user_id users, stakeholder_id stakeholder",
    "note": "customer_id customer, author_id users",
    "user_api_token": "user_id users",
    "topic_mention": "customer_id customer, topic_id topic",
}
"""By table of the platform: each column of ids and the table they refer to, within one tenant.

Parents are left out, because they may belong to another tenant.
"""

_CRM: Final = {
    "estimates": "account_id",
    "contacts": "account_id",
    "scorecards": "account_id",
    "notification_snoozes": "related_account_id",
}
"""By table of the CRM: the column with the account's id. Some accounts are only in LMN."""

_ACCOUNTS: Final = (
    Target("crm", "accounts", "id"),
    Target("lmn", "contacts_export", "lmn_crm_id", prefix="lmn-account-"),
)

REFERENCES: Final = (
    *(
        Reference("platform", table, column, (Target("platform", other, "id"),))
        for table, columns in _PLATFORM.items()
        for column, other in (pair.split() for pair in columns.split(", "))
    ),
    *(Reference("crm", table, column, _ACCOUNTS) for table, column in _CRM.items()),
    Reference("crm", "estimates", "lmn_estimate_id", (Target("lmn", "estimates_list", "lmn_estimate_id"),)),
    Reference("crm", "accounts", "lmn_crm_id", (Target("lmn", "contacts_export", "lmn_crm_id"),)),
)
"""All references, except LMN's own account ids: the guard `link_rate` covers those, weighted by money."""


def references_of(name: str) -> list[Reference]:
    """Return the references of the table with this full name, such as `crm.accounts`."""
    return [each for each in REFERENCES if f"{each.source}.{each.table}" == name]


def judge_references(now: TableProfile, before: TableProfile | None, guard: Guard) -> Iterator[Finding]:
    """Find columns in which many ids match no row, or more than at the last publication."""
    for reference in references_of(now.name):
        column = reference.column
        share, was = _unknown(now, column, guard), _unknown(before, column, guard)
        most = guard.thresholds["warn_across" if reference.is_across else "warn"]
        says = f"of its ids match no row of {reference.targets[0].name}"
        finding = judge_share(guard, f"{now.name}.{column}", says, share, was, most, is_said_again=True)
        if finding is not None:
            yield finding


def _unknown(table: TableProfile | None, column: str, guard: Guard) -> int | None:
    """Return the percentage of a column's ids that match no row, or None."""
    if table is None:
        return None
    return percent(table.unknown_ids.get(column, 0), table.referring.get(column, 0), guard)
