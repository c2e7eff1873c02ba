"""Weekly and daily due times in a time zone."""

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
    """When a drop is due. `zone` is the time zone of the hour."""

    text: str
    zone: str

    def last_two(self, now: datetime) -> tuple[datetime, datetime]:
        """Return the last two due times that are not after `now`, the earlier one first."""
        found = DUE_FORM.fullmatch(self.text)
        assert found is not None  # the settings' validator ensures it
        local = now.astimezone(ZoneInfo(self.zone))
        is_daily = found[1].lower() == "daily"
        days = 1 if is_daily else 7
        back = 0 if is_daily else (local.weekday() - DAYS.index(found[1].lower())) % 7
        at = time(int(found[2]), int(found[3]), tzinfo=local.tzinfo)
        latest = datetime.combine(local.date() - timedelta(days=back), at)
        if latest > local:
            latest -= timedelta(days=days)  # calendar days, so that daylight saving time does not change the hour
        return (latest - timedelta(days=days)).astimezone(UTC), latest.astimezone(UTC)
