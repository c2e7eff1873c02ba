"""Measures whole runs at growing sizes beside a hand-written script, and writes `docs/benchmark.md`: `make bench`.

The floor is one DuckDB script (`floor.sql`) that reads the same Parquet and writes the same two tables, with no landing
zone, no checks and no manifest: what the machine needs at the least. Sources are made once and kept in the work folder.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import duckdb

from pipeline.sample.draw.events import EVENT_TABLES

ROOT = Path(__file__).resolve().parent.parent
AS_OF = "2025-01-15T00:00:00Z"
EVENTS_PER_ACCOUNT = 440
PAGE = ROOT / "docs" / "benchmark.md"
SMALL_MEMORY = "512MB"
TURNS = 3
"""Measurements of the same, of which the middle one is given."""

LOOKS_EVERY = 0.25
"""Seconds between two looks at a command's memory: a look takes 3 ms of a processor that the command could use."""


@dataclass
class Measured:
    """One measured command: `peak` is the most resident memory of its processes together, in bytes."""

    seconds: float
    peak: int
    steps: dict[str, float] = field(default_factory=dict)
    models: dict[str, float] = field(default_factory=dict)


def tree_memory(root: int) -> int:
    """Sum the resident memory of a process and all its descendants, in bytes."""
    children: dict[int, list[int]] = {}
    pages: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            stat = (entry / "stat").read_text().rpartition(")")[2].split()
            pages[int(entry.name)] = int((entry / "statm").read_text().split()[1])
        except OSError:
            continue
        children.setdefault(int(stat[1]), []).append(int(entry.name))
    found, total = [root], 0
    while found:
        process = found.pop()
        total += pages.get(process, 0)
        found += children.get(process, [])
    return total * os.sysconf("SC_PAGE_SIZE")


def measure(command: list[str]) -> Measured:
    """Run a command to its end, watching its memory."""
    started = time.monotonic()
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:
        peak, ended = 0, False
        while not ended:
            peak = max(peak, tree_memory(process.pid))
            with suppress(subprocess.TimeoutExpired):
                process.wait(LOOKS_EVERY)
                ended = True
        seconds = time.monotonic() - started
        assert process.stderr is not None
        said = process.stderr.read()
    if process.returncode:
        sys.exit(f"{' '.join(command)} failed:\n{said}")
    return Measured(seconds, peak)


def sources(folder: Path, accounts: int) -> Path:
    """Make the sources of a size, once."""
    place = folder / f"sources-{accounts}"
    if not (place / "whole").exists():
        shutil.rmtree(place, ignore_errors=True)
        command = ["-m", "pipeline.cli", "sample", str(place), "--accounts", str(accounts), "--seed", "1"]
        made = measure([sys.executable, *command, "--events-per-account", str(EVENTS_PER_ACCOUNT)])
        print(f"{accounts:>7,} accounts: sources made in {made.seconds:.1f} s", flush=True)
        (place / "whole").touch()
    return place


def run_warehouse(folder: Path, place: Path, *more: str) -> Measured:
    """Measure a whole run into an empty state and empty exports."""
    state, exports = folder / "state", folder / "exports"
    for path in (state, exports):
        shutil.rmtree(path, ignore_errors=True)
    given = [word for name in ("lmn", "crm", "platform") for word in (f"--{name}", str(place / name))]
    where = ["--as-of", AS_OF, "--exports", str(exports), "--state", str(state)]
    measured = measure([sys.executable, "-m", "pipeline.cli", "run", *given, *where, *more])
    measured.steps = json.loads((state / "last-run.json").read_text())["seconds"]
    measured.models = json.loads((state / "dbt" / "seconds.json").read_text())
    return measured


def run_in_small_memory(folder: Path, place: Path) -> Measured:
    """Measure a whole run whose engine is given little memory."""
    os.environ["WAREHOUSE_MEMORY_LIMIT"] = SMALL_MEMORY
    try:
        return run_warehouse(folder, place)
    finally:
        del os.environ["WAREHOUSE_MEMORY_LIMIT"]


def run_floor(folder: Path, place: Path) -> Measured:
    """Measure the hand-written script."""
    out = folder / "floor"
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir()
    return measure([sys.executable, str(ROOT / "benchmarks" / "floor.py"), str(place / "platform"), str(out), AS_OF])


def middle(measured: Sequence[Measured]) -> Measured:
    """Give the one that took neither the longest nor the shortest, with the most memory that any of them took."""
    in_order = sorted(measured, key=lambda one: one.seconds)
    return replace(in_order[len(in_order) // 2], peak=max(one.peak for one in measured))


def measure_size(folder: Path, accounts: int, others: Mapping[str, Callable[[Path], Measured]]) -> dict[str, Any]:
    """Measure whole runs, floors and the others of a size in turns, and give the middle of each.

    A machine that others share is not equally fast all the time: ratios are of what was measured side by side.
    """
    place = sources(folder, accounts)
    kinds: dict[str, Callable[[Path], Measured]] = {
        "run": lambda place: run_warehouse(folder, place),
        "floor": partial(run_floor, folder),
        **others,
    }
    turns = [{kind: measured(place) for kind, measured in kinds.items()} for _ in range(TURNS)]
    found = {kind: middle([turn[kind] for turn in turns]) for kind in kinds}
    shown = "; ".join(f"{kind} {one.seconds:.1f} s, {mib(one.peak)}" for kind, one in found.items())
    print(f"{accounts:>7,} accounts: {shown}", flush=True)
    return {
        "accounts": accounts,
        "events": events_of(place),
        **{kind: asdict(one) for kind, one in found.items()},
        "turns": {kind: [round(turn[kind].seconds, 1) for turn in turns] for kind in kinds},
    }


def events_of(place: Path) -> int:
    """Count the rows of the event tables."""
    count = "select count(*) from read_parquet(?)"
    return sum(duckdb.execute(count, [str(place / "platform" / f"{n}.parquet")]).fetchall()[0][0] for n in EVENT_TABLES)


def mib(count: int) -> str:
    """Write bytes as MiB."""
    return f"{count / 2**20:,.0f} MiB"


def page(found: list[dict[str, Any]], sample: Measured) -> str:
    """Write the page of the figures."""
    lines = [
        "# Benchmark",
        "",
        "Made by `make bench`; not written by hand.",
        "",
        f"Machine: {os.cpu_count()} cores, {os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.0f} GiB, "
        f"{platform.system()} {platform.machine()}, Python {platform.python_version()}, DuckDB {duckdb.__version__}. "
        f"{EVENTS_PER_ACCOUNT} events per account. Each run starts from an empty state: everything is read, built, "
        "checked and published. The floor is one hand-written DuckDB script over the platform's files that writes the "
        f"two customer-success tables and nothing else. The measurements of a size alternate, {TURNS} of each; times "
        "are medians, memory is the maximum.",
        "",
        *_sizes(found),
        "",
        f"The bundled sample takes {sample.seconds:.1f} s, from the process's start to the published drops, "
        "all checks on.",
        "",
        *_largest(found[-1]),
        "",
        *_steps(found, sample),
        "",
        *_models(found[-1]),
    ]
    return "\n".join(lines) + "\n"


def _sizes(found: list[dict[str, Any]]) -> list[str]:
    lines = [
        "| accounts | events | whole run | peak memory | floor | whole run / floor |",
        "|---:|---:|---:|---:|---:|---:|",
    ]
    for size in found:
        run, floor = size["run"], size["floor"]
        lines.append(
            f"| {size['accounts']:,} | {size['events']:,} | {run['seconds']:.1f} s | {mib(run['peak'])} "
            f"| {floor['seconds']:.1f} s, {mib(floor['peak'])} | {run['seconds'] / floor['seconds']:.2f} |"
        )
    if len(found) > 1:
        ratio = found[-1]["run"]["seconds"] / found[-2]["run"]["seconds"]
        sizes = f"From {found[-2]['accounts']:,} to {found[-1]['accounts']:,} accounts"
        lines += ["", f"{sizes} the run grows {ratio:.2f} times."]
    return lines


def _largest(size: dict[str, Any]) -> list[str]:
    small = size["small_memory"]
    lines = [
        f'With `memory_limit = "{SMALL_MEMORY}"` the run at {size["accounts"]:,} accounts takes '
        f"{small['seconds']:.1f} s and at most {mib(small['peak'])}."
    ]
    if "postgres" in size:
        runs = [size["postgres"], size["run"]]
        whole, engine = [run["seconds"] for run in runs], [run["steps"]["load"] + run["steps"]["dbt"] for run in runs]
        lines += [
            "",
            f"At {size['accounts']:,} accounts the same job takes {whole[0]:.1f} s with `--target postgres` "
            f"(embedded server), {whole[0] / whole[1]:.1f} times as long as with DuckDB. Load and dbt, the only steps "
            f"that depend on the engine, take {engine[0]:.1f} s of that instead of {engine[1]:.1f} s, "
            f"{engine[0] / engine[1]:.1f} times as long. All measurements: {_seconds(size['turns']['postgres'])} "
            f"instead of {_seconds(size['turns']['run'])}.",
        ]
    return lines


def _steps(found: list[dict[str, Any]], sample: Measured) -> list[str]:
    steps = list(found[-1]["run"]["steps"])
    lines = ["## By step", "", "| accounts | " + " | ".join(steps) + " | the rest |", "|---:" * (len(steps) + 2) + "|"]
    for what, run in [("the sample", asdict(sample)), *((f"{size['accounts']:,}", size["run"]) for size in found)]:
        rest = run["seconds"] - sum(run["steps"].values())
        cells = " | ".join(f"{run['steps'].get(name, 0.0):.1f} s" for name in steps)
        lines.append(f"| {what} | {cells} | {rest:.1f} s |")
    return [*lines, "", "The rest is starting Python, loading Dagster, and Dagster's own work between the steps."]


def _models(size: dict[str, Any]) -> list[str]:
    slowest = sorted(size["run"]["models"].items(), key=lambda item: -item[1])[:15]
    return [
        f"## The slowest models at {size['accounts']:,} accounts",
        "",
        "| model | seconds |",
        "|---|---:|",
        *(f"| {name} | {seconds:.2f} |" for name, seconds in slowest),
    ]


def _seconds(turns: Sequence[float]) -> str:
    return ", ".join(f"{seconds:.1f}" for seconds in turns) + " s"


def main() -> None:
    """Measure every size and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, default=ROOT / ".bench", help="where sources and runs are kept")
    parser.add_argument("--sizes", type=int, nargs="+", default=[1_000, 10_000, 50_000], metavar="ACCOUNTS")
    parser.add_argument("--without-postgres", action="store_true", help="leave its run, the longest, out")
    chosen = parser.parse_args()
    folder = chosen.work
    folder.mkdir(parents=True, exist_ok=True)
    others: dict[str, Callable[[Path], Measured]] = {"small_memory": partial(run_in_small_memory, folder)}
    if not chosen.without_postgres:
        others["postgres"] = lambda place: run_warehouse(folder, place, "--target", "postgres")
    sample = middle([run_warehouse(folder, ROOT / "sample") for _ in range(TURNS)])
    print(f"the bundled sample: {sample.seconds:.1f} s, {mib(sample.peak)}", flush=True)
    *smaller, largest = sorted(chosen.sizes)
    found = [measure_size(folder, accounts, {}) for accounts in smaller]
    found.append(measure_size(folder, largest, others))
    (folder / "figures.json").write_text(json.dumps({"sample": asdict(sample), "sizes": found}, indent=1))
    PAGE.write_text(page(found, sample))
    print(page(found, sample))


if __name__ == "__main__":
    main()
