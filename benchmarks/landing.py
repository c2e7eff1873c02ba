"""Compares how fast a CRM's estimates and a platform's table of the same columns land: `python benchmarks/landing.py`.

Both are Parquet with plain values. The platform's table has the landing types, so its file is checked and copied; the
CRM's has amounts as doubles, so its columns are typed and its file is written again. Keys and unique columns are
checked in both. The two take turns, in one process; printed is the least CPU of each, in millions of cells a second.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipeline.ingest.duplicates.key_scan import scan_keys
from pipeline.ingest.input_file import InputFile, SharedReport
from pipeline.ingest.land_part import land_file
from pipeline.ingest.landing.zone import Landing
from pipeline.ingest.schema import Column, Kind, SourceTable
from pipeline.ingest.tables import source_table

ESTIMATES: Final = source_table("crm", "estimates")
AS_PLATFORM: Final = replace(ESTIMATES, name="estimates_of_a_platform", row_numbers=False)
TURNS: Final = 5
IDS: Final = frozenset({"id", "account_id", "contact_id"})
"""Columns of UUIDs."""
DISTINCT: Final = {"project_name": 200_000, "address": 100_000, "lmn_contact_id": 50_000}
"""Different texts of a column; of the other texts there are a dozen."""


class _Silence:
    def update(self, done: int, total: int | None = None, detail: str = "") -> None:
        """Report nothing."""


def main() -> None:
    """Make the two files, land each in turns, and print their rates."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=500_000)
    count: int = parser.parse_args().rows
    least: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as scratch:
        files = {"crm": Path(scratch, "crm.parquet"), "platform": Path(scratch, "platform.parquet")}
        rows = _rows(count)
        pq.write_table(rows, files["platform"])
        pq.write_table(_with_doubles(rows), files["crm"])
        for turn in range(TURNS):
            for name, table in (("crm", ESTIMATES), ("platform", AS_PLATFORM)):
                seconds = _land(table, files[name], Path(scratch, f"{name}-{turn}"))
                least[name] = min(seconds, least.get(name, seconds))
    cells = count * len(ESTIMATES.columns) / 1e6
    for name, seconds in least.items():
        print(f"{name:>9}: {seconds:.2f} s of CPU, {cells / seconds:.0f} million cells a second")
    print(f"The CRM's take {least['crm'] / least['platform']:.2f} times as long.")


def _land(table: SourceTable, path: Path, landing: Path) -> float:
    """Land a file in an empty landing zone; return the seconds of CPU of all threads."""
    before = time.process_time()
    file = InputFile(path, path.name, [column.name for column in table.columns])
    part = land_file(table, file, Landing(landing), SharedReport(_Silence()))
    scan_keys(replace(table, key=()), part.path)  # the unique columns
    seconds = time.process_time() - before
    if part.record.loaded != part.record.read or part.record.has_rejects:
        raise SystemExit("the values are not plain")
    return seconds


def _rows(count: int) -> pa.Table:
    random = np.random.default_rng(1)
    return pa.table({column.name: _values(column, count, random) for column in ESTIMATES.columns})


def _values(column: Column, count: int, random: np.random.Generator) -> Any:
    """Return plain values in the column's landing type, a third of them null where the column may have nulls."""
    match column.kind:
        case Kind.MONEY:
            values = pa.array(random.integers(0, 10**7, count)).cast(pa.decimal128(19, 0))
            return pa.Array.from_buffers(column.arrow_type, count, values.buffers())
        case Kind.BOOL:
            return pa.array(random.random(count) < 0.1)
        case Kind.DATE:
            days = pa.array(random.integers(16_000, 20_000, count).astype(np.int32)).cast(pa.date32())
            return pc.if_else(pa.array(random.random(count) < 1 / 3), pa.scalar(None, days.type), days)
        case Kind.TIMESTAMP:
            return pa.array(random.integers(1_400_000_000, 1_700_000_000, count) * 1_000_000).cast(column.arrow_type)
    if column.name in ("lmn_estimate_id", "estimate_number"):
        return pa.array([f"EST{number}" for number in range(count)])
    if column.name in IDS:
        made = 50_000 if column.name != "id" else count
        texts = [str(UUID(bytes=random.bytes(16))) for _ in range(made)]
    else:
        texts = [f"{column.name} {number}" for number in range(DISTINCT.get(column.name, 12))]
    if column.name == "lmn_contact_id":
        texts = [text.replace("lmn_contact_id ", "C") for text in texts]
    chosen = np.arange(count) if column.name in ESTIMATES.key else random.integers(0, len(texts), count)
    return pa.array(texts).take(pa.array(chosen))


def _with_doubles(rows: pa.Table) -> pa.Table:
    for at, column in enumerate(ESTIMATES.columns):
        if column.kind is Kind.MONEY:
            doubles = pa.array([float(amount) for amount in rows[column.name].to_pylist()])
            rows = rows.set_column(at, column.name, doubles)
    return rows


if __name__ == "__main__":
    main()
