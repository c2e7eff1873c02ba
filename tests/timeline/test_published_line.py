"""Which drop of an instant counts: the ones that `latest` named in turn, then those that a backfill added."""

from __future__ import annotations

from pipeline.timeline.published_line import published_line

FIRST, SECOND, THIRD = ("20250108T000000Z-aaaaaaaa", "20250115T000000Z-bbbbbbbb", "20250122T000000Z-cccccccc")
AGAIN = "20250115T000000Z-dddddddd"
Known = dict[str, str | None]


def line(against: Known, latest: str | None) -> list[tuple[str, ...]]:
    return [instant.drops for instant in published_line(1, against, latest)]


def test_weeks_are_in_order() -> None:
    assert line({THIRD: SECOND, FIRST: None, SECOND: FIRST}, THIRD) == [(FIRST,), (SECOND,), (THIRD,)]


def test_a_run_of_the_same_instant_replaces_the_previous_one() -> None:
    assert line({FIRST: None, SECOND: FIRST, AGAIN: SECOND, THIRD: AGAIN}, THIRD) == [
        (FIRST,),
        (AGAIN, SECOND),
        (THIRD,),
    ]


def test_a_week_corrected_after_a_later_one_does_not_change_the_past() -> None:
    assert line({FIRST: None, SECOND: FIRST, THIRD: SECOND, AGAIN: SECOND}, THIRD) == [(FIRST,), (SECOND,), (THIRD,)]


def test_a_backfill_adds_an_instant_without_a_drop_and_the_first_of_several_counts() -> None:
    assert line({FIRST: None, THIRD: FIRST, SECOND: FIRST, AGAIN: SECOND}, THIRD) == [(FIRST,), (SECOND,), (THIRD,)]


def test_a_rolled_back_drop_counts_until_a_run_of_its_instant_replaces_it() -> None:
    back: Known = {FIRST: None, SECOND: FIRST}
    assert line(back, FIRST) == [(FIRST,), (SECOND,)]
    assert line({**back, AGAIN: FIRST}, AGAIN) == [(FIRST,), (AGAIN,)]


def test_the_line_starts_with_the_oldest_kept_drop() -> None:
    assert line({SECOND: FIRST, THIRD: SECOND}, THIRD) == [(SECOND,), (THIRD,)]


def test_drops_that_name_each_other_end_the_line() -> None:
    assert line({FIRST: SECOND, SECOND: FIRST}, SECOND) == [(FIRST,), (SECOND,)]
