"""The evidence of a column: rows of an analysis, and how they make the value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal[
    "count",
    "any",
    "two",
    "sum",
    "rounded_shares",
    "by_year",
    "counts_by_year",
    "latest",
    "earliest",
    "first",
    "default",
    "names",
    "average_hours",
    "hours",
    "cost",
    "label",
    "segment",
    "time_frame",
    "quotient",
    "days",
]

_SAYS: dict[Kind, str] = {
    "count": "The value is the number of these rows.",
    "any": "The value is true when there is such a row.",
    "two": "The value is true when there are at least two such rows.",
    "sum": "The value is the sum of {}.",
    "rounded_shares": "The value is the sum of price_used / shares, rounded once, half away from zero, to cents.",
    "by_year": "The value lists {} by year.",
    "counts_by_year": "The value counts these rows by year, each in every one of its years ({}).",
    "latest": "The value is the latest {}.",
    "earliest": "The value is the earliest {}.",
    "first": "The value is the first {of}{} that is not null.",
    "default": "The value is the first {of}{} that is not null, else the default.",
    "names": "The value lists {}, each once, in order.",
    "average_hours": "The value is the average of the seconds, in hours, rounded once, half up.",
    "hours": "The value is the sum of the seconds, in hours, rounded once, half up.",
    "cost": "The value is the sum of seconds times hourly cost, rounded once, half up.",
    "label": "The value is Red up to the first limit, Yellow up to the second, else Green.",
    "segment": "The value is the segment of the first rule that holds.",
    "time_frame": "The value is revenue * effort_window_days / 365, rounded half up.",
    "quotient": "The value is team_effort_cost / time_frame_revenue, rounded half up.",
    "days": "The value is the number of days from one to the other.",
}


@dataclass(frozen=True)
class Makes:
    """How rows make a value: the `kind` of computation, and the columns that it uses."""

    kind: Kind
    columns: tuple[str, ...] = ()

    @property
    def says(self) -> str:
        """A sentence that describes it."""
        return _SAYS[self.kind].format(", ".join(self.columns), of="of " if len(self.columns) > 1 else "")


@dataclass(frozen=True)
class Evidence:
    """Rows that explain a value.

    `query` names the analysis (without `explain_`), `where` and `order_by` select and sort its rows, and `shows` are
    the columns to read. Rows without `makes` are background: inputs of other rows or, if `lost`, rows that could have
    made the value but did not. `rules` are the rules of these rows, in addition to the column's own.
    """

    query: str
    title: str
    shows: tuple[str, ...]
    order_by: str
    where: str | None = None
    makes: Makes | None = None
    lost: bool = False
    rules: tuple[str, ...] = ()

    @property
    def select(self) -> str:
        """The query that selects the rows from a relation `evidence`."""
        condition = f" where {self.where}" if self.where else ""
        return f"select * from evidence{condition} order by {self.order_by}"
