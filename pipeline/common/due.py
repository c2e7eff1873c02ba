"""The moments at which something is due every week or every day, in a time zone."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
DUE_FORM = re.compile(rf"({'|'.join(DAYS)}|daily) ([01]?\d|2[0-3]):([0-5]\d)", re.IGNORECASE)
"""`Monday 12:00`, `daily 7:30`."""


@dataclass(frozen=True)
class Due:
    """When a drop must be there. `zone` names the time zone that the hour is of."""

    text: str
    zone: str

    def last_two(self, now: datetime) -> tuple[datetime, datetime]:
        """Return the moment before the latest one, and the latest one that is not after `now`."""
        found = DUE_FORM.fullmatch(self.text)
        assert found is not None  # the settings' validator has seen to it
        local = now.astimezone(ZoneInfo(self.zone))
        is_daily = found[1].lower() == "daily"
        days = 1 if is_daily else 7
        back = 0 if is_daily else (local.weekday() - DAYS.index(found[1].lower())) % 7
        at = time(int(found[2]), int(found[3]), tzinfo=local.tzinfo)
        latest = datetime.combine(local.date() - timedelta(days=back), at)
        if latest > local:
            latest -= timedelta(days=days)  # days of the calendar: the hour stays where a clock is put forward
        return (latest - timedelta(days=days)).astimezone(UTC), latest.astimezone(UTC)
