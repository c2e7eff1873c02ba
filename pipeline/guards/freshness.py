"""Whether a source, or one of its tables, is newer than when it was last published."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from math import inf
from typing import Final

from pipeline.guards.findings import Finding, found
from pipeline.guards.source_profile import SourceState, TableProfile
from pipeline.guards.thresholds import Guard

RECENT: Final = timedelta(weeks=4)
"""The time up to a source's newest row that shows its pace."""
_BY_CHANCE: Final = 3
"""Busy days that show no pace: some fall together, and one is always the newest row's."""


def judge_freshness(now: SourceState, before: SourceState, guard: Guard) -> Iterator[Finding]:
    """Find sources, and large tables of a source that is new, that are what they were when last published.

    A source that brings little may stand still for a while: one is found where, at the pace of its last weeks, rows
    would have come on so many days since its newest one that chance does not explain that there is none.
    """
    if now.as_of - before.as_of < timedelta(days=int(guard.thresholds["days"])):
        return
    newest, latest = _newest_by_source(before.tables), _newest_by_source(now.tables)
    earlier, contents = _contents_by_source(before.tables), _contents_by_source(now.tables)
    for source in dict.fromkeys(table.source for table in now.tables):
        is_same = source in contents and contents[source] == earlier.get(source)
        if not is_same and not (source in latest and source in newest and latest[source] <= newest[source]):
            yield from _same_tables(now.tables, source, earlier.get(source, {}), guard)
        elif _awaited(now, source, latest.get(source)) < guard.thresholds["least_awaited"]:
            continue
        elif is_same:
            yield found(guard, "warn", source, "the source is the very same as when it was last published")
        else:
            says = "nothing in the source is newer than when it was last published"
            was, is_now = f"{newest[source]:%Y-%m-%d}", f"{latest[source]:%Y-%m-%d}"
            yield found(guard, "warn", source, says, before=was, now=is_now)


def _awaited(now: SourceState, source: str, latest: datetime | None) -> float:
    """Return on how many days rows would have come since the newest; endless where no row says when it was recorded."""
    if latest is None:
        return inf
    known = [
        table.busy_days
        for table in now.tables
        if table.source == source and table.newest is not None and latest - table.newest <= RECENT
    ]
    return max(0, max(known) - _BY_CHANCE) * ((now.as_of.replace(tzinfo=None) - latest) / RECENT)


def _same_tables(
    now: Sequence[TableProfile], source: str, earlier: Mapping[str, str], guard: Guard
) -> Iterator[Finding]:
    """Find tables of many dated rows that are the same while others of their source are new."""
    for table in now:
        is_large = table.newest is not None and table.loaded >= guard.thresholds["least"]
        if table.source == source and is_large and earlier.get(table.table) == table.fingerprint:
            says = "the table is the very same as when it was last published, and other tables of its source are not"
            yield found(guard, "warn", table.name, says)


def _contents_by_source(tables: Sequence[TableProfile]) -> dict[str, dict[str, str]]:
    """Return the fingerprints of each source's tables that have rows and a known content."""
    contents: dict[str, dict[str, str]] = {}
    for table in tables:
        if table.fingerprint is not None:
            contents.setdefault(table.source, {})[table.table] = table.fingerprint
    return contents


def _newest_by_source(tables: Sequence[TableProfile]) -> dict[str, datetime]:
    dated = sorted((table.source, table.newest) for table in tables if table.newest is not None)
    return {source: max(newest for _, newest in group) for source, group in groupby(dated, key=lambda pair: pair[0])}
