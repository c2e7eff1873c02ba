"""Whether a source, or one of its tables, is newer than at the last publication."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import groupby

from pipeline.guards.findings import Finding, found
from pipeline.guards.source_profile import SourceState, TableProfile
from pipeline.guards.thresholds import Guard


def judge_freshness(now: SourceState, before: SourceState, guard: Guard) -> Iterator[Finding]:
    """Find sources, and large tables of a source that is new, that are what they were when last published."""
    if now.as_of - before.as_of < timedelta(days=int(guard.thresholds["days"])):
        return
    newest, latest = _newest_by_source(before.tables), _newest_by_source(now.tables)
    earlier, contents = _contents_by_source(before.tables), _contents_by_source(now.tables)
    for source in dict.fromkeys(table.source for table in now.tables):
        if source in contents and contents[source] == earlier.get(source):
            yield found(guard, "warn", source, "the source is the very same as when it was last published")
        elif source in latest and source in newest and latest[source] <= newest[source]:
            says = "nothing in the source is newer than when it was last published"
            was, is_now = f"{newest[source]:%Y-%m-%d}", f"{latest[source]:%Y-%m-%d}"
            yield found(guard, "warn", source, says, before=was, now=is_now)
        else:
            yield from _same_tables(now.tables, source, earlier.get(source, {}), guard)


def _same_tables(
    now: Sequence[TableProfile], source: str, earlier: Mapping[str, str], guard: Guard
) -> Iterator[Finding]:
    """Find tables of many dated rows that have not changed while others of their source have."""
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
