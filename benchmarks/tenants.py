"""Measures whole runs of many small tenants beside one tenant of the same rows: `python benchmarks/tenants.py WORK`.

The sources are those of `warehouse sample --organizations`; the one tenant has the rows of the most tenants, all under
one organization. Told are the CPU of all processes, and the bytes that a tenant has beside its rows.
"""

from __future__ import annotations

import argparse
import resource
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

ROOT: Final = Path(__file__).resolve().parent.parent
AS_OF: Final = "2025-01-15T00:00:00Z"
CUSTOMERS: Final = 20
TENANTS: Final = (10, 100, 1000)
BESIDE: Final = ("manifest.json", "SHA256SUMS", "index.html", "reports/*")
"""What a tenant has beside its rows: of its latest drop, and of its folder."""


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
    seconds = _run(work, _one_tenant(work, _sources(work, TENANTS[-1])))
    print(f"| 1 of {TENANTS[-1] * CUSTOMERS:,} customers | {seconds:.0f} s | {_beside(work / 'exports'):,} |")


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
