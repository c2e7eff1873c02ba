"""The table of counts in docs/reliability.md; what stands around it is written by hand."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Final

from tests.faults.experiments import Experiment, Tally

BEGIN: Final = "<!-- counts: written by make test-faults -->"
END: Final = "<!-- end of counts -->"
_HEAD: Final = (
    "| what is promised | how it is tried | tried | held | failed | version, day |\n|---|---|---:|---:|---:|---|\n"
)
_ROW: Final = re.compile(r"\| \*\*(?P<name>.+?)\.\*\* .+? \| .+? \| (?P<counts>.+) \|")
"""As in `| **laws.** Another tenant's … | A generated … | 1,500 | 1,500 | 0 | 1.0.0, 2026-11-28 |`."""


@dataclass(frozen=True)
class Counts:
    """What came of an experiment, as the page shows it: `1,500 | 1,500 | 0 | 1.0.0, 2026-11-28`."""

    cells: str

    @classmethod
    def of(cls, found: Tally) -> Counts:
        """Count a tally of today."""
        day = f"{datetime.now(UTC):%Y-%m-%d}"
        numbers = f"{found.tried:,} | {found.held:,} | {len(found.failures):,}"
        return cls(f"{numbers} | {version('account-warehouse')}, {day}")


def counts_of(page: str) -> dict[str, Counts]:
    """Read the counts that stand on the page, by experiment."""
    return {row["name"]: Counts(row["counts"]) for row in _ROW.finditer(page)}


def with_counts(page: str, experiments: Mapping[str, Experiment], counts: Mapping[str, Counts]) -> str:
    """Put the counts in place of those that stand on the page."""
    rows = [
        f"| **{name}.** {experiment.promise} | {experiment.tried} | {counts[name].cells} |\n"
        for name, experiment in experiments.items()
        if name in counts
    ]
    before, _, rest = page.partition(BEGIN)
    after = rest.partition(END)[2]
    return f"{before}{BEGIN}\n{_HEAD}{''.join(rows)}{END}{after}"
