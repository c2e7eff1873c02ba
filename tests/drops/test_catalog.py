"""Organizations with drops: one that a run no longer has is reported, because its latest drop stays."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from pipeline.drops.catalog import absent_organizations, baseline_drop, drop_before, is_overtaken
from pipeline.drops.manifest import MANIFEST
from pipeline.storage.place import open_place

DROP = "20250115T000000Z-0123abcd"


def test_organizations_with_a_latest_drop_that_are_not_present_are_left_behind(tmp_path: Path) -> None:
    for organization in ("1", "2", "30"):
        (tmp_path / organization / DROP).mkdir(parents=True)
        (tmp_path / organization / "latest").symlink_to(DROP)
    (tmp_path / "4" / "reports").mkdir(parents=True)  # never got a drop
    place = open_place(str(tmp_path))
    assert absent_organizations(place, [1]) == [2, 30]
    assert absent_organizations(place, [1, 2, 30, 5]) == []
    assert absent_organizations(open_place(str(tmp_path / "new")), []) == []


def test_the_previous_drop_is_a_complete_one(tmp_path: Path) -> None:
    for name in ("20250113T000000Z-0123abcd", "20250114T000000Z-0123abcd"):
        (tmp_path / "1" / name).mkdir(parents=True)
    (tmp_path / "1" / "20250113T000000Z-0123abcd" / MANIFEST).write_text('{"organization_id": 1}')
    found = drop_before(open_place(str(tmp_path)), 1, datetime(2025, 1, 15, tzinfo=UTC))
    assert found is not None
    assert found.name == "20250113T000000Z-0123abcd"


def test_a_run_is_compared_with_latest_or_the_newest_drop_of_no_later_instant(tmp_path: Path) -> None:
    """D38."""
    names = [f"202501{day}T000000Z-0123abcd" for day in ("13", "14", "15")]
    for name in names:
        (tmp_path / name).mkdir()
        (tmp_path / name / MANIFEST).write_text('{"organization_id": 1}')
    drops_folder = open_place(str(tmp_path))

    def baseline(day: int) -> str | None:
        found = baseline_drop(drops_folder, datetime(2025, 1, day, tzinfo=UTC))
        return None if found is None else found.name

    (tmp_path / "latest").symlink_to(names[1])
    assert [baseline(day) for day in (12, 13, 14, 16)] == [None, names[0], names[1], names[1]], "rolled back to"
    (tmp_path / names[1] / MANIFEST).unlink()
    assert baseline(16) == names[2], "a folder without a manifest is no drop"


def test_only_a_drop_of_a_later_instant_has_overtaken(tmp_path: Path) -> None:
    """D38."""
    drops_folder, at = open_place(str(tmp_path)), datetime(2025, 1, 15, tzinfo=UTC)
    assert not is_overtaken(drops_folder, at), "there is none"
    (tmp_path / DROP).mkdir()
    (tmp_path / "latest").symlink_to(DROP)
    second = timedelta(seconds=1)
    assert [is_overtaken(drops_folder, moment) for moment in (at - second, at, at + second)] == [True, False, False]
