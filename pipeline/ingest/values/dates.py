"""Reads dates and timestamps from dates, serial day numbers or text (lmn-format Values, D6, D41). Timestamps are UTC.

Dates and hours that do not exist are rejected; nothing rolls over.
"""

from __future__ import annotations

import datetime as dt
import functools
import re
from decimal import ROUND_HALF_UP, Decimal
from enum import Enum
from typing import Final

from pipeline.common.instants import FIRST_YEAR, LAST_YEAR
from pipeline.ingest.schema import Kind
from pipeline.ingest.values.spellings import DAYS, MONTH_NAMES, PACKED_INSTANT, SLASHED_DAY, TIMES, YEAR_LAST, ZONES
from pipeline.ingest.values.typed_cell import Cell, not_a, nulled

FIRST_DAY: Final = dt.date(FIRST_YEAR, 1, 1)
LAST_DAY: Final = dt.date(LAST_YEAR, 12, 31)

_CENTURY: Final = 2000
_EPOCH_1900: Final = dt.datetime(1899, 12, 30)
_EPOCH_1904: Final = dt.datetime(1904, 1, 1)
_MILLISECONDS_A_DAY: Final = 86_400_000
_LONGEST: Final = 100

_SERIAL: Final = re.compile(r"[0-9]{1,7}(\.[0-9]*)?", re.ASCII)
_PACKED_FLOAT: Final = re.compile(r"((?:19|20|21)[0-9]{6})\.0*", re.ASCII)
"""A date like 20240305 in a column with empty cells, which tools converted to floats."""
_FLAGS: Final = re.ASCII | re.IGNORECASE
_DAYS: Final = [re.compile(spelling.pattern, _FLAGS) for spelling in DAYS]
_SLASHED: Final = re.compile(SLASHED_DAY.pattern, _FLAGS)
_TIMES: Final = [re.compile(spelling.pattern, _FLAGS) for spelling in TIMES]
_ZONES: Final = [re.compile(spelling.pattern, _FLAGS) for spelling in ZONES]
_PACKED_INSTANT: Final = re.compile(PACKED_INSTANT.pattern, _FLAGS)
_YEAR_LAST: Final = re.compile(YEAR_LAST.pattern, _FLAGS)
_MONTHS: Final = {name: number for number, names in enumerate(MONTH_NAMES, 1) for name in names.split()}
_MONTHS_A_YEAR: Final = 12


class DayOrder(Enum):
    """The order of day and month in dates like 3/5/2024 (D41)."""

    MONTH_FIRST = "month_first"
    DAY_FIRST = "day_first"


def date_or_instant(kind: Kind, value: object, *, dates_from_1904: bool = False, order: DayOrder) -> Cell:
    """Type a date or timestamp; texts are given as seen. A date's time is dropped after conversion to UTC (D6)."""
    epoch = _EPOCH_1904 if dates_from_1904 else _EPOCH_1900
    if isinstance(value, str):
        return _of_text(kind, value, epoch, order)
    return _of_value(kind, value, epoch, order)


def is_slashed(text: str) -> bool:
    """Return whether a text is like 3/5/2024, with or without a time, so that the order of day and month matters."""
    found = _SLASHED.match(text)
    return found is not None and (found.end() == len(text) or _is_time(text[found.end() :]))


def order_shown_by(text: str) -> DayOrder | None:
    """Return the only order in which a text like 25/3/2024 is a date; None if both or neither are possible."""
    found = _SLASHED.match(text)
    if found is None or not is_slashed(text):
        return None
    first, second = int(found["first"]), int(found["second"])
    if max(first, second) <= _MONTHS_A_YEAR or min(first, second) > _MONTHS_A_YEAR:  # a quick check, often true
        return None
    year = _full_year(found["year"])
    is_month_first, is_day_first = _exists(year, first, second), _exists(year, second, first)
    if is_month_first == is_day_first:
        return None
    return DayOrder.MONTH_FIRST if is_month_first else DayOrder.DAY_FIRST


@functools.lru_cache(maxsize=16384)
def _of_text(kind: Kind, text: str, epoch: dt.datetime, order: DayOrder) -> Cell:
    """Return the result of `_of_value`, cached, because the same dates recur in every block of a file."""
    return _of_value(kind, text, epoch, order)


def _of_value(kind: Kind, value: object, epoch: dt.datetime, order: DayOrder) -> Cell:
    if isinstance(value, bool):
        return not_a(kind)
    try:
        moment = _moment(value, epoch, order)
    except (ValueError, OverflowError):  # no such day or hour, or a year outside 1 to 9999
        return nulled("no such date")
    if moment is None:
        return not_a(kind)
    if kind is Kind.TIMESTAMP:
        return Cell(moment)
    day = moment.date()
    if not FIRST_DAY <= day <= LAST_DAY:
        return nulled(f"outside {FIRST_DAY} to {LAST_DAY}")
    return Cell(day)


def _moment(value: object, epoch: dt.datetime, order: DayOrder) -> dt.datetime | None:
    """Return a UTC time without zone; None if the value is not like a date. Raises ValueError for impossible dates."""
    if isinstance(value, dt.datetime):
        return _utc(value)
    if isinstance(value, dt.date):
        return dt.datetime(value.year, value.month, value.day)
    if isinstance(value, (int, float, Decimal)):
        value = format(Decimal(repr(value)) if isinstance(value, float) else Decimal(value), "f")
    if not isinstance(value, str) or len(value) > _LONGEST:
        return None
    value = value.lower()
    if packed := _PACKED_FLOAT.fullmatch(value):
        value = packed[1]
    elif found := _PACKED_INSTANT.fullmatch(value):
        value = f"{found['day']}t{found['time']}"
    elif found := _YEAR_LAST.fullmatch(value):
        value = f"{found['day']} {found['month']} {found['year']}{found['time']}"
    if found := _SLASHED.match(value):
        return _at(_slashed_day(found, order), value[found.end() :])
    for pattern in _DAYS:
        if found := pattern.match(value):
            moment = _at(_named_day(found), value[found.end() :])
            if moment is not None:
                return moment
    return _serial(Decimal(value), epoch) if _SERIAL.fullmatch(value) else None


def _utc(moment: dt.datetime) -> dt.datetime:
    if moment.tzinfo is None:
        return moment
    return moment.astimezone(dt.UTC).replace(tzinfo=None)


def _named_day(found: re.Match[str]) -> tuple[int, int, int]:
    parts = found.groupdict()
    if "week" in parts:
        day = dt.date.fromisocalendar(int(parts["year"]), int(parts["week"]), int(parts["weekday"]))
        return day.year, day.month, day.day
    month = parts["month"]
    number = int(month) if month.isdigit() else _MONTHS[month]
    return _full_year(parts["year"]), number, int(parts["day"])


def _slashed_day(found: re.Match[str], order: DayOrder) -> tuple[int, int, int]:
    first, second = int(found["first"]), int(found["second"])
    month, day = (first, second) if order is DayOrder.MONTH_FIRST else (second, first)
    return _full_year(found["year"]), month, day


def _full_year(year: str) -> int:
    return int(year) + (_CENTURY if len(year) == 2 else 0)


def _exists(year: int, month: int, day: int) -> bool:
    try:
        dt.date(year, month, day)
    except ValueError:
        return False
    return True


def _is_time(rest: str) -> bool:
    try:
        return _at((_CENTURY, 1, 2), rest) is not None
    except (ValueError, OverflowError):
        return False


def _at(day: tuple[int, int, int], rest: str) -> dt.datetime | None:
    """Return the day at the time of day in `rest`; None if `rest` has no known spelling of a time."""
    hour, minute, second, micros = 0, 0, 0, 0
    clock = next((found for pattern in _TIMES if (found := pattern.match(rest))), None)
    if clock is not None:
        parts = clock.groupdict()
        hour = _hour(int(parts["hour"]), parts.get("half"))
        minute, second = int(parts.get("minute") or 0), int(parts.get("second") or 0)
        micros = int((parts.get("fraction") or "0")[:6].ljust(6, "0"))  # cut, not rounded
        rest = rest[clock.end() :]
    zone = None
    if rest:
        found = next((match for pattern in _ZONES if (match := pattern.fullmatch(rest))), None)
        if found is None:
            return None
        zone = _zone(found.groupdict())
        if clock is None and zone.utcoffset(None):
            return None
    return _utc(dt.datetime(*day, hour, minute, second, micros, zone))


def _hour(hour: int, half: str | None) -> int:
    if half is None:
        return hour
    if not 1 <= hour <= 12:
        raise ValueError(hour)
    return hour % 12 + (12 if half in "pP" else 0)


def _zone(parts: dict[str, str | None]) -> dt.timezone:
    hours, minutes, seconds = (int(parts.get(name) or 0) for name in ("hours", "minutes", "seconds"))
    if minutes > 59 or seconds > 59:
        raise ValueError(parts)
    span = dt.timedelta(hours=hours, minutes=minutes, seconds=seconds)
    return dt.timezone(-span if parts.get("side") == "-" else span)


def _serial(days: Decimal, epoch: dt.datetime) -> dt.datetime | None:
    """Return the time of a spreadsheet's day number, only for 2000 to 2100: other numbers are not dates."""
    count = int(days)
    # a double represents a day number to about a microsecond: rounding to milliseconds restores the intended time
    milliseconds = int(((days - count) * _MILLISECONDS_A_DAY).to_integral_value(ROUND_HALF_UP))
    moment = epoch + dt.timedelta(days=count, milliseconds=min(milliseconds, _MILLISECONDS_A_DAY - 1))
    return moment if FIRST_DAY <= moment.date() <= LAST_DAY else None
