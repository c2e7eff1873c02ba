"""Topics and mentions of the cast: unknown parents, topics from the future, odd channels, other tenants."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from pipeline.sample.draw.population import Population
from pipeline.sample.draw.roles import Role
from pipeline.sample.edge_cases.platform import FIRST_ID, NOBODY, other_tenants_account

ORPHAN, OWN_PARENT, TO_COME, OTHERS_ONLY, SILENT = range(21, 26)
"""Ids of odd topics: unknown parent, its own parent, from the future, of another tenant only, never mentioned."""

_CHANNELS: Final = ("email", " Chat", "video", "ticket", "fax", None)
"""The channels of one mention each: at the run's instant, a day before, and so on."""

Row = dict[str, Any]
Tables = dict[str, list[Row]]


def play_topics(population: Population, tables: Tables) -> None:
    """Add the cast's topics and mentions to `tables`."""
    now = population.as_of.replace(tzinfo=None)
    tables["topic"] += [
        {"organization_id": 1, "id": ORPHAN, "name": "Gate codes", "parent_id": NOBODY},
        {"organization_id": 1, "id": OWN_PARENT, "name": "Weather", "parent_id": OWN_PARENT},
        {"organization_id": 1, "id": TO_COME, "name": "Spring", "created_at": now + timedelta(days=1)},
        {"organization_id": 2, "id": OTHERS_ONLY, "name": "Parking", "parent_id": 1},
        {"organization_id": 1, "id": SILENT, "name": "Drought", "parent_id": TO_COME},
    ]
    cast = population.cast
    ours, theirs = cast[Role.FLAGSHIP].customer_id, other_tenants_account(population).customer_id

    def mention(customer: int | None, topic: int, *, days: float, organization: int = 1, **other: Any) -> None:
        tables["topic_mention"].append(
            {
                "organization_id": organization,
                "id": FIRST_ID + len(tables["topic_mention"]),
                "customer_id": customer,
                "topic_id": topic,
                "channel": "email",
                "occurred_at": now - timedelta(days=days),
            }
            | other
        )

    for days, channel in enumerate(_CHANNELS):
        mention(ours, OWN_PARENT, days=days, channel=channel, sentiment=" Positive " if days else "enthusiastic")
    for topic in (ORPHAN, TO_COME, OTHERS_ONLY, NOBODY):
        mention(ours, topic, days=10)
    mention(ours, OWN_PARENT, days=-1)  # tomorrow
    mention(NOBODY, ORPHAN, days=10)
    mention(theirs, ORPHAN, days=10)  # another tenant's customer
    mention(ours, OTHERS_ONLY, days=10, organization=2)
