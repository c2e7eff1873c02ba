"""The one error that a person is meant to read: what was wrong, where, and what to do."""

from __future__ import annotations


class WarehouseError(Exception):
    """A fault with a remedy.

    `what` says what is wrong, `where` names the file, row, column or setting (if there is one) and
    `remedy` says what to do about it. Everything else that is raised is a bug.
    """

    def __init__(self, what: str, *, where: str | None = None, remedy: str | None = None) -> None:
        self.what = what
        self.where = where
        self.remedy = remedy
        super().__init__(self.__str__())

    def __str__(self) -> str:
        parts = [f"{self.where}: {self.what}" if self.where else self.what]
        if self.remedy:
            parts.append(f"To do: {self.remedy}")
        return "\n".join(parts)
