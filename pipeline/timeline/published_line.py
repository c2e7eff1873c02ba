"""Decides which drop of each instant counts: those that `latest` has named one after another, and some that fill gaps.

Each manifest names the previous drop, so that the sequence can be derived from the retained drops.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from pipeline.common.instants import named_instant


@dataclass(frozen=True)
class Instant:
    """One instant of an organization; `drops` are its drops in the sequence, the one that counts first."""

    organization_id: int
    as_of: datetime
    """In UTC, without a zone, as in marts."""
    drops: tuple[str, ...]


def published_line(organization_id: int, against: Mapping[str, str | None], latest: str | None) -> list[Instant]:
    """List the instants of an organization, oldest first. `against` has the previous drop of each known drop.

    A late drop, which `latest` has never named, only counts if its instant has no other: what was known at an instant
    does not change. Of several such drops, the one published first counts.
    """
    chosen: dict[datetime, list[str]] = {}
    name, seen = latest, set[str]()
    while name is not None and name in against and name not in seen:
        seen.add(name)
        chosen.setdefault(named_instant(name), []).append(name)
        name = against[name]
    for late in sorted(against.keys() - seen, key=lambda one: (_repeats(one, against[one]), one)):
        chosen.setdefault(named_instant(late), [late])
    return [Instant(organization_id, as_of.replace(tzinfo=None), tuple(chosen[as_of])) for as_of in sorted(chosen)]


def _repeats(name: str, against: str | None) -> bool:
    """Return whether a drop was compared with a drop of the same instant, and so repeats it."""
    return against is not None and named_instant(against) == named_instant(name)
