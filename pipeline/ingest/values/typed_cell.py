"""The result of reading one cell: its value, or null with the reason."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from pipeline.ingest.schema import Kind

NULLED: Final = "cell nulled"
ROUNDED: Final = "cell rounded"

_KIND_NAMES: Final = {
    Kind.ID: "a whole number",
    Kind.YEAR: "a whole number",
    Kind.MONEY: "an amount",
    Kind.RATE: "an amount",
    Kind.NUMBER: "a number",
    Kind.SCORE: "a number",
    Kind.BOOL: "a yes or no",
    Kind.DATE: "a date",
    Kind.TIMESTAMP: "a date and time",
}


@dataclass(frozen=True, slots=True)
class Cell:
    """A typed value. If it differs from the source, `reason` says why and `action` what was done."""

    value: object
    reason: str | None = None
    action: str | None = None


NULL: Final = Cell(None)


def nulled(reason: str) -> Cell:
    """Return null with the reason why a value is rejected."""
    return Cell(None, reason, NULLED)


def not_a(kind: Kind) -> Cell:
    """Return null for a value that does not look like its kind at all."""
    return nulled(f"not {_KIND_NAMES[kind]}")
