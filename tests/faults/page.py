"""The table of counts in docs/reliability.md; the text around it is written by hand."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Final

from tests.faults.experiments import Experiment, Tally

BEGIN: Final = "<!-- counts: written by make test-faults -->"
END: Final = "<!-- end of counts -->"
_HEAD: Final = "| promise | experiment | cases | held | failed | version, days |\n|---|---|---:|---:|---:|---|\n"
_ROW: Final = re.compile(
    r"\| \*\*(?P<name>.+?)\.\*\* .+? \| .+? "
    r"\| (?P<tried>[\d,]+) \| [\d,]+ \| (?P<failed>[\d,]+) \| (?P<version>\S+), (?P<since>\S+)( to (?P<until>\S+))? \|"
)
"""As in `| **laws.** Another tenant's … | A generated … | 1,500 | 1,500 | 0 | 1.0.0, 2026-11-28 to 2026-11-30 |`."""


@dataclass(frozen=True)
class Counts:
    """The results of an experiment under a version since its first day: the cases up to `tried` are done."""

    tried: int
    failed: int
    version: str
    since: str
    until: str

    @classmethod
    def of_today(cls) -> Counts:
        """Start counting."""
        day = f"{datetime.now(UTC):%Y-%m-%d}"
        return cls(0, 0, version("account-warehouse"), day, day)

    def with_more(self, found: Tally) -> Counts:
        """Add a tally of today."""
        until = Counts.of_today().until
        return replace(self, tried=self.tried + found.tried, failed=self.failed + len(found.failures), until=until)

    @property
    def cells(self) -> str:
        """The cells of the page: `1,500 | 1,500 | 0 | 1.0.0, 2026-11-29`."""
        days = self.since if self.since == self.until else f"{self.since} to {self.until}"
        return f"{self.tried:,} | {self.tried - self.failed:,} | {self.failed:,} | {self.version}, {days}"


def counts_of(page: str) -> dict[str, Counts]:
    """Read the counts on the page, by experiment."""
    return {
        row["name"]: Counts(
            int(row["tried"].replace(",", "")),
            int(row["failed"].replace(",", "")),
            row["version"],
            row["since"],
            row["until"] or row["since"],
        )
        for row in _ROW.finditer(page)
    }


def with_counts(page: str, experiments: Mapping[str, Experiment], counts: Mapping[str, Counts]) -> str:
    """Replace the counts on the page."""
    rows = [
        f"| **{name}.** {experiment.promise} | {experiment.tried} | {counts[name].cells} |\n"
        for name, experiment in experiments.items()
        if name in counts
    ]
    before, _, rest = page.partition(BEGIN)
    after = rest.partition(END)[2]
    return f"{before}{BEGIN}\n{_HEAD}{''.join(rows)}{END}{after}"
