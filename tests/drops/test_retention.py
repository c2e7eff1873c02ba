"""Which drops and reports are removed, and that nothing else is."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.drops.catalog import PublishedEntry
from pipeline.drops.retention import NOTIFICATIONS_GRACE, prune, prune_reports, removable
from pipeline.drops.superseded import SUPERSEDED, superseded_at, write_superseded
from pipeline.storage.place import Place, open_place
from tests.drops.sudden_death import dies_at

NOW = datetime(2025, 6, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def name_of(number: int) -> str:
    return f"20250{number // 28 + 1}{number % 28 + 1:02d}T000000Z-{number:08x}"


def touch(path: Path, moment: datetime) -> None:
    os.utime(path, (moment.timestamp(), moment.timestamp()))


def write_drop(exports: Path, number: int, age: timedelta, *, manifest: bool = True, report: bool = True) -> str:
    """Write a drop published `age` before now, and its report."""
    name = name_of(number)
    folder = exports / "1" / name
    folder.mkdir(parents=True)
    for file in ("deals.csv", *(["manifest.json"] if manifest else [])):
        (folder / file).write_text(file)
        touch(folder / file, NOW - age)
    if report:
        write_report(exports, name, age)
    return name


def write_report(exports: Path, name: str, age: timedelta) -> None:
    folder = exports / "1" / "reports"
    folder.mkdir(parents=True, exist_ok=True)
    for suffix in ("html", "checks.json"):
        (folder / f"{name}.{suffix}").write_text(name)
        touch(folder / f"{name}.{suffix}", NOW - age)


def point_latest(exports: Path, name: str) -> None:
    (exports / "1" / "latest").symlink_to(name)


def drops(exports: Path) -> set[str]:
    return {path.name for path in (exports / "1").glob("2*")}


def reports(exports: Path) -> set[str]:
    return {path.name.split(".")[0] for path in (exports / "1" / "reports").iterdir()}


@pytest.fixture
def exports(tmp_path: Path) -> Path:
    return tmp_path / "exports"


def place(exports: Path) -> Place:
    return open_place(str(exports))


def test_the_newest_stay_with_their_reports(exports: Path) -> None:
    names = [write_drop(exports, number, DAY * (10 - number)) for number in range(6)]
    point_latest(exports, names[-1])
    assert prune(place(exports).child("1"), 4, NOW) == names[:2]
    assert drops(exports) == reports(exports) == set(names[2:])


def test_newest_is_by_publication_not_by_as_of(exports: Path) -> None:
    backfilled = write_drop(exports, 1, DAY * 2)
    recent = write_drop(exports, 9, DAY * 5)
    point_latest(exports, backfilled)
    assert prune(place(exports).child("1"), 1, NOW) == [recent]


def test_the_latest_stays_however_old(exports: Path) -> None:
    names = [write_drop(exports, number, DAY * (10 - number)) for number in range(4)]
    point_latest(exports, names[0])
    assert prune(place(exports).child("1"), 1, NOW) == names[1:3]
    assert drops(exports) == {names[0], names[3]}


@pytest.mark.parametrize(
    ("age", "goes"), [(DAY - timedelta(seconds=1), False), (DAY, True), (DAY + timedelta(seconds=1), True)]
)
def test_no_drop_is_removed_before_it_is_a_day_old(age: timedelta, goes: bool, exports: Path) -> None:
    old = write_drop(exports, 1, age)
    newest = write_drop(exports, 2, timedelta())
    point_latest(exports, newest)
    assert prune(place(exports).child("1"), 1, NOW) == ([old] if goes else [])


@pytest.mark.parametrize(("since", "goes"), [(DAY - timedelta(seconds=1), False), (DAY, True)])
def test_no_drop_is_removed_within_a_day_of_being_latest(since: timedelta, goes: bool, exports: Path) -> None:
    """A reader that found last month's drop just before this week's may still be reading it."""
    old = write_drop(exports, 1, DAY * 31)
    newest = write_drop(exports, 2, timedelta())
    point_latest(exports, newest)
    write_superseded(place(exports).child("1"), {old: NOW - since})
    assert prune(place(exports).child("1"), 1, NOW) == ([old] if goes else [])


@pytest.mark.parametrize(("minutes", "goes"), [(59, False), (60, True)])
def test_a_refreshs_drop_stays_for_an_hour_after_being_latest(minutes: int, goes: bool, exports: Path) -> None:
    old = write_drop(exports, 1, DAY)
    newest = write_drop(exports, 2, timedelta())
    point_latest(exports, newest)
    write_superseded(place(exports).child("1"), {old: NOW - timedelta(minutes=minutes)})
    assert prune(place(exports).child("1"), 1, NOW, NOTIFICATIONS_GRACE) == ([old] if goes else [])


@pytest.mark.parametrize("content", ["", "{", "[]", '{"20250101T000000Z-0a1b2c3d": 7}', '{"x": "2025-01-01"}'])
def test_a_damaged_file_of_earlier_latest_drops_is_ignored(content: str, exports: Path) -> None:
    (exports / "1").mkdir(parents=True)
    (exports / "1" / SUPERSEDED).write_text(content)
    assert superseded_at(place(exports).child("1")) == {}


def test_the_latest_stays_even_without_its_manifest(exports: Path) -> None:
    damaged = write_drop(exports, 1, DAY * 9, manifest=False)
    point_latest(exports, damaged)
    assert prune(place(exports).child("1"), 1, NOW) == []
    assert drops(exports) == {damaged}


@pytest.mark.parametrize(("age", "goes"), [(DAY - timedelta(seconds=1), False), (DAY, True)])
def test_remains_of_a_killed_publication_are_removed_after_a_day(age: timedelta, goes: bool, exports: Path) -> None:
    kept = write_drop(exports, 1, DAY * 9)
    point_latest(exports, kept)
    left = write_drop(exports, 2, age, manifest=False)
    assert prune(place(exports).child("1"), 5, NOW) == ([left] if goes else [])


def test_only_drops_are_touched(exports: Path) -> None:
    newest = write_drop(exports, 30, timedelta())
    point_latest(exports, newest)
    for other in ("notes", "20250101T000000Z-old", "20250101T000000Z-0a1b2c3d.bak"):
        (exports / "1" / other).mkdir()
        touch(exports / "1" / other, NOW - DAY * 99)
    (exports / "1" / "20250101T000000Z-0a1b2c3d").write_text("a file, not a folder")
    before = sorted((exports / "1").iterdir())
    assert prune(place(exports).child("1"), 1, NOW) == []
    assert sorted((exports / "1").iterdir()) == before


def test_other_organizations_are_not_touched(exports: Path) -> None:
    names = [write_drop(exports, number, DAY * 9) for number in range(3)]
    (exports / "1").rename(exports / "2")
    assert prune(place(exports).child("1"), 1, NOW) == []
    assert {path.name for path in (exports / "2").glob("2*")} == set(names)


def test_reports_of_failed_runs_are_kept_separately(exports: Path) -> None:
    newest = write_drop(exports, 30, DAY * 3)
    point_latest(exports, newest)
    failed = [f"20250101T00000{number}Z-failed-0000000{number}" for number in range(4)]
    for number, name in enumerate(failed):
        write_report(exports, name, DAY * (9 - number))
    write_report(exports, "20250101T000009Z-failed-00000009", timedelta(hours=1))
    prune(place(exports).child("1"), 2, NOW)
    assert reports(exports) == {newest, failed[3], "20250101T000009Z-failed-00000009"}


def test_the_operators_reports_are_kept_by_number_and_age(tmp_path: Path) -> None:
    for day in range(1, 5):
        for suffix in ("html", "checks.json", "great_expectations.json"):
            path = tmp_path / f"2025050{day}T000000Z.{suffix}"
            path.write_text("x")
            touch(path, NOW - DAY * (9 - day))
    prune_reports(open_place(str(tmp_path)), set(), 2, NOW)
    assert len(list(tmp_path.iterdir())) == 6
    assert {path.name.split(".")[0] for path in tmp_path.iterdir()} == {"20250503T000000Z", "20250504T000000Z"}


def test_an_organization_without_drops_is_no_fault(exports: Path) -> None:
    assert prune(place(exports).child("1"), 3, NOW) == []


def test_a_removal_killed_anywhere_leaves_no_broken_drop_and_the_next_one_completes_it(tmp_path: Path) -> None:
    number, died = 0, True
    while died:
        number += 1
        exports = tmp_path / f"exports-{number}"
        names = [write_drop(exports, at, DAY * (20 - at), report=False) for at in range(3)]
        point_latest(exports, names[2])
        died = dies_at(number, exports, lambda exports=exports: prune(place(exports).child("1"), 1, NOW))  # type: ignore[misc]
        for name in drops(exports):
            folder = exports / "1" / name
            assert not (folder / "manifest.json").exists() or (folder / "deals.csv").exists()
        prune(place(exports).child("1"), 1, NOW + DAY * 2)
        assert drops(exports) == {names[2]}
    assert number > 8, "the removal was killed in too few places"


MOMENTS = st.integers(0, 10 * 24).map(lambda hours: NOW - timedelta(hours=hours))


@given(st.lists(MOMENTS, max_size=12), st.integers(1, 12), st.integers(0, 11))
def test_the_rule_holds_for_any_list(moments: list[datetime], keep: int, latest: int) -> None:
    entries = [PublishedEntry(name_of(at), moment) for at, moment in enumerate(moments)]
    entries.sort(key=lambda entry: (entry.published_at, entry.name), reverse=True)
    gone = set(removable(entries, keep, name_of(latest), NOW))
    for rank, entry in enumerate(entries):
        is_kept = rank < keep or entry.name == name_of(latest) or NOW - entry.published_at < DAY
        assert (entry.name in gone) is not is_kept
