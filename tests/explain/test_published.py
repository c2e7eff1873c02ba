"""`explain` uses the last published drop, and says so if the last build is not the one behind it."""

from __future__ import annotations

from datetime import UTC, datetime

from pipeline.dbt.build_record import Build
from pipeline.explain.published import published_last
from pipeline.run_plan import RunPlan
from pipeline.state.runs import OrganizationOutcome, RunRecord, Verdict

FIRST, SECOND = datetime(2025, 1, 8, tzinfo=UTC), datetime(2025, 1, 15, tzinfo=UTC)
BUILD = Build(RunPlan(SECOND, 2025, {}, ()), "duckdb", "project", {}, build_id="second")


def record(build: str, as_of: datetime, outcome: OrganizationOutcome, verdict: Verdict = "published") -> RunRecord:
    return RunRecord(build, as_of, as_of, verdict, (outcome,), build=build, selected_year=2024)


BEFORE = record("first", FIRST, OrganizationOutcome(1, "20250108T000000Z-aaaaaaaa"))


def test_the_last_build_is_explained_if_it_was_published() -> None:
    now = record("second", SECOND, OrganizationOutcome(1, "20250115T000000Z-bbbbbbbb"))
    published = published_last([now, BEFORE], BUILD, 1)
    assert (published.drop, published.is_last_build, published.remark) == ("20250115T000000Z-bbbbbbbb", True, None)


def test_if_the_build_was_held_back_the_previous_drop_is_explained_with_the_reason() -> None:
    held_back = record("second", SECOND, OrganizationOutcome(1, None, why=("rows: 5, were 50",)), "held back")
    published = published_last([held_back, BEFORE], BUILD, 1)
    assert (published.drop, published.as_of, published.is_last_build) == ("20250108T000000Z-aaaaaaaa", FIRST, False)
    assert published.selected_year == 2024
    assert "as of 2025-01-15T00:00:00Z, was held back: rows: 5, were 50" in str(published.remark)


def test_a_build_without_a_record_was_not_published() -> None:
    published = published_last([BEFORE], BUILD, 1)
    assert not published.is_last_build
    assert "was not published" in str(published.remark)


def test_if_nothing_was_published_the_last_build_is_explained_with_a_note() -> None:
    published = published_last([BEFORE], BUILD, 2)
    assert (published.drop, published.is_last_build) == (None, True)
    assert "nothing has been published for organization 2 yet" in str(published.remark)


def test_a_drop_beside_a_later_latest_is_not_the_one_explained() -> None:
    beside = record("second", SECOND, OrganizationOutcome(1, "20250115T000000Z-bbbbbbbb", is_latest=False))
    published = published_last([beside, BEFORE], BUILD, 1)
    assert published.drop == "20250108T000000Z-aaaaaaaa"
    assert "latest stays at a drop with a later as_of" in str(published.remark)


def test_a_roll_back_is_reported() -> None:
    now = record("second", SECOND, OrganizationOutcome(1, "20250115T000000Z-bbbbbbbb"))
    back = record("", FIRST, OrganizationOutcome(1, "20250108T000000Z-aaaaaaaa"), "rolled back")
    published = published_last([back, now, BEFORE], BUILD, 1)
    assert published.is_last_build
    assert "rolled back to 20250108T000000Z-aaaaaaaa" in str(published.remark)
