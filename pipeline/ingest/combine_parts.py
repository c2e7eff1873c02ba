"""Combines the parts of one table: decides which rows remain if a later part repeats or corrects earlier rows.

Small tables (those with unique columns besides the key, with `updated_at`, or whose row order matters) are merged into
one part, and all their keys are compared at once. Unique columns can only be checked in this way, because the next part
may correct the winning row.

Event tables stay in parts, so that a new file does not require reading the old ones. Their later rows always win, so a
new part can only replace earlier rows. If its ids are beyond those of an earlier part, as they are when events are
appended, the earlier part is not even opened. If the ids may overlap, the earlier part's keys are read, and if some of
its rows lose, it is rewritten once without them. (A list of exceptions would be cheaper to write, but would add an
anti-join to every query of every engine.) The result is stored under the address of the sequence of parts. The next
run starts from the longest beginning of its sequence that is already stored.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from pipeline.ingest.duplicates.key_scan import from_record, has_ranges, scan_keys
from pipeline.ingest.duplicates.losing_rows import Losers, find_losers, find_overtaken
from pipeline.ingest.landing.part_writer import PartWriter
from pipeline.ingest.landing.zone import Landing, Part, PartRecord, PartSet, combined_hash, part_address
from pipeline.ingest.rejects import RejectsWriter
from pipeline.ingest.schema import ROW_COLUMN, SourceTable
from pipeline.ingest.type_batches import landing_schema
from pipeline.ingest.winning_rows import report_losers, winners


@dataclass(frozen=True)
class CombinedParts:
    """The files with the final rows of a table, the number of rows, and the rejects between parts."""

    parts: tuple[Path, ...]
    loaded: int
    rejected: int
    rejects: tuple[Path, ...]
    fingerprint: str


def combine_parts(table: SourceTable, parts: Sequence[Part], names: Sequence[str], landing: Landing) -> CombinedParts:
    """Combine the parts of a table, which are in the order of reading; `names` are the source files of the parts."""
    if len(parts) == 1 and not _uniques_may_repeat(table, parts[0]):
        return CombinedParts((parts[0].path,), parts[0].record.loaded, 0, (), parts[0].address)
    if has_ranges(table):
        combined = _keep_parts(table, parts, names, landing)
        return CombinedParts(
            tuple(part.path for part in combined.parts),
            sum(part.record.loaded for part in combined.parts),
            combined.rejected,
            combined.rejects,
            combined.address,
        )
    merged = _merge_parts(table, parts, names, landing)
    rejects = () if merged.rejects is None else (merged.rejects,)
    return CombinedParts((merged.path,), merged.record.loaded, merged.record.rejected, rejects, merged.address)


def _uniques_may_repeat(table: SourceTable, part: Part) -> bool:
    """Return whether a unique column may repeat a value in a table's only part. Its key does not."""
    return bool(table.unique or table.unique_rows) and scan_keys(replace(table, key=()), part.path)[0]


def _merge_parts(table: SourceTable, parts: Sequence[Part], names: Sequence[str], landing: Landing) -> Part:
    """Merge all parts into one. `_row` continues from part to part, so that it reflects the order of reading."""
    address = part_address(table, combined_hash(*(part.address for part in parts)), "")
    if merged := landing.find(table, address):
        return merged
    paths = [part.path for part in parts]
    losers = find_losers(table, paths, landing)
    loaded = 0
    schema = landing_schema(table)
    with landing.draft(table) as draft:
        with RejectsWriter(draft.rejects, table, landing.forgotten) as rejects:
            report_losers(table, losers, paths, names, rejects)
        with PartWriter(draft.data, schema) as writer:
            last_row = 0
            for at, path in enumerate(paths):
                before = last_row
                for batch in winners(table, path, at, losers):
                    loaded += batch.num_rows
                    numbers = pc.add(batch[ROW_COLUMN], pa.scalar(before, pa.int64()))
                    last_row = max(last_row, pc.max(numbers).as_py() or 0)
                    writer.write(batch.set_column(len(schema.names) - 1, schema.field(ROW_COLUMN), numbers))
        record = PartRecord(
            read=sum(part.record.loaded for part in parts),
            loaded=loaded,
            rejected=rejects.rows_dropped,
            has_rejects=rejects.has_any,
        )
        return landing.keep(table, address, draft, record)


def _set_address(table: SourceTable, parts: Sequence[Part]) -> str:
    return part_address(table, combined_hash("side by side", *(part.address for part in parts)), "")


def _keep_parts(table: SourceTable, parts: Sequence[Part], names: Sequence[str], landing: Landing) -> PartSet:
    """Keep the parts separate, and rewrite only those with rows whose key a later part repeats."""
    address = _set_address(table, parts)
    if known := landing.find_set(table, address):
        return known
    combined, rejected, rejects = _longest_known(table, parts, landing)
    first_new = len(combined)
    current = [*combined, *parts[first_new:]]
    overtaken = _overtaken(table, current, first_new, landing)
    with landing.draft(table) as draft:
        if len(overtaken.places):
            with RejectsWriter(draft.rejects, table, landing.forgotten) as writer:
                report_losers(table, [overtaken], [part.path for part in current], names, writer)
            rejected += writer.rows_dropped
            current = [_without(table, part, at, overtaken, landing) for at, part in enumerate(current)]
        return landing.keep_set(table, address, draft, current, rejected, rejects)


def _longest_known(
    table: SourceTable, parts: Sequence[Part], landing: Landing
) -> tuple[tuple[Part, ...], int, tuple[Path, ...]]:
    """Return the parts, rejected rows and rejects of the longest beginning (at least one part) that is stored."""
    for count in range(len(parts) - 1, 1, -1):
        if known := landing.find_set(table, _set_address(table, parts[:count])):
            return known.parts, known.rejected, known.rejects
    return (parts[0],), 0, ()


def _overtaken(table: SourceTable, parts: Sequence[Part], first_new: int, landing: Landing) -> Losers:
    """Return the rows whose key a later part repeats. Parts before `first_new` need no comparison among them."""
    ranges = [from_record(part.record.key_ranges) for part in parts]
    overlapping: set[int] = set()
    for later in range(first_new, len(parts)):
        for earlier in range(later):
            one, other = ranges[earlier], ranges[later]
            if one is None or other is None or one.overlaps(other):
                overlapping |= {earlier, later}
    return find_overtaken(table, {at: parts[at].path for at in sorted(overlapping)}, first_new, landing)


def _without(table: SourceTable, part: Part, at: int, overtaken: Losers, landing: Landing) -> Part:
    """Return the part without its overtaken rows."""
    places = overtaken.places[overtaken.parts == at]
    if not len(places):
        return part
    address = part_address(table, combined_hash(part.address, hashlib.sha256(places.tobytes()).hexdigest()), "")
    if known := landing.find(table, address):
        return known
    with landing.draft(table) as draft:
        loaded = 0
        with PartWriter(draft.data, landing_schema(table)) as writer:
            for batch in winners(table, part.path, at, [overtaken]):
                writer.write(batch)
                loaded += batch.num_rows
        record = replace(part.record, loaded=loaded, rejected=len(places), has_rejects=False)
        return landing.keep(table, address, draft, record)
