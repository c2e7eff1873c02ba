"""`make test-faults`: runs every experiment within a time, prints the results, and updates docs/reliability.md."""

from __future__ import annotations

import argparse
import os
import time
from pathlib import Path

from tests.faults.experiments import tally_beside
from tests.faults.page import Counts, counts_of, with_counts
from tests.faults.suite import EXPERIMENTS

PAGE = Path(__file__).parents[2] / "docs" / "reliability.md"


def main() -> int:
    """Run all or the named experiments with cases that were never tried before; return 1 if one failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=60, help="for all of them together (60)")
    parser.add_argument("--only", action="append", choices=list(EXPERIMENTS), help="an experiment; again for more")
    parser.add_argument("--fresh", action="store_true", help="count from the first case again, after a change")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 2)
    options = parser.parse_args()
    names = options.only or list(EXPERIMENTS)
    ends = time.monotonic() + options.minutes * 60
    failed = 0
    for at, name in enumerate(names):
        experiment, before = EXPERIMENTS[name], counts_of(PAGE.read_text(encoding="utf-8")).get(name)
        if options.fresh or before is None or before.version != Counts.of_today().version:
            before = Counts.of_today()
        first = before.tried // experiment.cases_of_a_trial
        # unused time is shared by the following experiments
        seconds = (ends - time.monotonic()) / (len(names) - at)
        found = tally_beside(experiment, first, seconds, options.processes)
        print(f"{name}: {found.tried:,} tried, {found.held:,} held, {len(found.failures)} failed", flush=True)
        for number, fault in list(found.failures.items())[:5]:
            print(f"  case {number}: {fault[:2000]}", flush=True)
        failed += len(found.failures)
        page = PAGE.read_text(encoding="utf-8")
        counts = {**counts_of(page), name: before.with_more(found)}
        PAGE.write_text(with_counts(page, EXPERIMENTS, counts), encoding="utf-8")
    return min(failed, 1)


if __name__ == "__main__":
    raise SystemExit(main())
