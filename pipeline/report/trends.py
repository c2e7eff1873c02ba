"""How a run's figures stand among those of the runs before it: the last twelve, and whether this one is out of line."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from statistics import median
from typing import Final, Literal

import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipeline.common.null_counts import NullCounts
from pipeline.state.runs import PUBLISHED, RunRecord

RUNS_SHOWN: Final = 12
"""This run and those before it."""
_LEAST_EARLIER: Final = 5
"""Earlier runs without which nothing is out of line."""
_DEVIATIONS: Final = 6
"""How many times the earlier runs' median deviation from their median is out of line: growth stays within it."""
_SHARE: Final = Decimal("0.1")
"""What is nearer to the median than this share of it is never out of line: figures that never moved have no spread."""

Unit = Literal["rows", "cells", "US dollars", "accounts"]
MEASURES: Final[Mapping[str, tuple[str, Unit]]] = {
    "rows": ("Rows of all exports", "rows"),
    "nulls": ("Null cells of all exports", "cells"),
    "revenue": ("Revenue of the selected year", "US dollars"),
    "at_risk": ("Accounts at risk", "accounts"),
}
"""What is kept of each organization's drop in the record of its run, with the words and the unit for people."""


@dataclass(frozen=True)
class Trend:
    """A figure of the last runs, oldest first, this run's last; each with the `as_of` that it speaks of."""

    name: str
    title: str
    unit: Unit
    points: tuple[tuple[datetime, Decimal], ...]

    @property
    def now(self) -> Decimal:
        """This run's figure."""
        return self.points[-1][1]

    @property
    def earlier(self) -> list[Decimal]:
        """The figures of the runs before."""
        return [value for _, value in self.points[:-1]]

    @property
    def is_out_of_line(self) -> bool:
        """Whether this run's figure is far from all that the earlier runs had."""
        if len(self.earlier) < _LEAST_EARLIER or min(self.earlier) <= self.now <= max(self.earlier):
            return False
        middle = median(self.earlier)
        spread = median(abs(value - middle) for value in self.earlier)
        return abs(self.now - middle) > max(_DEVIATIONS * spread, _SHARE * abs(middle))


def measures_of(folder: Path, nulls: Mapping[str, NullCounts | None]) -> dict[str, str]:
    """Measure an organization's staged drop, as decimal texts; a figure whose export is not there is left out.

    `nulls` are those of its Parquet files. Nothing where a file is not what it should be, which the audit says.
    """
    counts = {name: found for name, found in nulls.items() if found is not None}
    if len(counts) < len(nulls):
        return {}
    measures = {
        "rows": str(sum(found.rows for found in counts.values())),
        "nulls": str(sum(sum(found.nulls.values()) for found in counts.values())),
    }
    if "accounts" in counts and "annual_revenue" in counts["accounts"].nulls:
        revenue = pq.read_table(folder / "accounts.parquet", columns=["annual_revenue"])[0]
        measures["revenue"] = str(pc.sum(revenue).as_py() or Decimal(0))
    if "at_risk_accounts" in counts:
        measures["at_risk"] = str(counts["at_risk_accounts"].rows)
    return measures


def trends_of(
    records: Iterable[RunRecord], organization_id: int, as_of: datetime, measures: Mapping[str, str]
) -> tuple[Trend, ...]:
    """Put an organization's figures of this run behind those of the runs that published before it, of earlier `as_of`.

    Of several runs of one `as_of` the last counts.
    """
    kept: dict[datetime, Mapping[str, str]] = {}
    for record in sorted(records, key=lambda record: record.finished_at):
        found = record.figures.get("organizations", {}).get(str(organization_id), {}).get("measures")
        if record.verdict in PUBLISHED and record.as_of < as_of and found:
            kept[record.as_of] = found
    earlier = sorted(kept.items())[-(RUNS_SHOWN - 1) :]
    trends = []
    for name, (title, unit) in MEASURES.items():
        if name in measures:
            points = [(instant, Decimal(found[name])) for instant, found in earlier if name in found]
            trends.append(Trend(name, title, unit, (*points, (as_of, Decimal(measures[name])))))
    return tuple(trends)
