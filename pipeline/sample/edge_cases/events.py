"""Events of the cast: message runs, unanswered threads, odd meetings, people who do not count, edges of tenants."""

from __future__ import annotations

from itertools import count

from pipeline.sample.draw.customers import Customers
from pipeline.sample.draw.population import Population
from pipeline.sample.draw.roles import Role
from pipeline.sample.edge_cases.event_rows import EventRows, Row
from pipeline.sample.edge_cases.platform import NOBODY, other_tenants_account, other_tenants_user


def cast_events(population: Population, customers: Customers, excluded_user: int) -> dict[str, list[Row]]:
    """Return hand-made rows by event table, and summaries of meetings; `excluded_user` is one of the CRM's tenant."""
    scenes = _Scenes(population, customers)
    scenes.runs()
    scenes.unanswered()
    scenes.meetings()
    scenes.people(excluded_user)
    scenes.tickets()
    scenes.edges_of_tenants()
    scenes.after_the_instant()
    scenes.seasons_old()
    scenes.meeting_texts()
    scenes.calls()
    return scenes.tables


class _Scenes(EventRows):
    """The edge cases of events: each method adds the rows of one."""

    def runs(self) -> None:
        """Add runs of one side, answers after known times, and two messages at one instant, whose ids decide."""
        owner, second, _ = self._team(Role.RUNS)
        # account, account, then team 3 h after the first; account after 90 min; team twice at one instant 45 min later
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
        """Add threads whose last message, of either side, is 23, 24 or 25 hours old."""
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
        """Add meetings that are cancelled, planned, endless, reversed or overlong, and attendees who stayed away."""
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
        self._meeting(Role.ODD_MEETINGS, days=0)  # starts exactly at the instant, so it counts as held
        self._meeting(Role.ODD_MEETINGS, days=-3, kind="qbr", status="cancelled")
        self._meeting(Role.ODD_MEETINGS, days=-7, kind="qbr", status="tentative")
        ahead = self._meeting(Role.ODD_MEETINGS, days=-14, kind="QBR")
        self._attend(ahead, stakeholder=first, attended=None)
        self._meeting(Role.ODD_MEETINGS, days=-28, kind="qbr")
        self._attend(NOBODY, user=owner, attended=True)  # an unknown meeting

    def people(self, excluded_user: int) -> None:
        """Add messages of an excluded user, of people who opted out, are muted or decide, and of unknown people."""
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
        """Add tickets with and without comments, still open, closed before they were opened, without a requester."""
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
        self._comment(role, NOBODY, hours=72, direction="account", stakeholder=person)  # an unknown ticket

    def edges_of_tenants(self) -> None:
        """Add rows of a tenant about another tenant's customer, and rows with another tenant's people."""
        theirs = other_tenants_account(self._population)
        foreign = other_tenants_user(self._customers)
        their_person = int(self._customers.first_stakeholder[self._customers.place_of(theirs)])
        role = Role.AT_THE_EDGE_OF_TENANTS
        # rows of the first tenant with people of the second
        self._message("email_prop", role, thread=1, hours=30, direction="team", user=foreign, stakeholder=their_person)
        held = self._meeting(role, days=2)
        self._attend(held, user=foreign, attended=True)
        self._attend(held, stakeholder=their_person, attended=True)
        # later rows of the second tenant in the same thread, about a customer that only the first tenant has
        flagship = self._cast[Role.FLAGSHIP]
        for table in ("email_prop", "chat_message"):
            self._message(
                table, role, thread=1, hours=1, direction="team", user=foreign, account=flagship, organization=2
            )
        # a meeting and a ticket of the second tenant with ids of the first
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
        # an unknown customer
        self._message("email_prop", role, thread=2, hours=9, direction="account", user=None, customer_id=NOBODY)

    def after_the_instant(self) -> None:
        """Add rows from the future, which do not count yet."""
        role = Role.FLAGSHIP
        owner, *_ = self._team(role)
        for table in ("email_prop", "chat_message"):
            self._message(table, role, thread=3, hours=-5, direction="account", user=owner)
        self._ticket(role, days=-2, closed=None, requester=None, assignee=owner)

    def seasons_old(self) -> None:
        """Add threads whose last message, of either side, is 90 days old, or a second younger."""
        owner, *_ = self._team(Role.UNANSWERED)
        thread = count(21)
        for direction in ("account", "team"):
            for hours in (90 * 24.0 - 1 / 3_600, 90 * 24.0):
                self._message(
                    "email_prop", Role.UNANSWERED, thread=next(thread), hours=hours, direction=direction, user=owner
                )

    def meeting_texts(self) -> None:
        """Add summaries: two of one meeting, one from the future, of a cancelled, another customer's and no meeting."""
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
        """Add calls that a person accepted, one of them without attending, and one without a response."""
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
