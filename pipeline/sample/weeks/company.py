"""Simulates a landscaping company: each week accounts come and go, estimates are won, renewed and corrected.

This module writes nothing. The same seed, size and first week give the same company with any version of Python.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Final

import numpy as np

from pipeline.sample.draw import names

ORGANIZATIONS: Final = (1, 2)
WARM_UP_WEEKS: Final = 104
"""The company is two years old when the first week is written, so that contracts end and renew from the start."""
NEW_DIVISION_WEEK: Final = WARM_UP_WEEKS + 20
_DIVISIONS: Final = ("Maintenance", "Irrigation", "Landscapes", "Tree Care")
NEW_DIVISION: Final = "Snow"
_SEASON: Final = (0.6, 0.8, 1.4, 1.5, 1.3, 1.0, 0.9, 0.9, 1.0, 1.0, 0.8, 0.5)
"""How busy each month is, relative to an average one."""
INSIGHTS: Final = ("churn_risk", "account_dark", "no_next_meeting", "single_threaded", "positive_sentiment_trend")

Row = dict[str, Any]


@dataclass
class Account:
    """One account in all three systems; `weight` scales its number of events."""

    number: int
    organization_id: int
    name: str
    address: str
    since: date
    weight: float
    tier: int
    owner: int
    status: str = "active"
    churned: date | None = None
    changed: datetime | None = None
    snoozed_until: datetime | None = None
    last_interaction: datetime | None = None

    @property
    def is_active(self) -> bool:
        """Whether the company still works for the account."""
        return self.churned is None


@dataclass
class Estimate:
    """One estimate of LMN; `renewed` is true once a later one replaces it."""

    number: int
    account: Account
    division: str
    price: int
    """In cents."""
    created: date
    status: str = "Estimate In Progress"
    start: date | None = None
    end: date | None = None
    renewed: bool = False


@dataclass
class Company:
    """The company at the instant `today`; `events` has the rows of the platform's event tables so far."""

    size: int
    seed: int
    today: datetime
    week: int = 0
    accounts: list[Account] = field(default_factory=list)
    estimates: list[Estimate] = field(default_factory=list)
    insights: list[Row] = field(default_factory=list)
    events: dict[str, list[Row]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)  # noqa: S311 (made-up data)
        kinds = [names.KINDS[at % len(names.KINDS)] for at in range(self.size * 3)]
        self._names = names.account_names(kinds, np.random.Generator(np.random.PCG64(self.seed)))
        for _ in range(self.size):
            self._add_account()

    def live_a_week(self) -> None:
        """Simulate a week; `today` is then its end."""
        self.week += 1
        self.today += timedelta(weeks=1)
        busy = self._busy()
        for _ in range(self._some(0.004 * self.size * busy)):
            self._add_account()
        for account in self.accounts:
            if account.is_active:
                self._live(account, busy)
        self._renew()
        self._decide()
        self._correct()

    def _busy(self) -> float:
        month, day = self.today.month, self.today.day
        is_christmas = (month == 12 and day > 21) or (month == 1 and day < 7)
        return 0.15 if is_christmas else _SEASON[month - 1]

    def _chance(self, share: float) -> bool:
        return self._random.random() < share

    def _pick(self, choices: tuple[Any, ...]) -> Any:
        return choices[int(self._random.random() * len(choices))]

    def _some(self, mean: float) -> int:
        """Draw a number with this mean: its whole part, or one more with the probability of its fraction."""
        return int(mean) + int(self._chance(mean % 1))

    def _moment(self) -> datetime:
        """Draw an instant of the week."""
        return self.today - timedelta(seconds=1 + int(self._random.random() * 7 * 86_400))

    def _add_account(self) -> None:
        number = len(self.accounts)
        self.accounts.append(
            Account(
                number=number,
                organization_id=ORGANIZATIONS[number % 5 == 4],
                name=self._names[number],
                address=names.street(number * 37, number),
                since=self.today.date(),
                weight=0.3 + 1.4 * self._random.random(),
                tier=1 + int(self._random.random() * 3),
                owner=1 + number % 4,
                changed=self.today,
            )
        )

    def _live(self, account: Account, busy: float) -> None:
        """Simulate a week of an account: it may write, ask for an estimate, be snoozed, get an insight, or leave."""
        if self._chance(0.0008) and self.week > 10:
            account.status, account.churned, account.changed = "churned", self.today.date(), self.today
            return
        if account.organization_id == 1 and self._chance(0.05 * busy):
            price = 50_000 + int(self._random.random() ** 3 * 2_500_000)
            divisions = (*_DIVISIONS, NEW_DIVISION) if self.week >= NEW_DIVISION_WEEK else _DIVISIONS
            self._add_estimate(account, self._pick(divisions), price)
        if self._chance(0.004):
            account.snoozed_until = self.today + timedelta(days=21)
        self._talk(account, busy * account.weight)
        self._notice(account)

    def _add_estimate(self, account: Account, division: str, price: int) -> Estimate:
        estimate = Estimate(len(self.estimates), account, division, price, self._moment().date())
        self.estimates.append(estimate)
        return estimate

    def _decide(self) -> None:
        """Win or lose some estimates that are at least two weeks old."""
        for estimate in self.estimates:
            if estimate.status != "Estimate In Progress" or estimate.created > self.today.date() - timedelta(days=14):
                continue
            if not self._chance(0.35):
                continue
            if not self._chance(0.45):
                estimate.status = "Estimate Lost"
                continue
            self._sign(estimate, _first_of_next_month(self.today.date()))

    def _sign(self, estimate: Estimate, start: date) -> None:
        estimate.status, estimate.start = "Contract Signed", start
        estimate.end = start.replace(year=start.year + 1) - timedelta(days=1)

    def _renew(self) -> None:
        """Renew most contracts in their last hundred days."""
        for estimate in list(self.estimates):
            if estimate.end is None or estimate.renewed or not estimate.account.is_active:
                continue
            left = (estimate.end - self.today.date()).days
            if 0 <= left <= 100 and self._chance(0.13):
                estimate.renewed = True
                renewal = self._add_estimate(estimate.account, estimate.division, estimate.price * 103 // 100)
                self._sign(renewal, estimate.end + timedelta(days=1))

    def _correct(self) -> None:
        """Correct some prices by a few percent."""
        for estimate in self.estimates:
            if self._chance(0.0005):
                estimate.price = estimate.price * (97 + int(self._random.random() * 7)) // 100

    def _notice(self, account: Account) -> None:
        if self._chance(0.012):
            self.insights.append(
                {
                    "organization_id": account.organization_id,
                    "id": len(self.insights) + 1,
                    "data_ref": account.number + 1,
                    "type": self._pick(INSIGHTS),
                    "is_active": True,
                    "created_at": self._moment(),
                    "source": "email",
                }
            )
        for insight in self.insights:
            if insight["data_ref"] == account.number + 1 and insight["is_active"] and self._chance(0.06):
                insight.update(is_active=False, resolved_at=self.today)

    def _talk(self, account: Account, share: float) -> None:
        messages = len(self.events.get("email_prop", ())) + len(self.events.get("chat_message", ()))
        for _ in range(self._some(0.7 * share)):
            self._add_thread("email_prop", "thread_id", "sent_at", account)
        for _ in range(self._some(0.3 * share)):
            self._add_thread("chat_message", "conversation_id", "sent_at", account)
        for _ in range(self._some(0.08 * share)):
            self._add_meeting(account)
        for _ in range(self._some(0.04 * share)):
            self._add_ticket(account)
        if len(self.events.get("email_prop", ())) + len(self.events.get("chat_message", ())) > messages:
            account.last_interaction = self.today - timedelta(hours=1)

    def _event(self, table: str, account: Account, **columns: Any) -> Row:
        rows = self.events.setdefault(table, [])
        rows.append(
            {
                "organization_id": account.organization_id,
                "id": len(rows) + 1,
                "customer_id": account.number + 1,
                **columns,
            }
        )
        return rows[-1]

    def _side(self, account: Account, *, by_team: bool) -> Row:
        return {
            "direction": "team" if by_team else "account",
            "user_id": account.owner,
            "stakeholder_id": account.number * 2 + 1 + self._chance(0.3),
            "sentiment": None if by_team else self._pick(("positive", "neutral", "neutral", "negative", None)),
        }

    def _add_thread(self, table: str, thread: str, at: str, account: Account) -> None:
        """Add one to three messages, of both sides in turn."""
        moment, by_team = self._moment(), self._chance(0.5)
        number = len(self.events.get(table, ())) + 1
        for _ in range(1 + self._some(1.2)):
            if moment >= self.today:
                return
            self._event(table, account, **{thread: number, at: moment}, **self._side(account, by_team=by_team))
            by_team = not by_team
            moment += timedelta(minutes=20 + int(self._random.random() * 2_000))

    def _add_meeting(self, account: Account) -> None:
        start = self._moment() + timedelta(days=14)
        kind = "qbr" if self._chance(0.1) else "call"
        meeting = self._event(
            "calendar_event_prop",
            account,
            start_time=start,
            end_time=start + timedelta(minutes=45),
            status="confirmed" if self._chance(0.95) else "cancelled",
            kind=kind,
            title="Review",
        )
        attendees = self.events.setdefault("calendar_event_attendee", [])
        for side, person in (("user_id", account.owner), ("stakeholder_id", account.number * 2 + 1)):
            attendees.append(
                {"organization_id": account.organization_id, "event_id": meeting["id"], side: person, "attended": True}
            )

    def _add_ticket(self, account: Account) -> None:
        opened = self._moment()
        ticket = self._event(
            "ticket",
            account,
            opened_at=opened,
            status="closed",
            requester_id=account.number * 2 + 1,
            assignee_id=account.owner,
            sentiment="neutral",
        )
        answered = opened + timedelta(hours=5)
        if answered < self.today:
            ticket["closed_at"] = answered
            side = self._side(account, by_team=True)
            self._event("ticket_comment", account, ticket_id=ticket["id"], created_at=answered, **side)


def _first_of_next_month(day: date) -> date:
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1)
