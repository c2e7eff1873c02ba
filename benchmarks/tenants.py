"""Measures whole runs of many small tenants beside one tenant of the same rows: `python benchmarks/tenants.py WORK`.

The sources are those of `warehouse sample --organizations`; the one tenant has the rows of the most tenants, all under
one organization. Printed are the CPU of all processes, the bytes that a tenant has beside its rows, and the least that
its drop costs: the CPU of writing, hashing and reading back its files with pyarrow, without any of our own code.
"""

from __future__ import annotations

import argparse
import hashlib
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.csv as pc
import pyarrow.parquet as pq

ROOT: Final = Path(__file__).resolve().parent.parent
AS_OF: Final = "2025-01-15T00:00:00Z"
CUSTOMERS: Final = 20
TENANTS: Final = (10, 100, 1000)
BESIDE: Final = ("manifest.json", "SHA256SUMS", "index.html", "reports/*")
"""What a tenant has beside its rows: of its latest drop, and of its folder."""
DROPS: Final = 100
"""Drops written for the least that one costs."""


def main() -> None:
    """Make the sources that are not there yet, run each, and print a row of each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("work", type=Path)
    work: Path = parser.parse_args().work
    print("| tenants | CPU | bytes beside a tenant's rows, the middle one |\n|---:|---:|---:|")
    for tenants in TENANTS:
        print(
            f"| {tenants:,} | {_run(work, _sources(work, tenants)):.0f} s | {_beside(work / 'exports'):,} |", flush=True
        )
    least = _least_cpu(next((work / "exports").glob("*/latest")))
    seconds = _run(work, _one_tenant(work, _sources(work, TENANTS[-1])))
    print(f"| 1 of {TENANTS[-1] * CUSTOMERS:,} customers | {seconds:.0f} s | {_beside(work / 'exports'):,} |")
    print(f"\nOne tenant's files, written, hashed and read back by pyarrow alone: {1000 * least:.0f} ms of CPU")


def _sources(work: Path, tenants: int) -> Path:
    folder = work / f"tenants-{tenants}"
    if not folder.exists():
        size = ["--accounts", str(tenants * CUSTOMERS), "--organizations", str(tenants), "--events-per-account", "20"]
        _warehouse("sample", folder, *size, "--seed", "1")
    return folder


def _one_tenant(work: Path, many: Path) -> Path:
    """Copy sources with all rows of the platform under organization 1; of rows that share an id, the first."""
    folder = work / f"{many.name}-in-one"
    if folder.exists():
        return folder
    shutil.copytree(many, folder)
    for path in (folder / "platform").glob("*.parquet"):
        rows = pq.read_table(path)
        at = rows.schema.get_field_index("organization_id")
        rows = rows.set_column(at, rows.schema.field(at), pa.array([1] * len(rows), rows.schema.field(at).type))
        if "id" in rows.column_names:
            first = {identity: row for row, identity in reversed(list(enumerate(rows["id"].to_pylist())))}
            rows = rows.take(sorted(first.values()))
        pq.write_table(rows, path, compression="zstd")
    return folder


def _run(work: Path, sources: Path) -> float:
    """Run the warehouse into new folders; return the seconds of CPU, user and system, of all its processes."""
    for name in ("exports", "state"):
        shutil.rmtree(work / name, ignore_errors=True)
    before = _cpu()
    given = [word for name in ("lmn", "crm", "platform") for word in (f"--{name}", str(sources / name))]
    _warehouse("run", *given, "--as-of", AS_OF, "--exports", work / "exports", "--state", work / "state")
    return _cpu() - before


def _least_cpu(drop: Path) -> float:
    """Return the seconds of CPU for the files with rows of such a drop: written, hashed and read back, nothing else."""
    tables = {path.stem: pq.read_table(path) for path in drop.glob("*.parquet")}
    before = time.process_time()
    with tempfile.TemporaryDirectory() as scratch:
        for _ in range(DROPS):
            for name, rows in tables.items():
                if len(rows):
                    _write_and_read(rows, Path(scratch, name))
    return (time.process_time() - before) / DROPS


def _write_and_read(rows: pa.Table, stem: Path) -> None:
    parquet, csv = stem.with_suffix(".parquet"), stem.with_suffix(".csv")
    pq.write_table(rows, parquet, compression="zstd")
    pc.write_csv(rows, csv)
    for path in (parquet, csv):
        hashlib.sha256(path.read_bytes())
    pq.read_table(parquet, use_threads=False)
    pc.read_csv(csv, read_options=pc.ReadOptions(use_threads=False))


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _warehouse(*arguments: object) -> None:
    command = [sys.executable, "-m", "pipeline.cli", *map(str, arguments)]
    subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)


def _beside(exports: Path) -> int:
    """Sum what each tenant has beside its rows, and return the middle one."""
    sizes = [
        sum(
            path.stat().st_size for folder in (drop, drop.parent) for pattern in BESIDE for path in folder.glob(pattern)
        )
        for drop in exports.glob("*/latest")
    ]
    return sorted(sizes)[len(sizes) // 2]


if __name__ == "__main__":
    main()
