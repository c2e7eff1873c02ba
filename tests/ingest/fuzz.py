"""A seeded generator of bad files: files of the sample with mutated bytes, structure or spellings, which are ingested.

The law: every row read was loaded or rejected, or a WarehouseError names the place. Never another exception, never an
endless case, never a stray file in the landing zone. `make fuzz N=100000` tries many; each find becomes a test.
"""

from __future__ import annotations

import argparse
import io
import random
import shutil
import signal
import sqlite3
import tempfile
import traceback
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

from pipeline.common.errors import WarehouseError
from tests.ingest.fuzz_mutations import SEED_ROWS, Seed, mutated, parts_of, zipped
from tests.ingest.ingest_harness import land

SAMPLE = Path(__file__).parents[2] / "sample"
LONGEST_CASE = 20
"""Seconds that a case may take; most take about 0.01."""
CASES_OF_A_ZONE = 250


@dataclass
class Outcome:
    """The outcome of the cases: how many landed and were refused by format, and those that broke the law."""

    landed: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    broken: list[tuple[int, Seed, str]] = field(default_factory=list)


def seeds() -> list[Seed]:
    """Return the first rows of some of the sample's tables, in every format."""
    found = []
    for source, table in (("crm", "accounts"), ("crm", "estimates"), ("platform", "customer"), ("platform", "insight")):
        rows = pyarrow.csv.read_csv(_csv_of(source, table)).slice(0, SEED_ROWS)
        found.append(Seed(source, f"{table}.csv", _csv_bytes(rows)))
        found.append(Seed(source, f"{table}.parquet", _parquet_bytes(rows)))
    for path in sorted((SAMPLE / "lmn").glob("*.xlsx")):
        found.append(Seed("lmn", path.name, _first_rows_of_workbook(path)))
    rows = pyarrow.csv.read_csv(_csv_of("crm", "accounts")).slice(0, SEED_ROWS)
    found.append(Seed("crm", "accounts.sqlite", _sqlite_bytes("accounts", rows)))
    return found


def _csv_of(source: str, table: str) -> io.BytesIO:
    """Return a table of the sample as CSV, whatever its format there."""
    path = next(path for path in (SAMPLE / source).iterdir() if path.stem == table)
    if path.is_dir():
        path = min(path.iterdir())
    if path.suffix == ".csv":
        return io.BytesIO(path.read_bytes())
    buffer = io.BytesIO()
    pyarrow.csv.write_csv(pq.read_table(path).slice(0, SEED_ROWS), buffer)
    return io.BytesIO(buffer.getvalue())


def _csv_bytes(rows: pa.Table) -> bytes:
    buffer = io.BytesIO()
    pyarrow.csv.write_csv(rows, buffer)
    return buffer.getvalue()


def _parquet_bytes(rows: pa.Table) -> bytes:
    buffer = io.BytesIO()
    pq.write_table(rows, buffer)
    return buffer.getvalue()


def _sqlite_bytes(table: str, rows: pa.Table) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "seed.sqlite"
        with sqlite3.connect(path) as connection:
            connection.execute(f"create table {table} ({', '.join(rows.column_names)})")
            places = ", ".join("?" * rows.num_columns)
            lines = [[None if value is None else str(value) for value in line.values()] for line in rows.to_pylist()]
            connection.executemany(f"insert into {table} values ({places})", lines)
        connection.close()
        return path.read_bytes()


def _first_rows_of_workbook(path: Path) -> bytes:
    parts = parts_of(path.read_bytes())
    sheet = next(name for name in parts if name.startswith("xl/worksheets/"))
    rows = parts[sheet].split(b"<row ")
    end = parts[sheet][parts[sheet].index(b"</sheetData>") :]
    parts[sheet] = b"<row ".join(rows[: SEED_ROWS + 1]) + (end if len(rows) > SEED_ROWS + 1 else b"")
    return zipped(parts)


class CaseTimeoutError(Exception):
    """A case took too long."""


@contextmanager
def _alarm(seconds: int) -> Iterator[None]:
    def ring(number: int, frame: FrameType | None) -> None:
        raise CaseTimeoutError(f"more than {seconds} s")

    before = signal.signal(signal.SIGALRM, ring)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def fault_of(case: Seed, zone: Path) -> str | None:
    """Ingest the case into a landing zone; return what broke the law, or None. "refused" does not break it."""
    folder = zone / "case" / case.source
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    path = folder / case.name
    path.write_bytes(case.content)
    location = f"sqlite:///{path}" if case.suffix == ".sqlite" else folder
    try:
        with _alarm(LONGEST_CASE):
            land(case.source, location, zone)
    except WarehouseError as error:
        if case.suffix != ".sqlite" and case.source not in str(error) and Path(case.name).stem not in str(error):
            return f"the error names no place: {error}"
        return "refused"
    except Exception:
        return traceback.format_exc()
    finally:
        stray = [each for each in (zone / "landing").rglob(".*") if each.name != ".lock"]
        if stray:
            shutil.rmtree(zone / "landing")
    return f"stray files: {stray}" if stray else None


def run(count: int, first_seed: int, folder: Path) -> Outcome:
    """Try `count` cases, numbered from `first_seed`; a number reproduces its case."""
    outcome = Outcome()
    sound = seeds()
    for number in range(first_seed, first_seed + count):
        if number % CASES_OF_A_ZONE == 0:
            shutil.rmtree(folder / "landing", ignore_errors=True)
        case = case_of(number, sound)
        fault = fault_of(case, folder)
        if fault is None:
            outcome.landed[case.suffix] += 1
        elif fault == "refused":
            outcome.refused[case.suffix] += 1
        else:
            outcome.broken.append((number, case, fault))
    return outcome


def case_of(number: int, sound: list[Seed]) -> Seed:
    """Return the case of a number, which is always the same."""
    randomness = random.Random(number)
    return mutated(randomness.choice(sound), randomness)


def main() -> int:
    """Try many cases and keep those that break the law."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("count", type=int)
    parser.add_argument("--first", type=int, default=1_000_000, help="the number of the first case")
    parser.add_argument("--keep", type=Path, default=Path(tempfile.gettempdir()) / "warehouse-fuzz")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="warehouse-fuzz-") as folder:
        outcome = run(options.count, options.first, Path(folder))
    for number, case, fault in outcome.broken:
        options.keep.mkdir(parents=True, exist_ok=True)
        (options.keep / f"{number}-{case.name}").write_bytes(case.content)
        print(f"case {number} ({case.source} {case.name}):\n{fault}", flush=True)
    print(
        f"{options.count:,} cases from {options.first:,}: {dict(outcome.landed)} landed, {dict(outcome.refused)} "
        f"refused, {len(outcome.broken)} broke the law" + (f", kept in {options.keep}" if outcome.broken else "")
    )
    return min(len(outcome.broken), 1)


if __name__ == "__main__":
    raise SystemExit(main())
