"""Compares the drops of the same run on different engines: every CSV of every export, byte by byte.

`python tests/parity/compare.py duckdb postgres spark` runs the bundled sample and a generated set on each engine,
prints a table of the comparison, and exits with 1 if anything differs.
"""

from __future__ import annotations

import argparse
import csv
import itertools
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

PROJECT_ROOT = Path(__file__).resolve().parents[2]
SAMPLE = PROJECT_ROOT / "sample"
AS_OF = "2025-01-15T00:00:00Z"
GENERATED_ACCOUNTS = 2_000
GENERATED_EVENTS = 20
GENERATED_SEED = 7


@dataclass(frozen=True)
class Difference:
    """The first cell of an export in which two engines differ; a missing row or column has no value."""

    organization: str
    row: int
    column: str
    values: tuple[str | None, str | None]


@dataclass(frozen=True)
class Compared:
    """The comparison of one export between two engines, over all organizations."""

    export: str
    engines: tuple[str, str]
    rows: int
    columns: int
    differences: int
    first: Difference | None

    @property
    def cells(self) -> int:
        """The number of cells that the first engine published."""
        return self.rows * self.columns


def run_engine(target: str, sources: Path, folder: Path, as_of: str = AS_OF) -> Path:
    """Run the whole pipeline on an engine, by the command line, and return the folder of its exports."""
    given = [word for name in ("lmn", "crm", "platform") for word in (f"--{name}", str(sources / name))]
    places = ["--exports", str(folder / target / "exports"), "--state", str(folder / target / "state")]
    command = [sys.executable, "-m", "pipeline.cli", "run", *given, *places, "--as-of", as_of, "--target", target]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, cwd=PROJECT_ROOT)
    if ended.returncode != 0:
        raise RuntimeError(f"the run on {target} ended with {ended.returncode}:\n{ended.stdout}\n{ended.stderr}")
    return folder / target / "exports"


def latest_csvs(exports: Path) -> dict[str, dict[str, Path]]:
    """Return the CSV files of every latest drop by export and organization."""
    found: dict[str, dict[str, Path]] = {}
    for path in sorted(exports.glob("*/latest/*.csv")):
        found.setdefault(path.stem, {})[path.parts[-3]] = path
    return found


def compare_exports(engines: tuple[str, str], exports: tuple[Path, Path]) -> list[Compared]:
    """Compare every export of two engines; only files with different bytes are compared cell by cell."""
    first, second = (latest_csvs(folder) for folder in exports)
    if not first or not second:
        raise RuntimeError(f"no drop of {engines[0] if not first else engines[1]} to compare")
    return [
        _compare_export(export, engines, first.get(export, {}), second.get(export, {}))
        for export in sorted(first.keys() | second.keys())
    ]


def _compare_export(export: str, engines: tuple[str, str], first: dict[str, Path], second: dict[str, Path]) -> Compared:
    rows = columns = 0
    differences: list[Difference] = []
    for organization in sorted(first.keys() | second.keys()):
        a, b = first.get(organization), second.get(organization)
        cells_a = _cells(a)
        rows += max(len(cells_a) - 1, 0)
        columns = max([columns, *map(len, cells_a[:1])])
        if a is None or b is None or a.read_bytes() != b.read_bytes():
            found = list(_differences(organization, cells_a, _cells(b)))
            # bytes may differ with equal cells: quoting or line ends
            differences += found or [Difference(organization, 0, "(quoting)", (str(a), str(b)))]
    return Compared(export, engines, rows, columns, len(differences), differences[0] if differences else None)


def _cells(path: Path | None) -> list[list[str]]:
    if path is None:
        return []
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.reader(file))


def _differences(organization: str, a: list[list[str]], b: list[list[str]]) -> Iterator[Difference]:
    names = (a or b)[0]
    for number, (left, right) in enumerate(itertools.zip_longest(a, b, fillvalue=[])):
        for place, (x, y) in enumerate(itertools.zip_longest(left, right)):
            if x != y:
                yield Difference(
                    organization, number, names[place] if place < len(names) else f"column {place}", (x, y)
                )


def report(compared: Sequence[Compared]) -> str:
    """Return the report: a line for each export and pair of engines, and the first difference of each."""
    lines = [f"{'export':<30}{'engines':<20}{'rows':>9}{'columns':>9}{'cells':>12}{'differences':>13}"]
    for one in compared:
        pair = " = ".join(one.engines) if not one.differences else " ≠ ".join(one.engines)
        lines.append(f"{one.export:<30}{pair:<20}{one.rows:>9,}{one.columns:>9,}{one.cells:>12,}{one.differences:>13,}")
        if one.first:
            lines.append(f"  first: organization {one.first.organization}, row {one.first.row}, {one.first.column}")
            lines += [f"    {name}: {value!r}" for name, value in zip(one.engines, one.first.values, strict=True)]
    total = sum(one.differences for one in compared)
    lines.append(f"{sum(one.cells for one in compared):,} cells compared, {total:,} differences")
    return "\n".join(lines)


def compare_engines(engines: Sequence[str], sources: Path, folder: Path) -> tuple[list[Compared], dict[str, float]]:
    """Run the sources on each engine and compare each pair; return the seconds of each run, too."""
    exports, seconds = {}, {}
    for engine in engines:
        started = time.perf_counter()
        exports[engine] = run_engine(engine, sources, folder)
        seconds[engine] = time.perf_counter() - started
    pairs = itertools.combinations(engines, 2)
    compared = [one for a, b in pairs for one in compare_exports((a, b), (exports[a], exports[b]))]
    return compared, seconds


def generate(folder: Path, accounts: int) -> Path:
    """Write a generated set with this many accounts."""
    command = [sys.executable, "-m", "pipeline.cli", "sample", str(folder), "--accounts", str(accounts)]
    command += ["--seed", str(GENERATED_SEED), "--events-per-account", str(GENERATED_EVENTS)]
    subprocess.run(command, check=True, cwd=PROJECT_ROOT, stdout=subprocess.DEVNULL)
    return folder


def main() -> int:
    """Compare the named engines on the bundled sample and a generated set."""
    parser = argparse.ArgumentParser(description="Compare what the engines publish, to the byte.")
    parser.add_argument("engines", nargs="+", choices=["duckdb", "postgres", "spark"])
    parser.add_argument(
        "--accounts", type=int, default=GENERATED_ACCOUNTS, help="accounts of the generated set; 0: none"
    )
    given = parser.parse_args()
    differences = 0
    with tempfile.TemporaryDirectory(prefix="parity-") as name:
        folder = Path(name)
        sets = {"the bundled sample": SAMPLE}
        if given.accounts:
            sets[f"{given.accounts:,} generated accounts"] = generate(folder / "generated", given.accounts)
        for number, (title, sources) in enumerate(sets.items()):
            compared, seconds = compare_engines(given.engines, sources, folder / str(number))
            taken = ", ".join(f"{engine} {took:.0f} s" for engine, took in seconds.items())
            print(f"\n{title} ({taken})\n{report(compared)}", flush=True)
            differences += sum(one.differences for one in compared)
    return 1 if differences else 0


if __name__ == "__main__":
    sys.exit(main())
