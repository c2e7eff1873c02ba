"""Several parts of one table: which of their rows stand, when a later part repeats or corrects an earlier one's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipeline.ingest.conform import ROW_COLUMN, landing_schema
from pipeline.ingest.duplicates import find_losers
from pipeline.ingest.landing import Landing, Part, PartRecord, combined_hash, part_address
from pipeline.ingest.parts import COMPRESSION, report_losers, winners
from pipeline.ingest.rejects import RejectsWriter
from pipeline.ingest.tables import SourceTable


@dataclass(frozen=True)
class Settled:
    """The files that hold a table's rows, how many rows, and what fell out between the parts."""

    parts: tuple[Path, ...]
    loaded: int
    rejected: int
    rejects: tuple[Path, ...]
    fingerprint: str


def settle(table: SourceTable, parts: Sequence[Part], names: Sequence[str], landing: Landing) -> Settled:
    """Make one table of its parts, which are in the order of reading; `names` are the files they were made of."""
    if len(parts) == 1:
        return Settled((parts[0].path,), parts[0].record.loaded, 0, (), parts[0].address)
    merged = _merged(table, parts, names, landing)
    rejects = () if merged.rejects is None else (merged.rejects,)
    return Settled((merged.path,), merged.record.loaded, merged.record.rejected, rejects, merged.address)


def _merged(table: SourceTable, parts: Sequence[Part], names: Sequence[str], landing: Landing) -> Part:
    address = part_address(table, combined_hash(*(part.address for part in parts)), "")
    if merged := landing.find(table, address):
        return merged
    paths = [part.path for part in parts]
    losers = find_losers(table, paths, landing)
    loaded = 0
    schema = landing_schema(table)
    with landing.draft(table) as draft:
        with RejectsWriter(draft.rejects, table) as rejects:
            report_losers(losers, paths, names, rejects)
        with pq.ParquetWriter(draft.data, schema, **COMPRESSION) as writer:
            last_row = 0
            for at, path in enumerate(paths):
                before = last_row
                for batch in winners(path, at, losers):
                    loaded += batch.num_rows
                    numbers = pc.add(batch[ROW_COLUMN], before)
                    last_row = max(last_row, pc.max(numbers).as_py() or 0)
                    plain = batch.select(schema.names)
                    writer.write_batch(plain.set_column(len(schema.names) - 1, schema.field(ROW_COLUMN), numbers))
        record = PartRecord(
            read=sum(part.record.loaded for part in parts),
            loaded=loaded,
            rejected=rejects.rows_dropped,
            size=draft.data.stat().st_size,
            has_rejects=rejects.has_any,
        )
        return landing.keep(table, address, draft, record)
