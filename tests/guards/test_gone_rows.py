"""D42: rows of a source table that are gone."""

from __future__ import annotations

import pytest

from pipeline.guards.gone_rows import LASTING, LOOKED_UP
from pipeline.ingest.tables import SOURCE_TABLES
from tests.guards.profiles import judged, profile


def gone(now: tuple[int, ...], before: tuple[int, ...]) -> list[str | None]:
    found = judged(profile(keys=now), profile(keys=before))
    return [one.now for one in found if one.guard == "gone_rows"]


@pytest.mark.parametrize(("rows", "warns"), [(90, True), (91, False)])
def test_a_tenth_of_missing_rows_warns_despite_new_ones(rows: int, warns: bool) -> None:
    now = (*range(rows), *range(1000, 1100))
    assert gone(now, tuple(range(100))) == ([f"{100 - rows} of 100 sampled rows"] if warns else [])


def test_keys_above_the_last_sampled_one_are_unknown_in_a_table_that_grew() -> None:
    before, now = tuple(range(0, 2 * LOOKED_UP, 2)), tuple(range(LOOKED_UP))
    assert gone(now, before) == []


def test_missing_rows_of_fewer_than_twenty_are_not_reported() -> None:
    assert gone((), tuple(range(19))) == []


def test_the_lasting_tables_are_source_tables() -> None:
    assert {table.shown_name for table in SOURCE_TABLES} >= LASTING
