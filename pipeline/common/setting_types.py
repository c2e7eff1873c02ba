"""Types of settings whose texts have a format: sizes of memory, schedules, due times, time zones, lists."""

from __future__ import annotations

import os
import re
from datetime import datetime
from typing import Annotated, Any, Final
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator
from pydantic_settings import NoDecode

from pipeline.common.due import DUE_FORM
from pipeline.common.instants import parse_instant

_SIZE: Final = re.compile(r"(?=.*[1-9])(\d+(?:\.\d+)?)\s*([KMGT]i?B|[KMGT]|bytes|B|%)", re.IGNORECASE)
"""The sizes of memory that DuckDB accepts: `6GB`, `512 MiB`, `80%`."""

_CRON_CHARACTERS: Final = frozenset("0123456789*/,- abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ#?")


def memory_bytes(size: str) -> float:
    """Return a size of memory in bytes; a percentage is that of the machine's memory."""
    found = _SIZE.fullmatch(size)
    assert found is not None
    number, unit = float(found[1]), found[2].upper()
    if unit == "%":
        return number / 100 * os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    base = 1024.0 if "I" in unit else 1000.0
    return number * base ** "BKMGT".index(unit[0])


def _size(size: str) -> str:
    if _SIZE.fullmatch(size.strip()) is None:
        raise ValueError(f"{size!r} is not a size; write a number and a unit (MB, GB, TB, MiB, GiB, TiB), such as 6GB")
    return size.strip()


def _cron(schedule: str) -> str:
    if len(schedule.split()) != 5 or not set(schedule) <= _CRON_CHARACTERS:  # Dagster reports all other faults
        raise ValueError(
            f"{schedule!r} is not a cron schedule; write five fields, such as 0 5 * * 1 (Mondays at 05:00)"
        )
    return schedule


def _due(due: str) -> str:
    if DUE_FORM.fullmatch(due.strip()) is None:
        raise ValueError(f"{due!r} is not a due time; write it as Monday 12:00, or daily 7:00")
    return due.strip()


def _zone(zone: str) -> str:
    try:
        ZoneInfo(zone)
    except (KeyError, ValueError, OSError):  # unknown, not a valid name, or a folder of zones
        raise ValueError(f"there is no time zone {zone!r}; write it as Europe/Berlin") from None
    return zone


def _words(value: Any) -> Any:
    return value.split() if isinstance(value, str) else value


Instant = Annotated[datetime, BeforeValidator(parse_instant)]
MemorySize = Annotated[str, AfterValidator(_size)]
CronSchedule = Annotated[str, AfterValidator(_cron)]
DueTime = Annotated[str, AfterValidator(_due)]
TimeZone = Annotated[str, AfterValidator(_zone)]

WORDS: Final = (NoDecode, BeforeValidator(_words))
"""Accepts a list as one text, in the environment or in `warehouse.toml`: `failed held_back`."""
