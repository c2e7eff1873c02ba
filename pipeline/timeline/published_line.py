"""Which drop of each instant counts: the line of drops that `latest` named in turn, and what fills its gaps.

Each drop's manifest names the drop that it was held against, so that kept drops alone say it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from pipeline.common.instants import named_instant


@dataclass(frozen=True)
class Instant:
    """An instant of one organization's past; `drops` are its drops on the line, the one that counts first."""

    organization_id: int
    as_of: datetime
    """In UTC, without a zone, as in marts."""
    drops: tuple[str, ...]


def published_line(organization_id: int, against: Mapping[str, str | None], latest: str | None) -> list[Instant]:
    """List the instants of an organization, oldest first. `against` is of each known drop the one before it.

    A drop that came late, beside those that `latest` has named, counts where its instant has none of the line: what was
    known at an instant stays as it was. Of several such drops the first that was published counts.
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
    """Return whether a drop was held against one of its own instant, which was published before it then."""
    return against is not None and named_instant(against) == named_instant(name)
