"""How instants are read and written: UTC, to the second."""

from __future__ import annotations

from datetime import UTC, datetime


def parse_instant(value: object) -> object:
    """Read an ISO date or date-time as an instant in UTC, to the second; without an offset it is UTC (D1).

    What is neither a text nor a date-time is left as it is; ValueError for a text that is no date.
    """
    if isinstance(value, str):
        value = datetime.fromisoformat(value.strip())
    if isinstance(value, datetime):
        value = value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
        return value.replace(microsecond=0)
    return value


def instant_text(instant: datetime) -> str:
    """Write an instant as `2025-01-15T00:00:00Z`."""
    return instant.strftime("%Y-%m-%dT%H:%M:%SZ")


def instant_name(text: str) -> str:
    """Write an instant's text as names of files and folders bear it: `20250115T000000Z`."""
    return text.replace("-", "").replace(":", "")


def run_name(as_of: datetime) -> str:
    """Name what a run of this `as_of` leaves: `20250115T000000Z`. Names stand in the order of their instants."""
    return instant_name(instant_text(as_of))


def named_instant(name: str) -> datetime:
    """Read the instant of a name that begins with it, as a drop's does; ValueError where it does not."""
    return datetime.fromisoformat(name.partition("-")[0])
