"""Whether a source, or one of its tables, has changed since the last publication."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import groupby

from pipeline.guards.findings import Finding, found
from pipeline.guards.source_profile import SourceState, TableProfile
from pipeline.guards.thresholds import Guard


def judge_freshness(now: SourceState, before: SourceState, guard: Guard) -> Iterator[Finding]:
    """Find sources that have not changed since the last publication, and large unchanged tables of other sources."""
    if now.as_of - before.as_of < timedelta(days=int(guard.thresholds["days"])):
        return
    newest, latest = _newest_by_source(before.tables), _newest_by_source(now.tables)
    earlier, contents = _contents_by_source(before.tables), _contents_by_source(now.tables)
    for source in dict.fromkeys(table.source for table in now.tables):
        if source in contents and contents[source] == earlier.get(source):
            yield found(guard, "warn", source, "the source is unchanged since the last publication")
        elif source in latest and source in newest and latest[source] <= newest[source]:
            says = "the source has no newer row than at the last publication"
            was, is_now = f"{newest[source]:%Y-%m-%d}", f"{latest[source]:%Y-%m-%d}"
            yield found(guard, "warn", source, says, before=was, now=is_now)
        else:
            yield from _same_tables(now.tables, source, earlier.get(source, {}), guard)


def _same_tables(
    now: Sequence[TableProfile], source: str, earlier: Mapping[str, str], guard: Guard
) -> Iterator[Finding]:
    """Find large tables with dated rows that have not changed while other tables of their source have."""
    for table in now:
        is_large = table.newest is not None and table.loaded >= guard.thresholds["least"]
        if table.source == source and is_large and earlier.get(table.table) == table.fingerprint:
            says = "the table is unchanged since the last publication, while other tables of its source changed"
            yield found(guard, "warn", table.name, says)


def _contents_by_source(tables: Sequence[TableProfile]) -> dict[str, dict[str, str]]:
    """Return, by source and table, the fingerprints of the tables that have rows."""
    contents: dict[str, dict[str, str]] = {}
    for table in tables:
        if table.fingerprint is not None:
            contents.setdefault(table.source, {})[table.table] = table.fingerprint
    return contents


def _newest_by_source(tables: Sequence[TableProfile]) -> dict[str, datetime]:
    dated = sorted((table.source, table.newest) for table in tables if table.newest is not None)
    return {source: max(newest for _, newest in group) for source, group in groupby(dated, key=lambda pair: pair[0])}
