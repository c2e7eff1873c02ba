"""The platform's event tables of a sample: e-mails, chats, meetings with attendees, tickets with comments.

Made with numpy in chunks of customers and appended to Parquet, so that 22 million rows take the memory of one chunk.
Each chunk draws from its own stream of random numbers. Ordinary rows only: what a rule turns on is in `cast_events.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa

from pipeline.ingest.tables import source_table
from pipeline.sample.draw.customers import Customers
from pipeline.sample.draw.population import Population
from pipeline.sample.draw.random_columns import Flags, Integers, Numbers, choose, instants, micros, pick, rows
from pipeline.sample.draw.roles import EVENTS_BY_HAND
from pipeline.sample.files.tables import ParquetFile

SHARES: Final = {"email_prop": 0.45, "chat_message": 0.20, "calendar_event_prop": 0.05, "ticket": 0.03}
"""The part of all events in each table; the rest: three attendees a meeting (15%), four comments a ticket (12%)."""

EVENT_TABLES: Final = (
    "email_prop",
    "chat_message",
    "calendar_event_prop",
    "calendar_event_attendee",
    "ticket",
    "ticket_comment",
)

HISTORY_DAYS: Final = 548
"""Events are spread over the eighteen months before the sample's instant."""

_CHUNK: Final = 1_000_000
"""About how many events are in memory at a time."""

_SECOND: Final = 1_000_000
_DAY: Final = 86_400


@dataclass(frozen=True)
class Traits:
    """How each customer behaves: how much, how lately, how fast, how friendly."""

    weight: Numbers
    """Its part of all events; they add up to 1."""
    recency: Numbers
    """Ages of events are `HISTORY_DAYS` times a uniform number to this power: above 1, more of them are recent."""
    quiet: Integers
    """Seconds of silence before the sample's instant."""
    team_hours: Numbers
    """The usual time in which the team answers this customer."""
    account_hours: Numbers
    mood: Numbers
    """From 0, full of complaints, to 1."""

    def part(self, chunk: slice) -> Traits:
        """Return the traits of a chunk of customers."""
        return Traits(
            self.weight[chunk],
            self.recency[chunk],
            self.quiet[chunk],
            self.team_hours[chunk],
            self.account_hours[chunk],
            self.mood[chunk],
        )


@dataclass(frozen=True)
class Talk:
    """Messages in threads: one entry per message, in the order of thread and time."""

    thread: Integers
    customer: Integers
    """The place of the message's customer in its chunk."""
    by_team: Flags
    instant: Integers
    """Microseconds since 1970."""
    first: Flags
    """Whether the message opens its thread."""


def write_events(
    folder: Path,
    population: Population,
    customers: Customers,
    per_account: int,
    by_hand: dict[str, list[dict[str, Any]]],
) -> dict[str, int]:
    """Write the six event tables: about `per_account` rows for each account, and those `by_hand`; the rows of each."""
    schemas = {name: source_table("platform", name).arrow_schema for name in EVENT_TABLES}
    files = {name: ParquetFile(folder / f"{name}.parquet", schema) for name, schema in schemas.items()}
    total = len(population.accounts) * per_account
    traits = _traits(population, customers)
    step = max(1, _CHUNK * len(customers) // max(total, 1))
    next_id = dict.fromkeys(EVENT_TABLES, 100_001)
    next_thread = dict.fromkeys(EVENT_TABLES, 1_001)

    for number, start in enumerate(range(0, len(customers), step)):
        chunk = _Chunk(population, customers, traits, slice(start, min(start + step, len(customers))), number)
        for name, make in (("email_prop", chunk.emails), ("chat_message", chunk.chats)):
            talk = make(round(total * SHARES[name]), next_thread[name], next_id[name])
            files[name].append(talk)
            next_id[name] += len(talk)
            next_thread[name] += len(talk)
        meetings, attendees = chunk.meetings(
            round(total * SHARES["calendar_event_prop"]), next_id["calendar_event_prop"]
        )
        files["calendar_event_prop"].append(meetings)
        files["calendar_event_attendee"].append(attendees)
        next_id["calendar_event_prop"] += len(meetings)
        tickets, comments = chunk.tickets(round(total * SHARES["ticket"]), next_id["ticket"], next_id["ticket_comment"])
        files["ticket"].append(tickets)
        files["ticket_comment"].append(comments)
        next_id["ticket"] += len(tickets)
        next_id["ticket_comment"] += len(comments)

    for name, made in by_hand.items():
        files[name].append(rows(schemas[name], made))
    for file in files.values():
        file.close()
    return {f"platform.{name}": file.rows for name, file in files.items()}


def _traits(population: Population, customers: Customers) -> Traits:
    random, size = population.random(4, 0), len(customers)
    # Customers differ in how well things go, and that shows in all their traits at once: the scores spread from red to
    # green, as they do in life, where drawing each trait by itself would leave nearly everybody in the middle.
    fortune = random.random(size)

    def leaning(part: float) -> Numbers:
        """Numbers from 0 to 1, of which `part` is the customer's fortune and the rest is luck."""
        return part * fortune + (1.0 - part) * random.random(size)

    weight = np.exp(0.8 * (random.random((size, 6)).sum(axis=1) - 3.0) + 1.0 * fortune)
    weight[random.random(size) < 0.03] = 0.0
    for role in EVENTS_BY_HAND:
        weight[customers.place_of(population.cast[role])] = 0.0
    quiet_days = np.where(random.random(size) < 0.12, 30 + 200 * random.random(size), 0)
    return Traits(
        weight / weight.sum(),
        0.7 + 2.0 * leaning(0.85),
        np.floor(quiet_days * _DAY).astype(np.int64),
        np.exp(3.6 * (1.0 - leaning(0.85))),
        np.exp(0.5 + 3.6 * (1.0 - leaning(0.85))),
        leaning(0.85),
    )


class _Chunk:
    """One chunk of customers and its stream of random numbers."""

    def __init__(self, population: Population, customers: Customers, traits: Traits, chunk: slice, number: int) -> None:
        self._random = population.random(4, 1, number)
        self._now = micros(population.as_of)
        self._traits = traits.part(chunk)
        self._organization = customers.organization[chunk]
        self._customer_id = customers.customer_id[chunk]
        self._team = customers.team[chunk]
        self._first_stakeholder = customers.first_stakeholder[chunk]
        self._stakeholders = customers.stakeholders[chunk]
        self._emails = customers.user_email

    def emails(self, total: int, first_thread: int, first_id: int) -> pa.Table:
        """Return e-mails in threads of about four, answered within hours or days."""
        owner, lengths = self._threads(total, 4.0)
        talk = self._talk(owner, lengths, pace=1.0)
        return self._message_table(talk, first_id, thread_id=pa.array(first_thread + talk.thread))

    def chats(self, total: int, first_thread: int, first_id: int) -> pa.Table:
        """Return chat messages in conversations of about nine, answered within minutes, to the millisecond."""
        owner, lengths = self._threads(total, 9.0)
        talk = self._talk(owner, lengths, pace=0.05, milliseconds=True)
        return self._message_table(talk, first_id, conversation_id=pa.array(first_thread + talk.thread))

    def meetings(self, total: int, first_id: int) -> tuple[pa.Table, pa.Table]:
        """Return meetings on half hours of working days' length, some ahead, and who was asked to them."""
        random, traits = self._random, self._traits
        owner = self._owners(self._counts(total))
        size = len(owner)
        age = self._ages(owner)
        ahead = (random.random(size) < 0.08) & (traits.quiet[owner] == 0)
        age = np.where(ahead, -np.floor(random.random(size) * 45 * _DAY).astype(np.int64) - _DAY, age)
        day = (self._now // _SECOND - age) // _DAY
        start = (day * _DAY + 8 * 3_600 + 1_800 * random.integers(0, 20, size)) * _SECOND
        minutes = np.asarray((15, 30, 45, 60, 90, 120), dtype=np.int64)[choose(random, (2, 8, 3, 6, 2, 1), size)]
        end = start + minutes * 60 * _SECOND
        ids = np.arange(first_id, first_id + size, dtype=np.int64)
        lead = self._team[owner, choose(random, (6, 3, 1), size)]
        table = self._table(
            "calendar_event_prop",
            owner,
            id=pa.array(ids),
            start_time=instants(start),
            end_time=instants(end, random.random(size) < 0.003),
            status=pick(("confirmed", "cancelled", "tentative", None), choose(random, (90, 8, 1, 1), size)),
            kind=pick(("sync", "qbr", "onboarding", "renewal", None), choose(random, (70, 8, 5, 7, 10), size)),
            organizer_email=self._email_of(lead),
            title=pick(
                ("Site walk", "Quarterly review", "Kick-off", "Contract talk", "Check-in"), random.integers(0, 5, size)
            ),
        )
        return table, self._attendees(owner, ids)

    def tickets(self, total: int, first_id: int, first_comment: int) -> tuple[pa.Table, pa.Table]:
        """Return tickets that the customer opened and the comments on them; a seventh have none."""
        random = self._random
        owner = self._owners(self._counts(total))
        size = len(owner)
        lengths = 1 + np.where(random.random(size) < 0.15, 0, self._lengths(size, 4.7))
        talk = self._talk(owner, lengths, pace=0.8, opened_by_account=True)
        opening, comment = talk.first, ~talk.first
        ends = np.cumsum(lengths) - 1
        closed = random.random(size) < 0.8
        sentiment, unfelt = self._sentiment(talk.customer)
        table = self._table(
            "ticket",
            owner,
            id=pa.array(np.arange(first_id, first_id + size, dtype=np.int64)),
            opened_at=instants(talk.instant[opening]),
            closed_at=instants(talk.instant[ends], ~closed),
            status=pick(("closed", "solved", "open", "pending"), np.where(closed, 0, 2) + random.integers(0, 2, size)),
            requester_id=self._stakeholder(owner),
            assignee_id=self._user(owner, absent=0.06),
            sentiment=pick(_SENTIMENTS, sentiment[opening], unfelt[opening]),
        )
        about = talk.customer[comment]
        comments = self._table(
            "ticket_comment",
            about,
            id=pa.array(np.arange(first_comment, first_comment + len(about), dtype=np.int64)),
            ticket_id=pa.array(first_id + talk.thread[comment]),
            created_at=instants(talk.instant[comment]),
            direction=_direction(talk.by_team[comment]),
            user_id=self._user(about, absent=0.02),
            stakeholder_id=self._stakeholder(about),
            sentiment=pick(_SENTIMENTS, sentiment[comment], unfelt[comment]),
        )
        return table, comments

    # who and when

    def _counts(self, total: int) -> Integers:
        """Return how many of `total` rows each customer of the chunk has; the fractions are settled by lot."""
        wanted = total * self._traits.weight
        made = np.floor(wanted + self._random.random(len(wanted)))
        return np.where(wanted == 0.0, 0.0, made).astype(np.int64)

    def _owners(self, counts: Integers) -> Integers:
        return np.repeat(np.arange(len(counts), dtype=np.int64), counts)

    def _lengths(self, size: int, mean: float) -> Integers:
        """Return lengths from 1 on, `mean` on average."""
        draw = self._random.random(size)
        lengths: Integers = np.floor(np.log1p(-draw) / np.log1p(-1.0 / mean)).astype(np.int64)
        return np.minimum(1 + lengths, 40)

    def _threads(self, total: int, mean: float) -> tuple[Integers, Integers]:
        """Cut each customer's messages into threads; the customer and the length of each thread."""
        counts = self._counts(total)
        owner = self._owners(counts)
        opens = self._random.random(len(owner)) < 1.0 / mean
        opens[(np.cumsum(counts) - counts)[counts > 0]] = True
        starts = np.flatnonzero(opens)
        return owner[starts], np.diff(starts, append=len(owner)).astype(np.int64)

    def _ages(self, owner: Integers) -> Integers:
        """Return how many seconds before the sample's instant things of these customers happened."""
        traits, draw = self._traits, self._random.random(len(owner))
        spread = HISTORY_DAYS * _DAY - traits.quiet[owner]
        return traits.quiet[owner] + 1 + np.floor(spread * draw ** traits.recency[owner]).astype(np.int64)

    def _talk(
        self,
        owner: Integers,
        lengths: Integers,
        *,
        pace: float,
        opened_by_account: bool = False,
        milliseconds: bool = False,
    ) -> Talk:
        """Let both sides speak in threads of these customers and lengths; `pace` scales the time between messages."""
        random, traits = self._random, self._traits
        size, starts = int(lengths.sum()), np.cumsum(lengths) - lengths
        thread = np.repeat(np.arange(len(lengths), dtype=np.int64), lengths)
        customer = owner[thread]
        first = np.zeros(size, dtype=np.bool_)
        first[starts] = True

        # Most messages answer the one before; the others follow up on their own side.
        turns = np.cumsum(random.random(size) < 0.75)
        swapped = (turns - turns[starts][thread]) % 2 == 1
        if opened_by_account:
            opened_by_team = np.zeros(len(lengths), dtype=np.bool_)
        else:
            team_speaks_last = random.random(len(lengths)) < 0.6
            opened_by_team = team_speaks_last ^ swapped[starts + lengths - 1]
        by_team = opened_by_team[thread] ^ swapped

        answers = by_team != np.roll(by_team, 1)
        hours = np.where(answers, np.where(by_team, traits.team_hours[customer], traits.account_hours[customer]), 3.0)
        noise = np.exp(1.6 * (random.random(size) + random.random(size) - 1.0))
        gap = np.minimum(np.floor(hours * noise * (3_600 * pace)), 10.0 * _DAY).astype(np.int64)
        gap[first] = 0
        since = np.cumsum(gap)
        since -= since[starts][thread]
        span = since[starts + lengths - 1]
        opened = self._now // _SECOND - self._ages(owner) - span
        instant = (opened[thread] + since) * _SECOND
        if milliseconds:
            # The whole thread is shifted, so that the order of its messages stays.
            instant += (random.integers(0, 1_000, len(lengths)) * 1_000)[thread]
        return Talk(thread, customer, by_team, instant, first)

    def _user(self, customer: Integers, *, absent: float) -> pa.Array:
        chosen = self._team[customer, choose(self._random, (6, 2.5, 1.5), len(customer))]
        return pa.array(chosen, mask=self._random.random(len(customer)) < absent)

    def _stakeholder(self, customer: Integers) -> pa.Array:
        count = self._stakeholders[customer]
        chosen = self._first_stakeholder[customer] + np.floor(self._random.random(len(customer)) ** 1.5 * count).astype(
            np.int64
        )
        return pa.array(chosen, mask=(count == 0) | (self._random.random(len(customer)) < 0.02))

    def _sentiment(self, customer: Integers) -> tuple[Integers, Flags]:
        """Return places in `_SENTIMENTS`, and which messages have none."""
        mood, draw = self._traits.mood[customer], self._random.random(len(customer))
        positive, negative = 0.02 + 0.8 * mood**1.5, 0.02 + 0.7 * (1.0 - mood) ** 2.5
        choice = np.where(draw < positive, 0, np.where(draw < positive + negative, 2, 1)).astype(np.int64)
        return choice, self._random.random(len(customer)) < 0.06

    def _email_of(self, users: Integers) -> pa.Array:
        ids, place = np.unique(users, return_inverse=True)
        return pick([self._emails[key] for key in ids.tolist()], place.astype(np.int64))

    def _attendees(self, owner: Integers, ids: Integers) -> pa.Table:
        random = self._random
        count = self._stakeholders[owner]
        ours = 1 + random.integers(0, 2, len(owner))
        theirs = np.minimum(choose(random, (10, 45, 30, 15), len(owner)), count)
        each = ours + theirs
        meeting = np.repeat(np.arange(len(owner), dtype=np.int64), each)
        nth = np.arange(len(meeting), dtype=np.int64) - np.repeat(np.cumsum(each) - each, each)
        is_user = nth < ours[meeting]
        who = owner[meeting]
        lead = np.where(random.random(len(owner)) < 0.6, 0, 1)[meeting]
        user = self._team[who, (lead + nth) % 3]
        place = (random.integers(0, 8, len(owner))[meeting] + nth) % np.maximum(count[meeting], 1)
        stakeholder = self._first_stakeholder[who] + place
        size = len(meeting)
        attended = choose(random, (88, 6, 6), size)
        return self._table(
            "calendar_event_attendee",
            who,
            event_id=pa.array(ids[meeting]),
            user_id=pa.array(user, mask=~is_user),
            stakeholder_id=pa.array(stakeholder, mask=is_user),
            response=pick(
                ("accepted", "declined", "tentative", "needsAction", None), choose(random, (70, 6, 6, 14, 4), size)
            ),
            attended=pa.array(attended == 0, mask=attended == 2),
        )

    # how it is written

    def _message_table(self, talk: Talk, first_id: int, **thread: pa.Array) -> pa.Table:
        size = len(talk.thread)
        sentiment, unfelt = self._sentiment(talk.customer)
        return self._table(
            "email_prop" if "thread_id" in thread else "chat_message",
            talk.customer,
            id=pa.array(np.arange(first_id, first_id + size, dtype=np.int64)),
            **thread,
            sent_at=instants(talk.instant),
            direction=_direction(talk.by_team),
            user_id=self._user(talk.customer, absent=0.01),
            stakeholder_id=self._stakeholder(talk.customer),
            sentiment=pick(_SENTIMENTS, sentiment, unfelt),
        )

    def _table(self, name: str, customer: Integers, **columns: Any) -> pa.Table:
        schema = source_table("platform", name).arrow_schema
        columns["organization_id"] = pa.array(self._organization[customer])
        if "customer_id" in schema.names:
            columns["customer_id"] = pa.array(self._customer_id[customer])
        return pa.table({field: columns[field] for field in schema.names}, schema=schema)


_SENTIMENTS: Final = ("positive", "neutral", "negative")


def _direction(by_team: Flags) -> pa.Array:
    return pick(("account", "team"), by_team.astype(np.int64))
