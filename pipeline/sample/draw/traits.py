"""Draws how each customer of a sample behaves: how much, how recently, how fast and in what mood it writes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from pipeline.sample.draw.customers import Customers
from pipeline.sample.draw.population import Population
from pipeline.sample.draw.random_columns import Integers, Numbers
from pipeline.sample.draw.roles import EVENTS_BY_HAND

HISTORY_DAYS: Final = 548
"""Events are spread over the eighteen months before the sample's instant."""

DAY_SECONDS: Final = 86_400


@dataclass(frozen=True)
class Traits:
    """The behaviour of customers, as arrays with one position each."""

    weight: Numbers
    """The customer's share of all events; all shares add up to 1."""
    recency: Numbers
    """Ages of events are `HISTORY_DAYS` times a uniform number to this power: above 1, more of them are recent."""
    quiet: Integers
    """Seconds of silence before the sample's instant."""
    team_hours: Numbers
    """The typical hours until the team answers this customer."""
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


def draw_traits(population: Population, customers: Customers) -> Traits:
    """Return the traits of all customers of a sample."""
    random, size = population.random(4, 0), len(customers)
    # A customer's traits are correlated, so that scores spread from red to green as in real data; with independent
    # traits, nearly all customers would score in the middle.
    fortune = random.random(size)

    def correlated(part: float) -> Numbers:
        """Return numbers from 0 to 1, of which `part` is the customer's fortune and the rest is random."""
        return part * fortune + (1.0 - part) * random.random(size)

    weight = np.exp(0.8 * (random.random((size, 6)).sum(axis=1) - 3.0) + 1.0 * fortune)
    weight[random.random(size) < 0.03] = 0.0
    for role in EVENTS_BY_HAND:
        weight[customers.place_of(population.cast[role])] = 0.0
    quiet_days = np.where(random.random(size) < 0.12, 30 + 200 * random.random(size), 0)
    return Traits(
        weight / weight.sum(),
        0.7 + 2.0 * correlated(0.85),
        np.floor(quiet_days * DAY_SECONDS).astype(np.int64),
        np.exp(3.6 * (1.0 - correlated(0.85))),
        np.exp(0.5 + 3.6 * (1.0 - correlated(0.85))),
        correlated(0.85),
    )
