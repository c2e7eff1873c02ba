"""When a drop is due: the latest moment in the past, in local time."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from pipeline.common.due import Due


@pytest.mark.parametrize(
    ("now", "since", "latest"),
    [
        ((2025, 1, 13, 12), (2025, 1, 6, 12), (2025, 1, 13, 12)),  # exactly at the moment
        ((2025, 1, 13, 11, 59), (2024, 12, 30, 12), (2025, 1, 6, 12)),  # a minute before
        ((2025, 1, 19, 23), (2025, 1, 6, 12), (2025, 1, 13, 12)),  # on Sunday
    ],
)
def test_a_weekly_moment(now: tuple[int, ...], since: tuple[int, ...], latest: tuple[int, ...]) -> None:
    moments = Due("Monday 12:00", "UTC").last_two(datetime(*now, tzinfo=UTC))  # type: ignore[misc]
    assert moments == (datetime(*since, tzinfo=UTC), datetime(*latest, tzinfo=UTC))  # type: ignore[misc]


def test_a_daily_moment() -> None:
    moments = Due("daily 7:30", "UTC").last_two(datetime(2025, 1, 15, 7, tzinfo=UTC))
    assert moments == (datetime(2025, 1, 13, 7, 30, tzinfo=UTC), datetime(2025, 1, 14, 7, 30, tzinfo=UTC))


def test_the_hour_stays_when_clocks_go_forward() -> None:
    since, latest = Due("Monday 12:00", "Europe/Berlin").last_two(datetime(2025, 3, 31, 10, tzinfo=UTC))
    assert (since, latest) == (datetime(2025, 3, 24, 11, tzinfo=UTC), datetime(2025, 3, 31, 10, tzinfo=UTC))
