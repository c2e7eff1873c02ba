"""Warnings about a share of a column's cells that is high, or higher than at the last publication."""

from __future__ import annotations

from decimal import Decimal

from pipeline.guards.findings import Finding, found
from pipeline.guards.thresholds import Guard


def percent(part: int, whole: int, guard: Guard) -> int | None:
    """Return a share in whole percent, rounded down; None for too few cells."""
    return None if whole < guard.thresholds["least"] else 100 * part // whole


def judge_share(
    guard: Guard, place: str, says: str, now: int | None, before: int | None, most: Decimal, *, is_said_again: bool
) -> Finding | None:
    """Return a finding if a share is above `most`, or has risen by the guard's `warn_rise_points`; otherwise None.

    With `is_said_again`, a share above `most` is reported at every run, otherwise on the first run only. The message is
    `says` after the word `many` or `more`.
    """
    if now is None:
        return None
    is_more = before is not None and now - before >= guard.thresholds["warn_rise_points"]
    if not is_more and (now <= most or (before is not None and not is_said_again)):
        return None
    figure = None if before is None else f"{before} %"
    return found(guard, "warn", place, f"{'more' if is_more else 'many'} {says}", before=figure, now=f"{now} %")
