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


class _Stage(EventRows):
    """The scenes: each adds the rows of one edge."""

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
        # their meeting and ticket have the ids of ours
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
