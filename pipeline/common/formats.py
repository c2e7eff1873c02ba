"""Formats numbers, instants and durations for people: in the output of a run, and as filters of report templates."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from pipeline.common.instants import instant_text

_THOUSANDS: Final = ((Decimal(10) ** 9, "B"), (Decimal(10) ** 6, "M"), (Decimal(10) ** 3, "k"))
MINUS: Final = "−"
FILTERS: Final = (
    *("age", "amount", "change", "day", "instant", "machine_instant", "number"),
    *("figure", "percent", "plural", "points", "short_instant", "size"),
)


def number(value: int | Decimal) -> str:
    """Format a number with separators; a decimal without trailing zeros."""
    if isinstance(value, Decimal):
        text = f"{value:,f}"
        text = text.rstrip("0").rstrip(".") if "." in text else text
    else:
        text = f"{value:,}"
    return text.replace("-", MINUS)


def figure(value: int | Decimal) -> str:
    """Format a plotted or counted value: whole numbers without decimals, others with two or more, like money."""
    text = number(value)
    return f"{text}0" if text[-2:-1] == "." else text


def plural(count: int, one: str, many: str | None = None) -> str:
    """Write a count with its noun."""
    return f"{number(count)} {one if count == 1 else many or one + 's'}"


def amount(value: Decimal, unit: str) -> str:
    """Format a plotted value in full."""
    if unit == "US dollars":
        return f"{MINUS if value < 0 else ''}${abs(value):,.2f}"
    return plural(int(value), unit.removesuffix("s"))


def short_amount(value: Decimal, unit: str) -> str:
    """Format a value of an axis."""
    sign = MINUS if value < 0 else ""
    dollar = "$" if unit == "US dollars" else ""
    for size, letter in _THOUSANDS:
        if abs(value) >= size:
            return f"{sign}{dollar}{number((abs(value) / size).normalize())}{letter}"
    return f"{sign}{dollar}{number(abs(value).normalize())}"


def percent(share: Decimal | None) -> str:
    """Format a share as a percentage; only a share of exactly 0 or 1 is shown as 0 % or 100 %."""
    if share is None:
        return "–"
    rounded = (share * 100).quantize(Decimal("0.1"), ROUND_HALF_UP)
    if share > 0 and rounded == 0:
        return "< 0.1 %"
    if share < 1 and rounded == 100:
        return "> 99.9 %"
    return f"{number(rounded)} %"


def points(change: Decimal | None) -> str:
    """Write a change of a share in percentage points, with its sign."""
    if change is None:
        return "–"
    rounded = (change * 100).quantize(Decimal("0.1"), ROUND_HALF_UP)
    if change == 0:
        return "0"
    if rounded == 0:
        return "< 0.1" if change > 0 else f"> {MINUS}0.1"
    return f"{'+' if rounded > 0 else ''}{number(rounded)}"


def change(value: int | Decimal | None) -> str:
    """Write a change with its sign."""
    if value is None:
        return "–"
    return f"{'+' if value > 0 else ''}{number(value)}"


def instant(value: datetime | None) -> str:
    """Write an instant for people, in UTC."""
    if value is None:
        return "–"
    utc = value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    return f"{utc.day} {utc:%B %Y, %H:%M} UTC"


def short_instant(value: datetime) -> str:
    """Write an instant in a short form, in UTC."""
    return f"{value:%Y-%m-%d %H:%M}"


def day(value: datetime) -> str:
    """Write the day of an instant."""
    return f"{value.day} {value:%b %Y}"


def machine_instant(value: datetime) -> str:
    """Write an instant for HTML's `datetime` attribute."""
    utc = value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    return instant_text(utc)


def age(value: datetime | None, as_of: datetime) -> str:
    """Format how long before `as_of` something was, in whole days."""
    if value is None:
        return "no dated row"
    utc = value.replace(tzinfo=UTC) if value.tzinfo is None else value
    days = (as_of - utc).days
    return "less than a day" if days == 0 else f"{plural(days, 'day')} before"


def size(count: int) -> str:
    """Write a count of bytes."""
    for unit, bytes_of in (("MB", 1_000_000), ("kB", 1_000)):
        if count >= bytes_of:
            return f"{Decimal(count) / bytes_of:,.1f} {unit}"
    return plural(count, "byte")
