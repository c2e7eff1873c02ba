"""The history of runs: complete, newest first, and the baseline of the next run."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from pipeline.state.runs import KEPT, OrganizationOutcome, RunRecord, RunRecords, run_lines


def record(day: int, as_of: int | None = None, **changes: Any) -> RunRecord:
    """Make the record of a run that ended on a day of January 2025."""
    fields: dict[str, Any] = {
        "run_id": f"{day:08d}",
        "finished_at": datetime(2025, 1, day, 6, tzinfo=UTC),
        "as_of": datetime(2025, 1, as_of or day, tzinfo=UTC),
        "verdict": "published",
        "organizations": (OrganizationOutcome(1, f"drop{day}", is_new=True),),
    }
    return RunRecord(**{**fields, **changes})


def records(folder: Path, *runs: RunRecord) -> RunRecords:
    """Store some runs."""
    kept = RunRecords(folder / "runs")
    for run in runs:
        kept.add(run)
    return kept


def test_records_are_read_back_unchanged_newest_first(tmp_path: Path) -> None:
    findings = ({"guard": "rows", "level": "warn", "place": "crm.accounts"},)
    one, other = record(8), record(15, findings=findings, problem="why", figures={"accounts": 3})
    assert records(tmp_path, one, other).newest_first() == [other, one]


@pytest.mark.parametrize(("as_of", "found"), [(7, None), (8, "drop8"), (14, "drop8"), (15, "drop16"), (31, "drop16")])
def test_a_run_is_compared_with_the_last_publication_of_the_same_or_an_earlier_as_of(
    tmp_path: Path, as_of: int, found: str | None
) -> None:
    kept = records(tmp_path, record(8), record(15), record(16, as_of=15), record(20, verdict="held back"))
    last = kept.last_published(datetime(2025, 1, as_of, tzinfo=UTC))
    assert (last and last.organizations[0].drop) == found


def test_a_damaged_record_is_skipped(tmp_path: Path) -> None:
    kept = records(tmp_path, record(8))
    (kept.folder / "20250109T000000Z-0.json").write_text("{")
    assert kept.newest_first() == [record(8)]


def test_the_newest_thousand_are_kept(tmp_path: Path) -> None:
    kept = records(tmp_path)
    kept.folder.mkdir()
    for number in range(KEPT):
        (kept.folder / f"20240101T{number:06d}Z-0.json").write_text("{}")
    kept.add(record(8))
    assert len(list(kept.folder.iterdir())) == KEPT
    assert not (kept.folder / "20240101T000000Z-0.json").exists()


def test_a_line_has_the_published_and_the_held_back_organizations(tmp_path: Path) -> None:
    held = OrganizationOutcome(2, None, why=("kept_keys: only 50 % are still there",))
    lines = run_lines([record(8, verdict="partly held back", organizations=(OrganizationOutcome(1, "a", True), held))])
    assert lines == [
        "2025-01-08T06:00:00Z  as of 2025-01-08T00:00:00Z  partly held back: 1/a",
        "    organization 2 held back: kept_keys: only 50 % are still there",
    ]
