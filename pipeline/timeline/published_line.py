"""Which drop of each instant counts: the sequence of drops that `latest` has named, and drops that fill its gaps.

Each manifest names the drop before, so the retained drops suffice to derive it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from pipeline.common.instants import named_instant


@dataclass(frozen=True)
class Instant:
    """One instant of an organization's past; `drops` are its drops in the sequence, the counting one first."""

    organization_id: int
    as_of: datetime
    """In UTC, without a zone, as in marts."""
    drops: tuple[str, ...]


def published_line(organization_id: int, against: Mapping[str, str | None], latest: str | None) -> list[Instant]:
    """List the instants of an organization, oldest first. `against` has the drop before each known drop.

    A late drop, beside those that `latest` has named, counts if its instant has none of these: what was known at an
    instant does not change. Of several such drops, the one published first counts.
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
    """Return whether a drop was compared with one of its own instant, and is therefore a repetition."""
    return against is not None and named_instant(against) == named_instant(name)
