"""Columns of a file that have amounts such as 1.234,50: what their 12.000 is, nobody can tell."""

from __future__ import annotations


class DecimalCommas:
    """The columns of one file in which an amount with a decimal comma was seen.

    Such an amount is refused (lmn-format, Values). It shows that 12.000 in the same column may be 12 thousand, so that
    one is refused, too; elsewhere it is 12. The analogue for dates is `date_order.OrderOfFile` (D41).
    """

    def __init__(self) -> None:
        self._seen: set[str] = set()
        self.in_force: frozenset[str] = frozenset()

    def note(self, column: str) -> None:
        """Take note that the column has such an amount."""
        self._seen.add(column)

    def settle(self) -> bool:
        """Say, once all of the file is read, whether it must be read again because of what was seen."""
        must_repeat = self._seen != self.in_force
        self.in_force = frozenset(self._seen)
        return must_repeat
