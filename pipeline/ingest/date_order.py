"""The order of day and month in dates like 3/5/2024 (D41): month first, unless the file or a setting says otherwise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from pipeline.common.errors import WarehouseError
from pipeline.ingest.values.dates import DayOrder
from pipeline.settings import DateOrder

_WORDS: Final = {DayOrder.MONTH_FIRST: "month first", DayOrder.DAY_FIRST: "day first"}


@dataclass(frozen=True)
class ShownOrder:
    """A cell whose date is only valid in one order, which it thereby shows."""

    order: DayOrder
    column: str
    row: int
    text: str

    def __str__(self) -> str:
        return f"'{self.text}' in row {self.row}, column {self.column}"


class OrderOfFile:
    """The order of day and month in one file's dates, and the first cell that shows each order."""

    def __init__(self, setting: DateOrder, where: str) -> None:
        self._setting = setting
        self._where = where
        self._shown: dict[DayOrder, ShownOrder] = {}
        self._has_slashed_dates = False
        self.in_force = DayOrder.DAY_FIRST if setting == "day_first" else DayOrder.MONTH_FIRST

    def note(self, shown: ShownOrder | None) -> None:
        """Record a cell that shows an order, or, with None, that there are dates that show none."""
        self._has_slashed_dates = True
        if shown is not None:
            self._shown.setdefault(shown.order, shown)

    def settle(self) -> bool:
        """Decide the order after the whole file; return whether the file must be read again in the other order.

        Raises WarehouseError if the file shows both orders, and names a cell of each.
        """
        if self._setting != "auto" or not self._shown:
            return False
        if len(self._shown) > 1:
            day, month = self._shown[DayOrder.DAY_FIRST], self._shown[DayOrder.MONTH_FIRST]
            raise WarehouseError(
                f"its dates are written in two orders: {day} can only be day first, {month} only month first",
                where=self._where,
                remedy="correct the wrong one, or set date_order (month_first or day_first) for this source: "
                "dates in the other order become rejects",
            )
        (shown,) = self._shown
        must_repeat = shown is not self.in_force
        self.in_force = shown
        return must_repeat

    @property
    def name(self) -> str | None:
        """The order in force; None if the file has no such dates."""
        return self.in_force.value if self._has_slashed_dates else None

    @property
    def reason(self) -> str | None:
        """Why this order is in force."""
        if not self._has_slashed_dates:
            return None
        if self._setting != "auto":
            return f"the setting date_order is {self._setting}"
        shown = self._shown.get(self.in_force)
        return "no date shows it" if shown is None else str(shown)

    @property
    def notice(self) -> str | None:
        """The notice that the file's dates are day first, unless a setting says so; otherwise None."""
        if self._setting != "auto" or self.in_force is DayOrder.MONTH_FIRST:
            return None
        return f"{self._where}: dates are read {_WORDS[self.in_force]}, as {self.reason} shows"
