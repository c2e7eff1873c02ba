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
    """Why nothing was published, in lines of text, and what to do about it."""

    lines: tuple[str, ...]
    remedy: str | None


@dataclass(frozen=True)
class SourceFacts:
    """One source table: the rows read, loaded and rejected, and the latest recorded time that is not after `as_of`.

    `read` and `rejected` are None if several organizations share the table: the organization of a rejected row is
    unknown, and no organization may see the counts of another.
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
    """The value of `newest` at the run of the previous drop; None if unknown."""


@dataclass(frozen=True)
class RejectSample:
    """One rejected row or cell, with its redacted value."""

    file: str | None
    row_number: int | None
    value: str | None


@dataclass(frozen=True)
class RejectReason:
    """The number of rejects with one reason, and the first of them."""

    source: str
    table: str
    column: str | None
    reason: str
    action: str
    count: int
    samples: tuple[RejectSample, ...]


@dataclass(frozen=True)
class ColumnNulls:
    """The nulls of a column. Rates are shares of the rows, from 0 to 1; None if there are no rows."""

    name: str
    nulls: int
    rate: Decimal | None
    previous_rate: Decimal | None

    @property
    def change(self) -> Decimal | None:
        """The change of the null rate since the previous drop."""
        return None if self.rate is None or self.previous_rate is None else self.rate - self.previous_rate

    @property
    def is_listed(self) -> bool:
        """Whether the report lists the column. Columns that are never null are only counted."""
        return bool(self.nulls or self.change)


@dataclass(frozen=True)
class ExportFacts:
    """One export: its rows, those of the previous drop, and the nulls of its columns in order."""

    name: str
    contract_version: str
    rows: int
    previous_rows: int | None
    bytes: int
    columns: tuple[ColumnNulls, ...]

    @property
    def with_nulls(self) -> int:
        """The number of columns with nulls."""
        return sum(column.nulls > 0 for column in self.columns)

    @property
    def change(self) -> int | None:
        """The change of the number of rows since the previous drop."""
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
    """A plot's figures. Every series has one value for each category.

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
        """The values of all series by category, without categories in which all values are 0."""
        values = zip(*(series.values for series in self.series), strict=True)
        return [(category, row) for category, row in zip(self.categories, values, strict=False) if any(row)]


@dataclass(frozen=True)
class RunFacts:
    """What a report says about a run: to one organization, or, if `organization_id` is None, to the operator."""

    name: str
    organization_id: int | None
    as_of: datetime
    data_as_of: datetime | None
    is_published: bool
    problem: Problem | None
    latest: str | None
    """The drop that `latest` points to, if this run did not publish."""
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
    """The sources that had not been read when the run stopped."""
    guards: tuple[Finding, ...] = ()
    held_back: tuple[int, ...] = ()
    """The organizations whose drops the run held back while it published others."""
    trends: tuple[Trend, ...] = ()
    diff: DropDiff | None = None
    """How an organization's drop differs from the last published one."""
