"""Compares a run's figures with those of the runs before it, and detects outliers."""

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
"""How many runs a trend shows, including this one."""
_LEAST_EARLIER: Final = 5
"""With fewer earlier runs, no figure is an outlier."""
_DEVIATIONS: Final = 6
"""An outlier is further from the earlier runs' median than so many median deviations, which allows for growth."""
_SHARE: Final = Decimal("0.1")
"""A figure that differs from the median by a smaller share is never an outlier, because constant figures have no
deviation."""

Unit = Literal["rows", "cells", "US dollars", "accounts"]
MEASURES: Final[Mapping[str, tuple[str, Unit]]] = {
    "rows": ("Rows of all exports", "rows"),
    "nulls": ("Null cells of all exports", "cells"),
    "revenue": ("Revenue of the selected year", "US dollars"),
    "at_risk": ("Accounts at risk", "accounts"),
}
"""The measures of each organization's drop that a run records, with their titles and units."""


@dataclass(frozen=True)
class Trend:
    """A figure in the last runs, with each run's `as_of`; the oldest first, this run last."""

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
    """Measure an organization's staged drop; figures are decimal texts, and those of missing exports are left out.

    Returns no measures if the file of accounts is invalid, which the audit reports.
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
    """Sum the revenue of the selected year. Only the CRM's organization has accounts, so most files are empty."""
    if not rows:
        return {"revenue": "0"}
    revenue = pq.read_table(accounts, columns=["annual_revenue"])
    return {"revenue": str(pc.sum(revenue[0]).as_py() or Decimal(0))} if revenue.num_columns else {}


def trends_of(
    records: Iterable[RunRecord], organization_id: int, as_of: datetime, measures: Mapping[str, str]
) -> tuple[Trend, ...]:
    """Return an organization's trends: its figures in earlier published runs with an earlier `as_of`, and in this run.

    Of several runs with the same `as_of`, only the last counts.
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
