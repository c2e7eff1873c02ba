"""Reads and writes instants: UTC, to the second."""

from __future__ import annotations

import contextlib
from datetime import UTC, date, datetime, time
from typing import Final

FIRST_YEAR: Final = 2000
LAST_YEAR: Final = 2100
"""D6: the years of valid dates, in the sources and in `as_of`."""


def parse_instant(value: object) -> datetime:
    """Read a date or date-time, or its ISO text, as an instant in UTC, to the second; without an offset it is UTC (D1).

    ValueError for anything else, and for years outside the valid ones (D6).
    """
    if isinstance(value, str):
        with contextlib.suppress(ValueError):
            value = datetime.fromisoformat(value.strip())
    elif isinstance(value, date) and not isinstance(value, datetime):
        value = datetime.combine(value, time())
    if not isinstance(value, datetime):
        raise ValueError(f"{value!r} is not a date or date-time; write it as 2025-01-15 or 2025-01-15T00:00:00Z")
    try:
        value = value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    except OverflowError:  # in the first or last hours of Python's calendar
        is_known = False
    else:
        is_known = FIRST_YEAR <= value.year <= LAST_YEAR
    if not is_known:
        raise ValueError(f"is outside the years {FIRST_YEAR} to {LAST_YEAR}")
    return value.replace(microsecond=0)


def instant_text(instant: datetime) -> str:
    """Write an instant as `2025-01-15T00:00:00Z`."""
    return instant.strftime("%Y-%m-%dT%H:%M:%SZ")


def instant_name(text: str) -> str:
    """Format an instant for names of files and folders: `20250115T000000Z`."""
    return text.replace("-", "").replace(":", "")


def run_name(as_of: datetime) -> str:
    """Return the name of a run of this `as_of`: `20250115T000000Z`. Names sort in the order of their instants."""
    return instant_name(instant_text(as_of))


def named_instant(name: str) -> datetime:
    """Read the instant at the start of a name, such as a drop's; ValueError if there is none."""
    return datetime.fromisoformat(name.partition("-")[0])
