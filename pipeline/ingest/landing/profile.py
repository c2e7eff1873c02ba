"""Makes the profile of a landed table for the guards: counts of its cells, flags and words, sizes and lengths."""

from __future__ import annotations

from collections import Counter
from collections.abc import MutableMapping, Sequence
from contextlib import closing
from datetime import date, datetime, time

import duckdb
import pyarrow.parquet as pq

from pipeline.common.null_counts import count_nulls
from pipeline.common.scratch_database import quoted, read_parquet, scratch_connection
from pipeline.guards.compared_columns import LONG_TEXTS, RECORDED
from pipeline.guards.past_rows import DATED
from pipeline.guards.source_profile import SampledRows, TableProfile
from pipeline.ingest.landing.drawn_rows import draw_rows
from pipeline.ingest.landing.known_ids import referred_to
from pipeline.ingest.landing.landed_table import LandedTable
from pipeline.ingest.landing.row_sample import sample_rows
from pipeline.ingest.landing.twin_rows import count_twins
from pipeline.ingest.readers.csv_rows import CUT_OFF
from pipeline.ingest.rejects import REPEATED
from pipeline.ingest.schema import Kind
from pipeline.ingest.values.dates import FIRST_DAY, LAST_DAY
from pipeline.ingest.values.typed_cell import NULLED

MadeProfiles = MutableMapping[str, tuple[tuple[LandedTable, ...], TableProfile]]
"""The profiles that a run has already made, each with its table and the tables to which the table's ids refer."""


def profile_tables(
    landed: Sequence[LandedTable], as_of: datetime, made: MadeProfiles | None = None
) -> list[TableProfile]:
    """Return each table's profile; rows recorded after `as_of` do not count as its newest row.

    `made` has the profiles that the same run already made; they are reused, and new ones are added.
    """
    kept = {} if made is None else made
    with closing(scratch_connection()) as connection:
        for table in landed:
            name = table.table.qualified_name
            tables = (table, *referred_to(table, landed))
            if name not in kept or kept[name][0] != tables:
                kept[name] = (tables, _profile(connection, tables, as_of))
    return [kept[table.table.qualified_name][1] for table in landed]


def _profile(connection: duckdb.DuckDBPyConnection, tables: Sequence[LandedTable], as_of: datetime) -> TableProfile:
    """Make the profile of the first table; the others are the tables to which its ids refer."""
    landed, *others = tables
    table = landed.table
    amounts, magnitudes = _magnitudes(connection, landed) if landed.loaded else ({}, {})
    newest = _newest(connection, landed, as_of) if landed.loaded else None
    sample, compared_rows, twins = SampledRows(), 0, 0
    if landed.loaded:
        draw_rows(connection, landed)
        sample = sample_rows(connection, landed, others)
        compared_rows, twins = count_twins(connection, landed)
    longest, at_longest = _longest(connection, landed) if landed.loaded else ({}, {})
    return TableProfile(
        source=table.source,
        table=table.name,
        is_configured=landed.is_configured,
        read=landed.read,
        loaded=landed.loaded,
        # a row that is repeated in an older download is not lost
        rejected=landed.rejected - sum(n for why, n in landed.rejected_for.items() if why.startswith(REPEATED)),
        is_cut_off=any(CUT_OFF in why for why in landed.rejected_for),
        columns=tuple(column.name for column in table.columns),
        headers=tuple(column.name for column in table.columns if column.name in landed.matched),
        aliases={column.name: column.aliases for column in table.columns if column.aliases},
        values=_values(landed) if landed.loaded else {},
        unread=_unread(connection, landed),
        trues=_trues(connection, landed) if landed.loaded else {},
        amounts=amounts,
        magnitudes=magnitudes,
        unknown=dict(landed.unknown),
        lacking=dict(landed.lacking),
        swapped={column: reading.file for reading in landed.readings for column in reading.swapped_days},
        deleted=_deleted(landed),
        far_days=_far_days(connection, landed) if landed.loaded else {},
        newest=newest,
        **vars(sample),
        longest=longest,
        at_longest=at_longest,
        compared_rows=compared_rows,
        twins=twins,
        fingerprint=landed.fingerprint if landed.loaded else None,
    )


def _deleted(landed: LandedTable) -> dict[str, int]:
    """Count the rows that each column marks as deleted."""
    counts: Counter[str] = Counter()
    for reading in landed.readings:
        counts.update(reading.deleted_rows)
    return dict(counts)


def _far_days(connection: duckdb.DuckDBPyConnection, landed: LandedTable) -> dict[str, int]:
    """Count the cells outside the range of dates (D6) in each column of timestamps.

    Columns named as dates are counted completely, columns with creation times in the sampled rows only.
    """
    instants = [column.name for column in landed.table.columns if column.kind is Kind.TIMESTAMP]
    days = [name for name in instants if name.endswith("_date")]
    parts = read_parquet(landed.parts, "union_by_name = true")
    sampled = [name for name in instants if name in DATED and name not in days]
    return _far_cells(connection, parts, days) | _far_cells(connection, "lowest_hashes", sampled)


def _far_cells(connection: duckdb.DuckDBPyConnection, rows: str, days: Sequence[str]) -> dict[str, int]:
    if not days:
        return {}
    counted = ", ".join(
        f"count(*) filter (where cast({quoted(day)} as date) not between date '{FIRST_DAY}' and date '{LAST_DAY}')"
        for day in days
    )
    (row,) = connection.execute(f"select {counted} from {rows}").fetchall()
    return {day: count for day, count in zip(days, row, strict=True) if count}


def _values(landed: LandedTable) -> dict[str, int]:
    """Count the cells of each column that are not null."""
    counts = dict.fromkeys((column.name for column in landed.table.columns), 0)
    for part in landed.parts:
        with part.open("rb") as file:
            found = count_nulls(file)
        if found is None:  # some tools write no statistics into the footer: the columns must be read
            table = pq.read_table(part, columns=list(counts))
            nulls = {name: table[name].null_count for name in counts}
            rows = table.num_rows
        else:
            nulls, rows = found.nulls, found.rows
        for name in counts:
            counts[name] += rows - nulls.get(name, rows)
    return counts


def _unread(connection: duckdb.DuckDBPyConnection, landed: LandedTable) -> dict[str, int]:
    """Count the cells of each column that could not be read."""
    if not landed.rejects:
        return {}
    return dict(
        connection.execute(
            f"select column_name, count(*) from {read_parquet(landed.rejects)} "
            "where action = $action and column_name is not null group by column_name order by column_name",
            {"action": NULLED},
        ).fetchall()
    )


def _trues(connection: duckdb.DuckDBPyConnection, landed: LandedTable) -> dict[str, int]:
    """Count the true cells of each flag."""
    flags = [column.name for column in landed.table.columns if column.kind is Kind.BOOL]
    if not flags:
        return {}
    counted = ", ".join(f"count(*) filter (where {quoted(flag)})" for flag in flags)
    (row,) = connection.execute(
        f"select {counted} from {read_parquet(landed.parts, 'union_by_name = true')}"
    ).fetchall()
    return dict(zip(flags, map(int, row), strict=True))


def _magnitudes(connection: duckdb.DuckDBPyConnection, landed: LandedTable) -> tuple[dict[str, int], dict[str, float]]:
    """Count each column's amounts and scores that are not 0, and return the mean of their powers of ten."""
    money = [column.name for column in landed.table.columns if column.kind in (Kind.MONEY, Kind.RATE, Kind.SCORE)]
    if not money:
        return {}, {}
    parts = read_parquet(landed.parts, "union_by_name = true")
    counted = ", ".join(
        f"count(*) filter (where {name} <> 0), round(avg(log10(abs({name}))) filter (where {name} <> 0), 2)"
        for name in map(quoted, money)
    )
    (row,) = connection.execute(f"select {counted} from {parts}").fetchall()
    found = [(name, *row[2 * at : 2 * at + 2]) for at, name in enumerate(money) if row[2 * at]]
    return {name: count for name, count, _ in found}, {name: power for name, _, power in found}


def _newest(connection: duckdb.DuckDBPyConnection, landed: LandedTable, as_of: datetime) -> datetime | None:
    """Return the latest recorded time that is not after `as_of`, from the files' footers if nothing is later."""
    limit = as_of.replace(tzinfo=None)
    columns = [
        column.name
        for column in landed.table.columns
        if column.name in RECORDED and column.kind in (Kind.TIMESTAMP, Kind.DATE)
    ]
    latest = [found for column in columns for found in _column_maxima(landed, column)]
    if not columns or (latest and max(latest) <= limit):
        return max(latest, default=None)
    greatest = ", ".join(f"max({quoted(name)}) filter (where {quoted(name)} <= $limit)" for name in columns)
    (row,) = connection.execute(
        f"select cast(greatest({greatest}) as timestamp) from {read_parquet(landed.parts, 'union_by_name = true')}",
        {"limit": limit},
    ).fetchall()
    found: datetime | None = row[0]
    return found


def _longest(connection: duckdb.DuckDBPyConnection, landed: LandedTable) -> tuple[dict[str, int], dict[str, int]]:
    """Return the length of each long text's longest cells in characters, and the number of cells of that length."""
    parts = read_parquet(landed.parts, "union_by_name = true")
    lengths, cells = {}, {}
    for name in (column.name for column in landed.table.columns if column.name in LONG_TEXTS):
        for length, count in connection.execute(
            f"select length({quoted(name)}), count(*) from {parts} where {quoted(name)} is not null "
            "group by 1 order by 1 desc limit 1"
        ).fetchall():
            lengths[name], cells[name] = length, count
    return lengths, cells


def _column_maxima(landed: LandedTable, column: str) -> list[datetime]:
    """Return a column's maximum in each row group according to the footers; files without statistics have none."""
    found = []
    for part in landed.parts:
        metadata = pq.read_metadata(part)
        for group in range(metadata.num_row_groups):
            for at in range(metadata.num_columns):
                chunk = metadata.row_group(group).column(at)
                if chunk.path_in_schema == column and chunk.statistics is not None and chunk.statistics.has_min_max:
                    found.append(_instant(chunk.statistics.max))
    return found


def _instant(value: date | datetime) -> datetime:
    if isinstance(value, datetime):
        return value.replace(tzinfo=None)
    return datetime.combine(value, time())
