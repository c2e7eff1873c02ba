"""Draws one chunk of a sample's events with numpy: messages, meetings and tickets of some customers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa

from pipeline.ingest.tables import source_table
from pipeline.sample.draw.customers import Customers
from pipeline.sample.draw.population import Population
from pipeline.sample.draw.random_columns import Flags, Integers, choose, instants, micros, pick
from pipeline.sample.draw.traits import DAY_SECONDS, HISTORY_DAYS, Traits

_SECOND: Final = 1_000_000


@dataclass(frozen=True)
class Talk:
    """Messages in threads: one entry per message, sorted by thread and time."""

    thread: Integers
    customer: Integers
    """The position of the message's customer in its chunk."""
    by_team: Flags
    instant: Integers
    """Microseconds since 1970."""
    first: Flags
    """Whether the message opens its thread."""


class EventChunk:
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
        """Return meetings that start on half hours, some of them in the future, and their attendees."""
        random, traits = self._random, self._traits
        owner = self._owners(self._counts(total))
        size = len(owner)
        age = self._ages(owner)
        ahead = (random.random(size) < 0.08) & (traits.quiet[owner] == 0)
        age = np.where(ahead, -np.floor(random.random(size) * 45 * DAY_SECONDS).astype(np.int64) - DAY_SECONDS, age)
        day = (self._now // _SECOND - age) // DAY_SECONDS
        start = (day * DAY_SECONDS + 8 * 3_600 + 1_800 * random.integers(0, 20, size)) * _SECOND
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
        """Return tickets that customers opened, and their comments; a seventh of the tickets have none."""
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

    # people and times

    def _counts(self, total: int) -> Integers:
        """Return how many of `total` rows each customer of the chunk has; fractions are rounded at random."""
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
        """Split each customer's messages into threads; return the customer and the length of each thread."""
        counts = self._counts(total)
        owner = self._owners(counts)
        opens = self._random.random(len(owner)) < 1.0 / mean
        opens[(np.cumsum(counts) - counts)[counts > 0]] = True
        starts = np.flatnonzero(opens)
        return owner[starts], np.diff(starts, append=len(owner)).astype(np.int64)

    def _ages(self, owner: Integers) -> Integers:
        """Return how many seconds before the sample's instant an event of each of these customers was."""
        traits, draw = self._traits, self._random.random(len(owner))
        spread = HISTORY_DAYS * DAY_SECONDS - traits.quiet[owner]
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
        """Draw the messages of threads of these customers and lengths; `pace` scales the time between messages."""
        random, traits = self._random, self._traits
        size, starts = int(lengths.sum()), np.cumsum(lengths) - lengths
        thread = np.repeat(np.arange(len(lengths), dtype=np.int64), lengths)
        customer = owner[thread]
        first = np.zeros(size, dtype=np.bool_)
        first[starts] = True

        # most messages answer the previous one; in the others, the same side writes again
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
        gap = np.minimum(np.floor(hours * noise * (3_600 * pace)), 10.0 * DAY_SECONDS).astype(np.int64)
        gap[first] = 0
        since = np.cumsum(gap)
        since -= since[starts][thread]
        span = since[starts + lengths - 1]
        opened = self._now // _SECOND - self._ages(owner) - span
        instant = (opened[thread] + since) * _SECOND
        if milliseconds:
            # all messages of a thread are shifted equally, so that their order stays
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
        """Return positions in `_SENTIMENTS`, and which messages have none."""
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

    # tables

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
