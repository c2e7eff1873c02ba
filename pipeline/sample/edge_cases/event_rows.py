"""Makes rows of the event tables one by one: messages, meetings, attendees, tickets and comments."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from pipeline.sample.draw.customers import Customers
from pipeline.sample.draw.events import EVENT_TABLES
from pipeline.sample.draw.population import Account, Population
from pipeline.sample.draw.roles import Role
from pipeline.sample.edge_cases.platform import FIRST_ID

Row = dict[str, Any]


class EventRows:
    """The rows of each event table, to which methods add; ids are unique over all tables."""

    def __init__(self, population: Population, customers: Customers) -> None:
        self.tables: dict[str, list[Row]] = {name: [] for name in (*EVENT_TABLES, "ai_summary")}
        self._population = population
        self._customers = customers
        self._cast = population.cast
        self._ids: Iterator[int] = count(FIRST_ID)

    def _before(self, **time: float) -> datetime:
        return self._population.as_of.replace(tzinfo=None) - timedelta(**time)

    def _team(self, role: Role) -> tuple[int, int, int]:
        first, second, third = self._customers.team[self._customers.place_of(self._cast[role])].tolist()
        return first, second, third

    def _stakeholder(self, role: Role) -> int:
        return int(self._customers.first_stakeholder[self._customers.place_of(self._cast[role])])

    def _of(self, role: Role, account: Account | None, organization: int) -> Row:
        customer = account or self._cast[role]
        return {"organization_id": organization, "customer_id": customer.customer_id}

    def _message(
        self,
        table: str,
        role: Role,
        *,
        thread: int,
        hours: float,
        direction: str,
        user: int | None,
        stakeholder: int | None = None,
        sentiment: str | None = None,
        account: Account | None = None,
        organization: int = 1,
        customer_id: int | None = None,
    ) -> None:
        of = self._of(role, account, organization)
        if customer_id is not None:
            of["customer_id"] = customer_id
        self.tables[table].append(
            of
            | {
                "id": next(self._ids),
                # threads of a role have consecutive ids, which are the same in both channels
                "thread_id" if table == "email_prop" else "conversation_id": FIRST_ID + 1_000 * role + thread,
                "sent_at": self._before(hours=hours),
                "direction": direction,
                "user_id": user,
                "stakeholder_id": stakeholder if stakeholder is not None else self._someone(role, user),
                "sentiment": sentiment,
            }
        )

    def _someone(self, role: Role, user: int | None) -> int | None:
        return self._stakeholder(role) if user is not None else None

    def _meeting(
        self,
        role: Role,
        *,
        days: float,
        minutes: int | None = 60,
        kind: str | None = "sync",
        status: str = "confirmed",
        account: Account | None = None,
        organization: int = 1,
        key: int | None = None,
    ) -> int:
        start = self._before(days=days)
        made = key if key is not None else next(self._ids)
        self.tables["calendar_event_prop"].append(
            self._of(role, account, organization)
            | {
                "id": made,
                "start_time": start,
                "end_time": None if minutes is None else start + timedelta(minutes=minutes),
                "status": status,
                "kind": kind,
                "title": f"{kind or 'meeting'}, {status}",
            }
        )
        return made

    def _attend(
        self,
        meeting: int,
        *,
        attended: bool | None,
        user: int | None = None,
        stakeholder: int | None = None,
        organization: int = 1,
        response: str | None = "",
    ) -> None:
        """Add an attendee; the default response is what they did afterwards."""
        self.tables["calendar_event_attendee"].append(
            {
                "organization_id": organization,
                "event_id": meeting,
                "user_id": user,
                "stakeholder_id": stakeholder,
                "response": {True: "accepted", False: "declined", None: None}[attended] if response == "" else response,
                "attended": attended,
            }
        )

    def _ticket(
        self,
        role: Role,
        *,
        days: float,
        closed: float | None,
        requester: int | None,
        assignee: int | None,
        account: Account | None = None,
        organization: int = 1,
        key: int | None = None,
    ) -> int:
        made = key if key is not None else next(self._ids)
        self.tables["ticket"].append(
            self._of(role, account, organization)
            | {
                "id": made,
                "opened_at": self._before(days=days),
                "closed_at": None if closed is None else self._before(days=closed),
                "status": "open" if closed is None else "closed",
                "requester_id": requester,
                "assignee_id": assignee,
                "sentiment": "negative",
            }
        )
        return made

    def _comment(
        self,
        role: Role,
        ticket: int,
        *,
        hours: float,
        direction: str,
        user: int | None = None,
        stakeholder: int | None = None,
        account: Account | None = None,
        organization: int = 1,
    ) -> None:
        self.tables["ticket_comment"].append(
            self._of(role, account, organization)
            | {
                "id": next(self._ids),
                "ticket_id": ticket,
                "created_at": self._before(hours=hours),
                "direction": direction,
                "user_id": user,
                "stakeholder_id": stakeholder,
            }
        )
