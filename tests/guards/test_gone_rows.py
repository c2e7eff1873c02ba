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
def test_a_tenth_of_the_rows_that_are_gone_warns_though_others_came(rows: int, warns: bool) -> None:
    now = (*range(rows), *range(1000, 1100))
    assert gone(now, tuple(range(100))) == ([f"{100 - rows} of 100 sampled rows"] if warns else [])


def test_of_a_table_that_grew_the_keys_above_the_last_one_are_not_known() -> None:
    before, now = tuple(range(0, 2 * LOOKED_UP, 2)), tuple(range(LOOKED_UP))
    assert gone(now, before) == []


def test_of_fewer_than_twenty_rows_none_is_missed() -> None:
    assert gone((), tuple(range(19))) == []


def test_the_lasting_tables_are_source_tables() -> None:
    assert {table.shown_name for table in SOURCE_TABLES} >= LASTING
