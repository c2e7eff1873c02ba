"""D42: whatever is wrong with a week's export, no run ends green with a changed figure."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.orchestration.spoilt_sources import Spoiling, every_hundredth_date_a_day_later, spoilings, write_clean_sample
from tests.orchestration.warehouse import Warehouse

AS_OF = "2025-01-15T00:00:00Z"
A_WEEK_LATER = "2025-01-22T00:00:00Z"

SHORT = (
    "header misspelt: crm.accounts.lmn_crm_id",
    "table removed: platform.email_prop",
    "half the rows: platform.ticket",
    "amount in cents: platform.customer.revenue",
    "flag inverted: platform.stakeholder.muted",
    "day and month swapped: lmn.estimates_list.contract_end",
    "swapped where that is a date too: crm.accounts.created_at",
    "words renamed: platform.chat_message.sentiment",
    "texts cut: platform.ai_summary.summary",
    "columns swapped: platform.customer.renewal with contract_start_date",
    "tenant emptied: platform, organization 3",
)
"""One spoiling for each guard, for the fast tests."""


@dataclass
class Sample:
    """The clean bundled sample and a warehouse that published it; each spoiling is tried on a copy."""

    folder: Path
    sources: Path
    warehouse: Warehouse

    def ends(self, spoiling: Spoiling, as_of: str = AS_OF) -> str:
        """Return the outcome of a spoiling: red, amber, the same drops, or green with other ones."""
        spoilt = self.folder / "spoilt"
        shutil.copytree(self.sources, spoilt)
        try:
            spoiling.spoil(spoilt)
            judged = self.warehouse.check(spoilt, as_of)
            if judged.stops:
                return "red"
            if any(finding.level == "warn" for finding in judged.findings):
                return "amber"
            return self._runs(spoilt, as_of)
        finally:
            shutil.rmtree(spoilt)

    def _runs(self, spoilt: Path, as_of: str) -> str:
        copy = self.warehouse.copy(self.folder / "copy")
        try:
            ended = copy.run(spoilt, as_of)
            assert ended.returncode in (0, 1, 3), ended.stderr
            if ended.returncode == 0 and copy.all_latest() == self.warehouse.all_latest():
                return "the same drops"
            return copy.colour
        finally:
            shutil.rmtree(copy.folder)


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Sample:
    folder = tmp_path_factory.mktemp("sample")
    (folder / "sources").mkdir()
    write_clean_sample(folder / "sources")
    found = Sample(folder, folder / "sources", Warehouse(folder / "warehouse"))
    first = found.warehouse.run(found.sources, AS_OF)
    assert (first.returncode, found.warehouse.colour) == (0, "green"), first.stderr
    return found


def tried(sample: Sample, chosen: Iterable[Spoiling]) -> dict[str, Counter[str]]:
    """Try spoilings; return the outcomes of each kind. None may be green with another drop."""
    ends: dict[str, Counter[str]] = {}
    missed = []
    for spoiling in chosen:
        end = sample.ends(spoiling)
        ends.setdefault(spoiling.kind, Counter())[end] += 1
        missed += [str(spoiling)] if end == "green" else []
    assert missed == []
    return ends


def test_one_spoiling_for_each_guard_does_not_end_green(sample: Sample) -> None:
    chosen = [spoiling for spoiling in spoilings(sample.sources) if str(spoiling) in SHORT]
    assert len(chosen) == len(SHORT)
    tried(sample, chosen)


def test_last_weeks_files_again_are_amber(sample: Sample) -> None:
    assert sample.ends(Spoiling("the same files", "a week later", lambda folder: None), A_WEEK_LATER) == "amber"


@pytest.mark.slow
def test_no_spoiling_ends_green_with_a_changed_figure(sample: Sample, capsys: pytest.CaptureFixture[str]) -> None:
    ends = tried(sample, spoilings(sample.sources))
    unseen = Spoiling("unseen", "every hundredth date one day later", every_hundredth_date_a_day_later)
    lines = [f"{sum(map(Counter.total, ends.values()))} spoilings tried, none green with a changed figure:"]
    lines += [
        f"  {kind}: " + ", ".join(f"{count} {end}" for end, count in counts.items()) for kind, counts in ends.items()
    ]
    lines += [f"  what no comparison of this kind sees: {unseen.place}"]
    assert sample.ends(unseen) == "green"
    with capsys.disabled():
        print("", *lines, sep="\n")
