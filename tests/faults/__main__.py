"""`make test-faults`: tries every experiment within a time, prints what came of it, and writes docs/reliability.md."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from tests.faults.experiments import tally_beside
from tests.faults.page import Counts, counts_of, with_counts
from tests.faults.suite import EXPERIMENTS

PAGE = Path(__file__).parents[2] / "docs" / "reliability.md"


def main() -> int:
    """Try all experiments, or those that are named; 1 where anything did not hold."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=60, help="for all of them together (60)")
    parser.add_argument("--only", action="append", choices=list(EXPERIMENTS), help="an experiment; again for more")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 2)
    options = parser.parse_args()
    names = options.only or list(EXPERIMENTS)
    counts = counts_of(PAGE.read_text(encoding="utf-8"))
    failed = 0
    for name in names:
        seconds = options.minutes * 60 / len(names)
        found = tally_beside("tests.faults.suite", name, EXPERIMENTS[name].count, seconds, options.processes)
        print(f"{name}: {found.tried:,} tried, {found.held:,} held, {len(found.failures)} failed", flush=True)
        for number, fault in list(found.failures.items())[:5]:
            print(f"  case {number}: {fault[:2000]}", flush=True)
        failed += len(found.failures)
        counts[name] = Counts.of(found)
        PAGE.write_text(with_counts(PAGE.read_text(encoding="utf-8"), EXPERIMENTS, counts), encoding="utf-8")
    return min(failed, 1)


if __name__ == "__main__":
    raise SystemExit(main())
