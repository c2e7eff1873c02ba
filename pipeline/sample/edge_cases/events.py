"""Events of the cast: message runs, unanswered threads, odd meetings, people who do not count, edges of tenants."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from pipeline.sample.draw.customers import Customers
from pipeline.sample.draw.population import Account, Population
from pipeline.sample.draw.roles import Role
from pipeline.sample.edge_cases.platform import FIRST_ID, NOBODY, other_tenants_account, other_tenants_user

Row = dict[str, Any]


def cast_events(population: Population, customers: Customers, excluded_user: int) -> dict[str, list[Row]]:
    """Return hand-made rows by event table, and summaries of meetings; `excluded_user` is one of the CRM's tenant."""
    stage = _Stage(population, customers)
    stage.runs()
    stage.unanswered()
    stage.meetings()
    stage.people(excluded_user)
    stage.tickets()
    stage.edges_of_tenants()
    stage.after_the_instant()
    stage.seasons_old()
    stage.meeting_texts()
    stage.calls()
    return stage.tables


class _Stage:
    """Collects the rows; ids count up over all tables."""

    def __init__(self, population: Population, customers: Customers) -> None:
        self.tables: dict[str, list[Row]] = {
            name: []
            for name in (
                "email_prop",
                "chat_message",
                "calendar_event_prop",
                "calendar_event_attendee",
                "ticket",
                "ticket_comment",
                "ai_summary",
            )
        }
        self._population = population
        self._customers = customers
        self._cast = population.cast
        self._ids: Iterator[int] = count(FIRST_ID)

    def runs(self) -> None:
        """Runs of one side, answers after known times, and two messages of one instant, whose ids decide."""
        owner, second, _ = self._team(Role.RUNS)
        # account, account, team after 3 h of the first; account after 90 min; team, team of one instant 45 min later
        for hours, direction, user in (
            (100.0, "account", owner),
            (99.0, "account", owner),
            (97.0, "team", owner),
            (95.5, "account", owner),
            (94.75, "team", second),
            (94.75, "team", owner),
        ):
            self._message(
                "email_prop", Role.RUNS, thread=1, hours=hours, direction=direction, user=user, sentiment="positive"
            )
        # in chat, to the microsecond: the answer after 0.999999 s counts as 0 whole seconds
        for seconds, direction in (
            (7_200.000001, "team"),
            (7_200.0, "team"),
            (7_199.000002, "account"),
            (3_600.0, "team"),
        ):
            self._message("chat_message", Role.RUNS, thread=1, hours=seconds / 3_600, direction=direction, user=owner)

    def unanswered(self) -> None:
        """Threads whose last message is 23, 24 and 25 hours old, of either side."""
        owner, *_ = self._team(Role.UNANSWERED)
        thread = count(1)
        for table in ("email_prop", "chat_message"):
            for direction in ("account", "team"):
                for hours in (23.0, 24.0, 24.0 + 1 / 3_600, 25.0):
                    self._message(
                        table, Role.UNANSWERED, thread=next(thread), hours=hours, direction=direction, user=owner
                    )
        self._message("email_prop", Role.UNANSWERED, thread=next(thread), hours=0.0, direction="account", user=None)

    def meetings(self) -> None:
        """Cancelled, future, endless, backward and overlong meetings; attendees who did not come."""
        owner, second, third = self._team(Role.ODD_MEETINGS)
        first = self._stakeholder(Role.ODD_MEETINGS)
        held = self._meeting(Role.ODD_MEETINGS, days=10, kind="qbr")
        self._attend(held, user=owner, attended=True)
        self._attend(held, user=second, attended=False)
        self._attend(held, user=third, attended=None)
        self._attend(held, stakeholder=first, attended=True)
        self._attend(held, stakeholder=first + 1, attended=False)
        cancelled = self._meeting(Role.ODD_MEETINGS, days=5, kind="qbr", status="cancelled")
        self._attend(cancelled, user=owner, attended=True)
        self._attend(self._meeting(Role.ODD_MEETINGS, days=20, minutes=None), user=owner, attended=True)
        self._attend(self._meeting(Role.ODD_MEETINGS, days=21, minutes=-30), user=owner, attended=True)
        self._attend(self._meeting(Role.ODD_MEETINGS, days=30, minutes=30 * 60), user=owner, attended=True)
        self._attend(self._meeting(Role.ODD_MEETINGS, days=40, minutes=0), user=NOBODY, attended=True)
        self._meeting(Role.ODD_MEETINGS, days=0)  # starts at the very instant: held
        self._meeting(Role.ODD_MEETINGS, days=-3, kind="qbr", status="cancelled")
        self._meeting(Role.ODD_MEETINGS, days=-7, kind="qbr", status="tentative")
        ahead = self._meeting(Role.ODD_MEETINGS, days=-14, kind="QBR")
        self._attend(ahead, stakeholder=first, attended=None)
        self._meeting(Role.ODD_MEETINGS, days=-28, kind="qbr")
        self._attend(NOBODY, user=owner, attended=True)  # of no meeting

    def people(self, excluded_user: int) -> None:
        """Messages of an excluded user, of people who opted out, are muted, decide; and of nobody known."""
        role = Role.PEOPLE_WHO_DO_NOT_COUNT
        opted_out = self._stakeholder(role)
        muted, decides, ordinary = opted_out + 1, opted_out + 2, opted_out + 3
        owner, *_ = self._team(role)
        thread = count(1)
        for days, direction, user, stakeholder in (
            (3, "team", excluded_user, ordinary),
            (4, "account", owner, opted_out),
            (5, "account", owner, muted),
            (6, "account", owner, ordinary),
            (91, "account", owner, decides),
            (92, "team", owner, decides),
            (7, "account", None, None),
            (8, "account", NOBODY, NOBODY),
        ):
            for table in ("email_prop", "chat_message"):
                self._message(
                    table,
                    role,
                    thread=next(thread),
                    hours=24.0 * days,
                    direction=direction,
                    user=user,
                    stakeholder=stakeholder,
                    sentiment="negative" if direction == "account" else None,
                )
        held = self._meeting(role, days=12)
        self._attend(held, user=excluded_user, attended=True)
        self._attend(held, stakeholder=opted_out, attended=True)

    def tickets(self) -> None:
        """Tickets with and without comments, still open, closed before they were opened, of nobody."""
        role = Role.ODD_TICKETS
        owner, second, _ = self._team(role)
        person = self._stakeholder(role)
        answered = self._ticket(role, days=30, closed=20, requester=person, assignee=owner)
        self._comment(role, answered, hours=30 * 24 - 2, direction="team", user=owner)
        self._comment(role, answered, hours=30 * 24 - 3, direction="account", stakeholder=person)
        self._comment(role, answered, hours=30 * 24 - 7.5, direction="team", user=second)
        self._ticket(role, days=12, closed=None, requester=person, assignee=None)
        self._ticket(role, days=400, closed=410, requester=None, assignee=owner)
        early = self._ticket(role, days=50, closed=None, requester=person, assignee=second)
        self._comment(role, early, hours=50 * 24 + 1, direction="team", user=second)  # before the ticket was opened
        self._comment(role, NOBODY, hours=72, direction="account", stakeholder=person)  # on no ticket

    def edges_of_tenants(self) -> None:
        """Rows of one tenant about another's customer, and people of another tenant in a tenant's rows."""
        theirs = other_tenants_account(self._population)
        foreign = other_tenants_user(self._customers)
        their_person = int(self._customers.first_stakeholder[self._customers.place_of(theirs)])
        role = Role.AT_THE_EDGE_OF_TENANTS
        # our rows, their people
        self._message("email_prop", role, thread=1, hours=30, direction="team", user=foreign, stakeholder=their_person)
        held = self._meeting(role, days=2)
        self._attend(held, user=foreign, attended=True)
        self._attend(held, stakeholder=their_person, attended=True)
        # their rows about our customer, which they do not have, in the same thread, later than all of ours
        flagship = self._cast[Role.FLAGSHIP]
        for table in ("email_prop", "chat_message"):
            self._message(
                table, role, thread=1, hours=1, direction="team", user=foreign, account=flagship, organization=2
            )
        # their meeting and ticket bear the ids of ours
        their_meeting = self._meeting(role, days=1, account=theirs, organization=2, key=held)
        self._attend(their_meeting, user=foreign, attended=True, organization=2)
        ticket = self._ticket(role, days=3, closed=None, requester=None, assignee=foreign)
        self._ticket(
            role,
            days=2,
            closed=None,
            requester=their_person,
            assignee=foreign,
            account=theirs,
            organization=2,
            key=ticket,
        )
        self._comment(role, ticket, hours=5, direction="team", user=foreign, account=theirs, organization=2)
        # of a customer that nobody has
        self._message("email_prop", role, thread=2, hours=9, direction="account", user=None, customer_id=NOBODY)

    def after_the_instant(self) -> None:
        """Rows from the future, which do not count yet."""
        role = Role.FLAGSHIP
        owner, *_ = self._team(role)
        for table in ("email_prop", "chat_message"):
            self._message(table, role, thread=3, hours=-5, direction="account", user=owner)
        self._ticket(role, days=-2, closed=None, requester=None, assignee=owner)

    def seasons_old(self) -> None:
        """Threads whose last message is 90 days old, and a second less, of either side."""
        owner, *_ = self._team(Role.UNANSWERED)
        thread = count(21)
        for direction in ("account", "team"):
            for hours in (90 * 24.0 - 1 / 3_600, 90 * 24.0):
                self._message(
                    "email_prop", Role.UNANSWERED, thread=next(thread), hours=hours, direction=direction, user=owner
                )

    def meeting_texts(self) -> None:
        """Two summaries of one meeting, one not written yet, and those of a cancelled one, another customer's, none."""
        role = Role.ODD_MEETINGS
        of = self._of(role, None, 1)
        meetings = [row for row in self.tables["calendar_event_prop"] if of.items() <= row.items()]
        held, cancelled = (int(row["id"]) for row in meetings[:2])
        for event, days, text, of_customer in (
            (held, 9, "Draft", of),
            (held, 8, 'They like the "new" crew;\nsalt early.', of),
            (held, -1, "Not written yet", of),
            (cancelled, 5, "Nobody met", of),
            (held, 7, "Another customer's", self._of(Role.FLAGSHIP, None, 1)),
            (NOBODY, 6, "Of no meeting", of),
        ):
            self.tables["ai_summary"].append(
                of_customer
                | {
                    "id": next(self._ids),
                    "event_id": event,
                    "kind": "meeting",
                    "summary": text,
                    "created_at": self._before(days=days),
                }
            )

    def calls(self) -> None:
        """Calls that one person accepted, one of them without coming, and one that they came to without an answer."""
        role = Role.PEOPLE_WHO_DO_NOT_COUNT
        person = self._stakeholder(role) + 3
        for days, kind, response, attended in (
            (20, "call", "accepted", True),
            (21, " Video ", " Accepted", True),
            (22, "video", "accepted", False),
            (23, "call", None, None),
            (-9, "call", "accepted", None),
        ):
            call = self._meeting(role, days=days, kind=kind, minutes=30)
            self._attend(call, stakeholder=person, attended=attended, response=response)

    # rows

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
                # threads of a role lie side by side, and their ids are the same in both channels
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
        """Add an attendee row; unless a response is given, it is what they then did."""
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
