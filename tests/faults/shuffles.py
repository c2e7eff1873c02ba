"""Runs with the same rows in another order, other parts and formats, and other settings of the machine."""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from pipeline.ingest.schema import SourceTable
from pipeline.ingest.tables import SOURCE_TABLES
from tests.faults.experiments import Experiment, Trial
from tests.faults.whole_runs import SAMPLE, published, run


@contextmanager
def _setting(folder: Path) -> Iterator[Trial]:
    run(folder / "undisturbed")
    expected = published(folder / "undisturbed" / "exports")

    def trial(number: int) -> str | None:
        here, rng = folder / "here", random.Random(number)
        try:
            changes = shuffled_sources(rng, here / "sources")
            environment = {
                "PYTHONHASHSEED": str(rng.randrange(2**32)),
                "TZ": rng.choice(("UTC", "America/Toronto", "Asia/Kolkata", "Pacific/Chatham")),
                "LC_ALL": rng.choice(("C", "C.UTF-8", "POSIX")),
                "OMP_NUM_THREADS": rng.choice(("1", "2", "7")),
            }
            target = rng.choice(("duckdb", "duckdb", "postgres"))
            run(here, "--target", target, sources=here / "sources", environment=environment)
            found = published(here / "exports")
        finally:
            shutil.rmtree(here, ignore_errors=True)
        other = sorted(name for name in {*found, *expected} if found.get(name) != expected.get(name))
        return f"{other} differ on {target} with {environment}, {changes}" if other else None

    yield trial


def shuffled_sources(rng: random.Random, target: Path) -> list[str]:
    """Copy the sample with its tables' rows in another order and other parts; return a description of the changes.

    Rows with the same key keep their order, because the last one counts; so do tables whose rules depend on the order
    of the file (at-risk R12, D21).
    """
    shutil.copytree(SAMPLE, target)
    done = []
    for table in SOURCE_TABLES:
        path = next((target / table.source).glob(f"{table.name}.*"), None)
        if path is None or table.row_numbers or table.source == "lmn":
            continue
        rows = pq.read_table(path) if path.suffix == ".parquet" else _csv_rows(path)
        rows = rows.take(pa.array(_order(rng, rows, table)))
        path.unlink()
        parts = rng.choice((1, 1, 2, 5))
        if parts > 1:
            path.with_suffix("").mkdir()
        for part in range(parts):
            first, end = rows.num_rows * part // parts, rows.num_rows * (part + 1) // parts
            to = path if parts == 1 else path.with_suffix("") / f"part-{part}{path.suffix}"
            _write(rows.slice(first, end - first), to)
        done.append(f"{table.name} in {parts}")
    return done


def _csv_rows(path: Path) -> pa.Table:
    """Read a CSV as text; null is an empty cell without quotes."""
    names = path.read_text(encoding="utf-8-sig").split("\n", 1)[0].strip().split(",")
    kinds = pacsv.ConvertOptions(
        column_types={name: pa.string() for name in names},
        null_values=[""],
        strings_can_be_null=True,
        quoted_strings_can_be_null=False,
    )
    return pacsv.read_csv(path, parse_options=pacsv.ParseOptions(newlines_in_values=True), convert_options=kinds)


def _order(rng: random.Random, rows: pa.Table, table: SourceTable) -> list[int]:
    """Draw an order that keeps the relative order of rows that share a key or a unique value."""
    key = [name for name in table.key if name in rows.column_names]
    telling = [key, *([name] for name in table.unique if name in rows.column_names)]
    held: set[int] = set()
    for names in telling:
        by_text: dict[tuple[str | None, ...], list[int]] = {}
        for row, text in enumerate(zip(*(rows[name].cast(pa.string()).to_pylist() for name in names), strict=True)):
            by_text.setdefault(text, []).append(row)
        held |= {row for found in by_text.values() if len(found) > 1 for row in found}
    order = rng.sample(range(rows.num_rows), rows.num_rows)
    places = [place for place, row in enumerate(order) if row in held]
    for place, row in zip(places, sorted(held), strict=True):
        order[place] = row
    return order


def _write(rows: pa.Table, path: Path) -> None:
    if path.suffix == ".parquet":
        pq.write_table(rows, path)
    else:
        pacsv.write_csv(rows, path)


EXPERIMENT = Experiment(
    name="determinism",
    promise="The same rows give the same exports, byte for byte: in any order, in any number of parts, on any engine, "
    "in any time zone and locale.",
    tried="The sample's tables are shuffled, split into parts, and run on DuckDB or PostgreSQL with another "
    "time zone, locale, hash seed and number of threads.",
    count=200,
    short=0,
    setting=_setting,
)
