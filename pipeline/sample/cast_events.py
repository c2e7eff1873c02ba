"""Events of the cast: message runs, unanswered threads, odd meetings, people who do not count, edges of tenants."""

from __future__ import annotations

from typing import Any

from pipeline.sample.customers import Customers
from pipeline.sample.population import Population

Row = dict[str, Any]


def cast_events(population: Population, customers: Customers) -> dict[str, list[Row]]:
    """Return hand-made rows by event table."""
    return {}
