"""Draws the platform's topics and their mentions by the customers of a sample.

Edge cases of the rules are in `edge_cases/topics.py`.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from pipeline.sample.draw.population import Population
from pipeline.sample.draw.traits import HISTORY_DAYS

TOPICS: Final = (
    ("Winter service", None, "Snow and ice, from the first frost on."),
    ("Salting", 1, None),
    ("Irrigation", None, 'Leaks, timers, "dry corners".'),
    ("Billing", None, None),
    ("Late invoices", 4, "Invoices that came after their month,\nor not at all."),
    ("Crew", None, None),
)
"""Names, parents and descriptions. Their positions, counted from 1, are their ids in every tenant."""

_CHANNELS: Final = ("email", "email", "email", "chat", "chat", "video", "ticket")
_SENTIMENTS: Final = ("positive", "neutral", "neutral", "negative", None)

Row = dict[str, Any]


def draw_topics(population: Population) -> dict[str, list[Row]]:
    """Return the rows of `topic` and `topic_mention`: up to eight mentions by each customer."""
    return {"topic": _topic_rows(population), "topic_mention": _mention_rows(population)}


def _topic_rows(population: Population) -> list[Row]:
    made = population.as_of.replace(tzinfo=None) - timedelta(days=HISTORY_DAYS)
    return [
        {
            "organization_id": tenant.organization_id,
            "id": key,
            # the same id has another name in every tenant
            "name": name if tenant.organization_id == 1 else f"{name} ({tenant.organization_id})",
            "parent_id": parent,
            "description": description,
            "created_at": made + timedelta(days=key),
        }
        for tenant in population.tenants
        for key, (name, parent, description) in enumerate(TOPICS, 1)
    ]


def _mention_rows(population: Population) -> list[Row]:
    random = population.random(5, 1)
    counts = random.integers(0, 9, len(population.customers)).tolist()
    draws = random.integers(0, 1 << 30, (sum(counts), 4)).tolist()
    now = population.as_of.replace(tzinfo=None)
    rows: list[Row] = []
    for account, count in zip(population.customers, counts, strict=True):
        for _ in range(count):
            topic, channel, sentiment, minutes = draws[len(rows)]
            rows.append(
                {
                    "organization_id": account.organization_id,
                    "id": 70_001 + len(rows),
                    "customer_id": account.customer_id,
                    "topic_id": 1 + topic % len(TOPICS),
                    "channel": _CHANNELS[channel % len(_CHANNELS)],
                    "sentiment": _SENTIMENTS[sentiment % len(_SENTIMENTS)],
                    "occurred_at": now - timedelta(minutes=1 + minutes % (HISTORY_DAYS * 1_440)),
                }
            )
    return rows
