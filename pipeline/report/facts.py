"""The contents of a quality report as plain data: nothing here reads, computes or renders."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal

from pipeline.audit.results import Check
from pipeline.drops.diff import DropDiff
from pipeline.guards.findings import Finding
from pipeline.report.trends import Trend


@dataclass(frozen=True)
class PreviousDrop:
    """The published drop of the nearest earlier `as_of`, which this run is compared with."""

    name: str
    as_of: datetime


@dataclass(frozen=True)
class Problem:
    """Why nothing was published, as lines, and what to do about it."""

    lines: tuple[str, ...]
    remedy: str | None


@dataclass(frozen=True)
class SourceFacts:
    """One source table: rows read, loaded, rejected; the latest date in it that is not after `as_of`.

    `read` and `rejected` are None if several organizations share the table: the organization of a rejected row is
    unknown, and no count of one may reach another.
    """

    source: str
    table: str
    is_configured: bool
    files: tuple[str, ...]
    read: int | None
    loaded: int
    rejected: int | None
    newest: datetime | None
    newest_before: datetime | None = None
    """The value of `newest` when the previous drop was made; None if unknown."""


@dataclass(frozen=True)
class RejectSample:
    """One rejected row or cell; the value is redacted already."""

    file: str | None
    row_number: int | None
    value: str | None


@dataclass(frozen=True)
class RejectReason:
    """The rejects with one reason, with the first of them."""

    source: str
    table: str
    column: str | None
    reason: str
    action: str
    count: int
    samples: tuple[RejectSample, ...]


@dataclass(frozen=True)
class ColumnNulls:
    """The null rate of a column, as a share of its rows from 0 to 1; None if there are no rows."""

    name: str
    nulls: int
    rate: Decimal | None
    previous_rate: Decimal | None

    @property
    def change(self) -> Decimal | None:
        """The change since the previous drop, as a share."""
        return None if self.rate is None or self.previous_rate is None else self.rate - self.previous_rate

    @property
    def is_listed(self) -> bool:
        """Whether the report lists it: most columns are never null, and are only counted."""
        return bool(self.nulls or self.change)


@dataclass(frozen=True)
class ExportFacts:
    """One export: its rows, those of the previous drop, and the null rates of its columns in their order."""

    name: str
    contract_version: str
    rows: int
    previous_rows: int | None
    bytes: int
    columns: tuple[ColumnNulls, ...]

    @property
    def with_nulls(self) -> int:
        """How many columns have a null."""
        return sum(column.nulls > 0 for column in self.columns)

    @property
    def change(self) -> int | None:
        """The change in rows since the previous drop."""
        return None if self.previous_rows is None else self.rows - self.previous_rows


@dataclass(frozen=True)
class MetricFacts:
    """One of the run's metrics (D17), and its value in the run before."""

    metric: str
    dimension: str
    value: Decimal
    previous: Decimal | None


@dataclass(frozen=True)
class Series:
    """One series of a plot: `style` is the name of its colour in the style sheet."""

    name: str
    style: str
    values: tuple[Decimal, ...]


@dataclass(frozen=True)
class Plot:
    """A plot's figures: the same number of values in every series as there are categories.

    `note` says what the plot leaves out, or why there is nothing to plot.
    """

    name: str
    title: str
    unit: Literal["accounts", "US dollars"]
    categories: tuple[str, ...]
    series: tuple[Series, ...]
    note: str | None = None
    is_stacked: bool = False

    @property
    def rows(self) -> list[tuple[str, tuple[Decimal, ...]]]:
        """The values of every series by category; categories in which all are 0 are left out."""
        values = zip(*(series.values for series in self.series), strict=True)
        return [(category, row) for category, row in zip(self.categories, values, strict=False) if any(row)]


@dataclass(frozen=True)
class RunFacts:
    """A run as one organization may see it, or, if `organization_id` is None, as its operator does."""

    name: str
    organization_id: int | None
    as_of: datetime
    data_as_of: datetime | None
    is_published: bool
    problem: Problem | None
    latest: str | None
    """The drop that `latest` names if this run did not publish."""
    previous: PreviousDrop | None
    content_hash: str | None
    settings: tuple[tuple[str, str], ...]
    sources: tuple[SourceFacts, ...]
    rejects: tuple[RejectReason, ...]
    checks: tuple[Check, ...]
    """Every check, with the failed rows of this organization only."""
    exports: tuple[ExportFacts, ...]
    metrics: tuple[MetricFacts, ...]
    plots: tuple[Plot, ...]
    unread: tuple[str, ...] = ()
    """The sources that a stopped run had not read."""
    guards: tuple[Finding, ...] = ()
    held_back: tuple[int, ...] = ()
    trends: tuple[Trend, ...] = ()
    diff: DropDiff | None = None
    """How an organization's drop differs from the one published last."""
    """The organizations whose drops the run held back, while it published others."""
