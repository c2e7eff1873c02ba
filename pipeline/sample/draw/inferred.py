"""Draws the platform's insights, expansion opportunities, summaries and notes about the customers of a sample."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

import numpy as np

from pipeline.sample.draw.population import Population
from pipeline.sample.draw.random_columns import Integers

FLAGS: Final = (
    "account_dark",
    "no_reach_out",
    "no_meetings",
    "no_next_meeting",
    "no_qbr",
    "no_renewal_discussion",
    "no_exec_communication",
    "single_threaded",
    "churn_risk",
    "churn_notification",
    "positive_sentiment_trend",
    "negative_sentiment_trend",
    "account_responds_slower",
    "account_personnel_changes",
    "title_changed",
    "stakeholder_not_engaged",
    "stakeholder_roles_undefined",
)


LIFECYCLE_EVENTS: Final = (
    "qbr",
    "renewal",
    "commercial_discussion",
    "churn_notification",
    "churn_risk",
    "highly_positive",
    "extremely_negative",
    "account_personnel_changes",
    "org_personnel_changes",
    "exec_touchbase",
    "expansion_opp",
    "onboarding",
)


UNKNOWN_INSIGHTS: Final = ("competitor_mentioned", "Seasonal slowdown")


_SUMMARIES: Final = {
    "account": "Steady customer with {sites} site(s); the last visits were rated well.",
    "renewal": "The contract comes up for renewal; snow pricing is open.\nSuggested: call before the season ends.",
    "churn": 'Two unanswered complaints about edging. Contact said "we are looking at other bids".',
}


_OFFERS: Final = ("snow removal", "irrigation", "tree care")


_NOTES: Final = (
    "Walked the property; irrigation zone 4 leaks.",
    "Prefers calls after 4 PM.\nDoes not read e-mail on Fridays.",
    'Asked for a quote: "beds, mulch, and the island".',
    "Gate code changed.",
)


Row = dict[str, Any]


def minutes_before(as_of: datetime, minutes: int) -> datetime:
    """Return an instant this many minutes, and some seconds, before the sample's instant."""
    return as_of.replace(tzinfo=None) - timedelta(minutes=minutes, seconds=minutes % 60)


def insight_rows(population: Population, random: np.random.Generator) -> list[Row]:
    """Return up to 16 insights of each customer, some of them resolved, some of an unknown type."""
    counts = np.floor(random.random(len(population.customers)) ** 2 * 16).astype(np.int64).tolist()
    draws = random.integers(0, 1 << 30, (sum(counts), 5)).tolist()
    kinds = (*FLAGS, *LIFECYCLE_EVENTS)
    rows: list[Row] = []
    for account, count in zip(population.customers, counts, strict=True):
        for _ in range(count):
            draw = draws[len(rows)]
            first = 1_440 + draw[2] % 700_000  # minutes before as_of
            last = draw[3] % first
            kind = kinds[draw[0] % len(kinds)] if draw[4] % 50 else UNKNOWN_INSIGHTS[draw[0] % 2]
            # few customers give notice, because an active notice caps the health score at 30
            active = draw[1] % (12 if kind == "churn_notification" else 5) < 2
            rows.append(
                {
                    "organization_id": account.organization_id,
                    "id": 20_001 + len(rows),
                    "data_ref": account.customer_id,
                    "type": kind,
                    "is_active": None if draw[1] % 60 == 1 else active,
                    "created_at": minutes_before(population.as_of, first),
                    "last_detected_at": minutes_before(population.as_of, last) if draw[4] % 7 else None,
                    "resolved_at": None if active else minutes_before(population.as_of, draw[4] % (last + 1)),
                    "source": ("email", "meeting", "chat", None)[draw[2] % 4],
                    "context": "Mentioned the mowing schedule" if draw[3] % 3 == 0 else None,
                }
            )
    return rows


def expansion_rows(population: Population, random: np.random.Generator) -> list[Row]:
    """Return expansion opportunities of customers."""
    draws = random.integers(0, 1 << 30, (len(population.customers), 3)).tolist()
    rows: list[Row] = []
    for account, draw in zip(population.customers, draws, strict=True):
        for nth in range((0, 1, 1, 2)[draw[0] % 4]):
            rows.append(
                {
                    "organization_id": account.organization_id,
                    "id": 40_001 + len(rows),
                    "customer_id": account.customer_id,
                    "expansion_summary": f"{account.name} asked about {_OFFERS[draw[1] % 3]}.",
                    "readiness_level": ("Low", "Medium", "High", None)[draw[2] % 4],
                    "churn_risk_summary": "Response has slowed since the last visit." if draw[2] % 3 == 0 else None,
                    "created_at": minutes_before(population.as_of, draw[1] % 500_000 + nth * 9_000),
                }
            )
    return rows


def summary_rows(population: Population, random: np.random.Generator) -> list[Row]:
    """Return summaries about customers."""
    draws = random.integers(0, 1 << 30, (len(population.customers), 3)).tolist()
    rows: list[Row] = []
    for account, draw in zip(population.customers, draws, strict=True):
        for kind, chance in zip(_SUMMARIES, draw, strict=True):
            for nth in range((0, 1, 1, 2)[chance % 4]):
                rows.append(
                    {
                        "organization_id": account.organization_id,
                        "id": 60_001 + len(rows),
                        "customer_id": account.customer_id,
                        "kind": kind,
                        "summary": _SUMMARIES[kind].format(sites=len(account.sites)),
                        "created_at": minutes_before(population.as_of, chance % 400_000 + nth * 9_000),
                    }
                )
    return rows


def note_rows(population: Population, team: Integers, random: np.random.Generator) -> list[Row]:
    """Return notes about customers; `team` has three user ids of each."""
    draws = random.integers(0, 1 << 30, (len(population.customers), 2)).tolist()
    rows: list[Row] = []
    for position, (account, draw) in enumerate(zip(population.customers, draws, strict=True)):
        for nth in range(draw[0] % 4):
            rows.append(
                {
                    "organization_id": account.organization_id,
                    "id": 80_001 + len(rows),
                    "customer_id": account.customer_id,
                    "created_at": minutes_before(population.as_of, (draw[1] >> nth) % 500_000),
                    "author_id": int(team[position, nth % 3]),
                    "body": _NOTES[(draw[1] + nth) % len(_NOTES)],
                }
            )
    return rows
