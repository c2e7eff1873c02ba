"""Whether the rules know the words in a source's columns. With another vocabulary, nothing would be won or cancelled.

The guard `lost_words` detects words that were renamed between two runs; this one also works on a first run.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Final

from pipeline.guards.findings import Finding, found, listed
from pipeline.guards.near_headers import is_near
from pipeline.guards.source_profile import TableProfile
from pipeline.guards.thresholds import Guard
from pipeline.paths import DBT_PROJECT

Words = frozenset[str]

_SENTIMENTS: Final = "positive, neutral, negative"
_ALL: Final = {
    "lmn.estimates_list.estimate_type": "standard, service",
    "crm.estimates.estimate_type": "standard, service",
    "platform.calendar_event_prop.status": "confirmed, cancelled, tentative",
    "platform.chat_message.sentiment": _SENTIMENTS,
    "platform.email_prop.sentiment": _SENTIMENTS,
    "platform.ticket.sentiment": _SENTIMENTS,
    "platform.ticket_comment.sentiment": _SENTIMENTS,
    "platform.topic_mention.sentiment": _SENTIMENTS,
    "platform.user_api_token.kind": "email, calendar, chat, ticket",
}
"""Columns that have hardly any words except these."""
_SOME: Final = {
    "lmn.contacts_export.account_type": "client, customer, lead, prospect",
    "crm.accounts.account_type": "client, customer, lead, prospect",
    "platform.ai_summary.kind": "account, renewal, churn, meeting",
    "platform.calendar_event_attendee.response": "accepted, declined",
    "platform.stakeholder.role": "decision maker, champion, executive sponsor",
    "platform.topic_mention.channel": "email, chat, ticket, video, meeting, call",
    "platform.users.state": "active",
}
"""Columns that may have many words besides these."""
_LOOKED_FOR: Final = {
    "crm.accounts.icp_status": "na",
    "crm.accounts.status": "archived",
    "platform.calendar_event_prop.kind": "qbr",
    "platform.customer.status": "churned",
}
"""Words that rules look for in columns with an arbitrary vocabulary."""
_INSIGHTS: Final = "platform.insight.type"
KNOWN_COLUMNS: Final = (*_ALL, *_SOME, _INSIGHTS)
"""The columns whose words the rules know, apart from the status and pipeline of estimates."""
_ESTIMATES: Final = ("lmn.estimates_list", "crm.estimates")
_WON_PIPELINE: Final = "sold"
"""The start of the pipeline status of a won estimate (D4)."""
_SHORT: Final = 4
"""A word up to this length resembles many others: `lead`, `dead`."""


def known_words_of(table: str, column: str) -> Words:
    """Return the words that the rules know in a column; most columns have none."""
    name = f"{table}.{column}"
    return _all_of().get(name) or _some_of().get(name) or frozenset()


def is_looked_for(table: str, column: str, word: str) -> bool:
    """Return whether a rule looks for a word in a column."""
    return _folded(word) in known_words_of(table, column) or _folded(word) == _LOOKED_FOR.get(f"{table}.{column}")


def judge_known_words(now: TableProfile, before: TableProfile | None, guard: Guard) -> Iterator[Finding]:
    """Find columns with hardly any word that the rules know, and words that resemble one."""
    for column, words in now.words.items():
        name = f"{now.name}.{column}"
        all_of, some_of = _all_of().get(name), _some_of().get(name)
        known = all_of or some_of or (_won_statuses() if now.name in _ESTIMATES and column == "status" else None)
        if known is None:
            continue
        others = {word: cells for word, cells in words.items() if _folded(word) not in known}
        cells, unknown = sum(words.values()), sum(others.values())
        is_judged = cells >= guard.thresholds["least"]
        if is_judged and some_of and unknown == cells:
            says = f"the rules know none of its words; they know {listed(sorted(known))}"
            yield found(guard, "warn", name, says, now=listed(others))
        elif is_judged and all_of and 100 * unknown > guard.thresholds["warn"] * cells:
            says = f"the rules do not know most of its words; they know {listed(sorted(known))}"
            yield found(guard, "warn", name, says, now=listed(others))
        else:
            was = before.words.get(column, {}) if before is not None else {}
            yield from _near_words(name, {word: n for word, n in others.items() if word not in was}, known, guard)


def judge_won(tables: Sequence[TableProfile], guard: Guard) -> Iterator[Finding]:
    """Find estimates none of which is won according to its status or pipeline status, so that there is no revenue."""
    estimates = [table for table in tables if table.name in _ESTIMATES and table.words]
    words = {
        column: [word for table in estimates for word in table.words.get(column, {})]
        for column in ("status", "pipeline_status")
    }
    is_won = any(_folded(word) in _won_statuses() for word in words["status"])
    is_won = is_won or any(_folded(word).startswith(_WON_PIPELINE) for word in words["pipeline_status"])
    # a column with too many different texts has values but no words in its profile
    is_known = all(table.words.get(column) or not table.values.get(column) for table in estimates for column in words)
    cells = sum(sum(table.words.get(column, {}).values()) for table in estimates for column in words)
    if estimates and is_known and not is_won and cells >= guard.thresholds["least"]:
        says = "no estimate is won: neither its status nor its pipeline status has a word that means won"
        now = listed(dict.fromkeys([*words["status"], *words["pipeline_status"]]))
        yield found(guard, "warn", f"{estimates[0].name}.status", says, now=now)


def _near_words(name: str, others: Mapping[str, int], known: Words, guard: Guard) -> Iterator[Finding]:
    distance = int(guard.thresholds["distance"])
    enough = [word for word, cells in others.items() if cells >= guard.thresholds["near_least"]]
    pairs = [
        (word, one) for word in enough for one in sorted(known) if len(one) > _SHORT and is_near(one, word, distance)
    ]
    if pairs:
        says = f"some words resemble words that the rules know: {listed(dict.fromkeys(one for _, one in pairs))}"
        yield found(guard, "warn", name, says, now=listed(dict.fromkeys(word for word, _ in pairs)))


@cache
def _all_of() -> dict[str, Words]:
    return {name: frozenset(words.split(", ")) for name, words in _ALL.items()}


@cache
def _some_of() -> dict[str, Words]:
    known = {name: frozenset(words.split(", ")) for name, words in _SOME.items()}
    return {**known, _INSIGHTS: _seed("insight_types", "insight_type")}


@cache
def _won_statuses() -> Words:
    return _seed("won_statuses", "status")


def _seed(name: str, column: str) -> Words:
    """Read the known words from a column of a dbt seed."""
    with (DBT_PROJECT / "seeds" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return frozenset(_folded(row[column]) for row in csv.DictReader(file))


def _folded(word: str) -> str:
    return word.strip().lower()
