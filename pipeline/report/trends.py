"""Compares a run's figures with those of the runs before it: the last twelve, and whether this one is an outlier."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from statistics import median
from typing import Final, Literal

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipeline.drops.stage import StagedDrop
from pipeline.state.runs import PUBLISHED, RunRecord

RUNS_SHOWN: Final = 12
"""This run and those before it."""
_LEAST_EARLIER: Final = 5
"""Earlier runs that are needed to call anything an outlier."""
_DEVIATIONS: Final = 6
"""An outlier is further from the earlier runs' median than this many median deviations, which leaves room for growth.
"""
_SHARE: Final = Decimal("0.1")
"""A figure nearer to the median than this share of it is never an outlier, because figures that never moved have no
spread."""

Unit = Literal["rows", "cells", "US dollars", "accounts"]
MEASURES: Final[Mapping[str, tuple[str, Unit]]] = {
    "rows": ("Rows of all exports", "rows"),
    "nulls": ("Null cells of all exports", "cells"),
    "revenue": ("Revenue of the selected year", "US dollars"),
    "at_risk": ("Accounts at risk", "accounts"),
}
"""The measures of each organization's drop in the record of its run, with their label and unit."""


@dataclass(frozen=True)
class Trend:
    """A figure of the last runs, oldest first, this run's last; each with its `as_of`."""

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
        """The figures of earlier runs."""
        return [value for _, value in self.points[:-1]]

    @property
    def is_out_of_line(self) -> bool:
        """Whether this run's figure is far from those of all earlier runs."""
        if len(self.earlier) < _LEAST_EARLIER or min(self.earlier) <= self.now <= max(self.earlier):
            return False
        middle = median(self.earlier)
        spread = median(abs(value - middle) for value in self.earlier)
        return abs(self.now - middle) > max(_DEVIATIONS * spread, _SHARE * abs(middle))


def measures_of(staged: StagedDrop) -> dict[str, str]:
    """Measure an organization's staged drop, as decimal texts; figures of missing exports are left out.

    Returns nothing if its accounts are invalid, which the audit reports.
    """
    files = {Path(file.name).stem: file for file in (*staged.files, *staged.cuts) if file.name.endswith(".parquet")}
    measures = {
        "rows": str(sum(file.rows for file in files.values())),
        "nulls": str(sum(sum(file.nulls) for file in files.values())),
    }
    if "accounts" in files:
        try:
            measures |= _revenue(staged.folder / files["accounts"].name, files["accounts"].rows)
        except (OSError, pa.ArrowException):
            return {}
    if "at_risk_accounts" in files:
        measures["at_risk"] = str(files["at_risk_accounts"].rows)
    return measures


def _revenue(accounts: Path, rows: int) -> dict[str, str]:
    """Sum the revenue of the selected year; only the CRM's organization has accounts, so most files are empty."""
    if not rows:
        return {"revenue": "0"}
    revenue = pq.read_table(accounts, columns=["annual_revenue"])
    return {"revenue": str(pc.sum(revenue[0]).as_py() or Decimal(0))} if revenue.num_columns else {}


def trends_of(
    records: Iterable[RunRecord], organization_id: int, as_of: datetime, measures: Mapping[str, str]
) -> tuple[Trend, ...]:
    """Append an organization's figures of this run to those of earlier published runs, of earlier `as_of`.

    If several runs have one `as_of`, the last counts.
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
