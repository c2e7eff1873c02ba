"""Generated tenants with many values at boundaries: the instant of the run, 24 hours, 30, 90, 365 days, ties."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

Row = dict[str, Any]
World = dict[tuple[str, str], list[Row]]

NOW = datetime(2025, 1, 15, 12, 0, 0)

_MICROSECOND = timedelta(microseconds=1)
_EDGES = [timedelta(0), timedelta(hours=24), *(timedelta(days=d) for d in (1, 29, 30, 31, 89, 90, 91, 365, 366))]
INSTANTS = [NOW - edge + nudge for edge in _EDGES for nudge in (-_MICROSECOND, timedelta(0), _MICROSECOND)]
# seconds of a meeting: no length, half an hour, a day, and fractions that add up
_LENGTHS = [-1, -0.000001, 0, 0.000001, 8.5, 9.5, 1799, 1799.999999, 1800, 86399.5, 86400, 86400.000001, 86401]
SENTIMENTS = ["positive", " Positive", "neutral", "negative", "NEGATIVE ", "mixed", " ", None]
STATUSES = [None, "active", "Active", "churn", "churned", " Churned "]
TYPES = [
    "churn_risk",
    " Churn_Risk",
    "churn_notification",
    "renewal",
    "qbr",
    "account_dark",
    "onboarding",
    "unheard_of",
]
PARTS_OF_NAMES = [None, "", " ", "Ann", " Lee\u00a0", "😀" * 101, "x" * 99]
ROLES = ["Decision Maker", " decision maker ", "Champion", "Decision Makers", None]


class Chooser:
    """Draws values from a Random: hypothesis's own, so that it can shrink what it finds."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng

    def instant(self) -> datetime:
        """Return an instant at a boundary, in a busy week, or anywhere in two years."""
        kind = self.rng.randrange(4)
        if kind == 0:
            return self.rng.choice(INSTANTS)
        if kind == 1:
            return NOW - timedelta(hours=self.rng.randrange(-6, 60))
        if kind == 2:
            return NOW - timedelta(seconds=self.rng.randrange(100 * 86400), microseconds=self.rng.randrange(10**6))
        return NOW - timedelta(minutes=self.rng.randrange(-2000, 800 * 1440))

    def maybe(self, value: Any, chance: float = 0.8) -> Any:
        """Return the value with the given chance, else None."""
        return value if self.rng.random() < chance else None


def tenant(rng: random.Random, organization: int, customers: int, events: int) -> World:
    """Generate a tenant with customers, each with up to `events` events per channel. Ids start at 1 in every tenant."""
    choose = Chooser(rng)
    users = [
        {
            "id": n,
            "email": rng.choice(["u", "é" * 101]),
            "first_name": rng.choice(PARTS_OF_NAMES),
            "last_name": rng.choice(PARTS_OF_NAMES),
            "title": rng.choice([None, "Lead", "中" * 201]),
            "department": rng.choice([None, "Sales", "d" * 101]),
            "state": rng.choice([None, "active", " ACTIVE\t", "inactive", ""]),
            "excluded": rng.choice([None, False, False, True]),
            "hourly_cost": rng.choice([None, Decimal("33.33"), Decimal("100"), Decimal("0.01")]),
        }
        for n in [1, 2, 3, 4, *([77] if organization == 2 else [])]
    ]
    stakeholders = [
        {
            "id": n,
            "customer_id": rng.randint(1, customers + 1),
            "email": rng.choice([None, f"{n}@{organization}"]),
            "name": rng.choice([None, "😀" * 101]),
            "touch_frequency": rng.choice([None, "monthly"]),
            "role": rng.choice(ROLES),
            "muted": rng.choice([None, False, True]),
            "opted_out": rng.choice([None, False, False, True]),
        }
        for n in [1, 2, 3, 4, 5, 6, *([88] if organization == 2 else [])]
    ]
    # 77 and 88 are people of organization 2 only; in organization 1 they are foreign references
    user_ids = [1, 2, 3, 4, 77, None]
    stakeholder_ids = [1, 2, 3, 4, 5, 6, 88, None]
    found: dict[str, list[Row]] = {
        "customer": [
            {
                "id": n,
                "owner": rng.choice(user_ids),
                "tier_id": rng.choice([1, 1, 1, 2, None]),
                "status": rng.choice(STATUSES),
                "revenue": rng.choice([None, Decimal("0"), Decimal("-5"), Decimal("1200.50"), Decimal("999999.99")]),
                "name": rng.choice([None, f"Customer {n} of {organization}"]),
                "crm_id": rng.choice([None, "L1", "a2", "nowhere"]),
                "parent_id": rng.choice([None, n, n % customers + 1, 404]),
                "journey_id": rng.choice([None, 1, 2]),
                "updated_at": choose.instant(),
            }
            for n in range(1, customers + 1)
        ],
        "tier": [{"id": n, "name": f"Tier {n} of {organization}"} for n in range(1, organization + 1)],
        "customer_journey": [{"id": n, "name": f"Phase {n} of {organization}"} for n in range(1, organization + 1)],
        "users": users,
        "stakeholder": stakeholders,
    }

    def message(customer: int, instant: str, **columns: Any) -> Row:
        return {
            "customer_id": customer,
            instant: choose.instant(),
            "sentiment": rng.choice(SENTIMENTS),
            **columns,
        }

    def people() -> Row:
        return {
            "direction": rng.choice(["team", "account"]),
            "user_id": rng.choice(user_ids),
            "stakeholder_id": rng.choice(stakeholder_ids),
        }

    def add(table: str, row: Row) -> int:
        rows = found.setdefault(table, [])
        rows.append({"id": (len(rows) * 7919) % 10007 + 1, **row})
        return int(rows[-1]["id"])

    for customer in range(1, customers + 2):  # the last is unknown
        for _ in range(rng.randint(0, events)):
            add("email_prop", message(customer, "sent_at", thread_id=rng.randint(1, 3), **people()))
        for _ in range(rng.randint(0, events)):
            add("chat_message", message(customer, "sent_at", conversation_id=rng.randint(1, 2), **people()))
        tickets = [
            add(
                "ticket",
                message(
                    customer,
                    "opened_at",
                    requester_id=rng.choice(stakeholder_ids),
                    assignee_id=rng.choice(user_ids),
                ),
            )
            for _ in range(rng.randint(0, events // 3))
        ]
        for _ in range(rng.randint(0, events)):
            add(
                "ticket_comment",
                message(customer, "created_at", ticket_id=rng.choice([*tickets, 1, 99999]), **people()),
            )
        for _ in range(rng.randint(0, events // 2)):
            start = choose.instant()
            event = add(
                "calendar_event_prop",
                {
                    "customer_id": customer,
                    "start_time": start,
                    "end_time": choose.maybe(start + timedelta(seconds=rng.choice(_LENGTHS))),
                    "status": rng.choice(["confirmed", " CANCELLED", None, "tentative"]),
                    "kind": rng.choice(["qbr", " QBR ", "sync", "call", " Video", None]),
                    "organizer_email": rng.choice([None, "u", "😀" * 101]),
                },
            )
            for number in range(rng.randint(0, 2)):
                add(
                    "ai_summary",
                    {
                        "customer_id": rng.choice([customer, customer, 1]),
                        "event_id": rng.choice([event, event, 404]),
                        "kind": rng.choice(["meeting", "account"]),
                        "summary": choose.maybe(f" {number} of meeting {event} of {organization} "),
                        "created_at": choose.instant(),
                    },
                )
            for key, ids in (("user_id", user_ids[:-1]), ("stakeholder_id", stakeholder_ids[:-1])):
                for person in rng.sample(ids, rng.randint(0, 2)):
                    found.setdefault("calendar_event_attendee", []).append(
                        {
                            "event_id": event,
                            key: person,
                            "response": rng.choice([None, "accepted", " Accepted ", "declined", "tentative"]),
                            "attended": rng.choice([None, True, False]),
                        }
                    )
        for table in ("note", "ai_summary", "ai_expansion_opportunities"):
            for number in range(rng.randint(0, 3)):
                text = choose.maybe(f" {table} {number} of {customer} of {organization} ")
                columns = {
                    "note": {"body": text},
                    "ai_summary": {"kind": rng.choice(["account", " Renewal", "churn", "other"]), "summary": text},
                    "ai_expansion_opportunities": {
                        "expansion_summary": text,
                        "readiness_level": choose.maybe("High"),
                        "churn_risk_summary": choose.maybe("Low"),
                    },
                }[table]
                add(table, {"customer_id": customer, "created_at": choose.instant(), **columns})
        for _ in range(rng.randint(0, 3)):
            created = choose.instant()
            add(
                "insight",
                {
                    "data_ref": customer,
                    "type": rng.choice(TYPES),
                    "is_active": rng.choice([None, True, True, False]),
                    "created_at": created,
                    "last_detected_at": choose.maybe(created + timedelta(days=rng.randrange(40)), 0.5),
                },
            )
        for _ in range(rng.randint(0, events // 2)):
            add(
                "topic_mention",
                {
                    "customer_id": customer,
                    "topic_id": rng.randint(1, 5),
                    "channel": rng.choice([None, "email", " Chat", "VIDEO", "ticket", "fax"]),
                    "sentiment": rng.choice(SENTIMENTS),
                    "occurred_at": choose.instant(),
                },
            )
    # 4 is a topic of organization 2 only, 5 does not exist
    found["topic"] = [
        {
            "id": n,
            "name": rng.choice([f"Topic {n} of {organization}", "😀" * 101]),
            "parent_id": rng.choice([None, n, n % 3 + 1, 4, 404]),
            "description": rng.choice([None, " of old "]),
            "created_at": choose.maybe(choose.instant()),
        }
        for n in range(1, 3 + organization)
    ]
    for _ in range(rng.randint(0, 12)):
        add(
            "user_api_token",
            {
                "user_id": rng.choice(user_ids[:-1]),
                "kind": rng.choice(["email", " Calendar", "chat", "ticket", "fax"]),
                "provider": rng.choice(["google", "Google", "slack", "zendesk", f"provider of {organization}"]),
                "active": rng.choice([None, True, True, False]),
                "updated_at": choose.maybe(choose.instant()),
            },
        )
    return {
        ("platform", table): [{"organization_id": organization, **row} for row in rows] for table, rows in found.items()
    }


CRM: World = {
    ("crm", "accounts"): [
        {"id": "a1", "lmn_crm_id": "L1", "name": "First", "created_at": NOW - timedelta(hours=5)},
        {"id": "a2", "name": "Second"},
        {"id": "a3", "lmn_crm_id": "L3", "name": "Third", "updated_at": NOW + timedelta(hours=5)},
    ]
}
"""The accounts of organization 1; customers of both organizations name their ids."""


def merged(*worlds: World) -> World:
    """Return the rows of several worlds, interleaved."""
    tables: World = {}
    for table in sorted({table for world in worlds for table in world}):
        rows = [world.get(table, []) for world in worlds]
        longest = max(map(len, rows))
        tables[table] = [part[n] for n in range(longest) for part in rows if n < len(part)]
    return tables


def worlds(customers: int, events: int) -> st.SearchStrategy[World]:
    """Return a strategy of two tenants with the same ids, so that mixing them shows."""
    return st.randoms(use_true_random=False).map(
        lambda rng: merged(
            tenant(rng, 1, rng.randint(1, customers), events), tenant(rng, 2, rng.randint(1, customers), events)
        )
    )
