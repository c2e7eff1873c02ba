"""D42: columns with a single value that should vary."""

from __future__ import annotations

from typing import Any

import pytest

from pipeline.guards.compared_columns import MOVING, WORDS
from pipeline.guards.one_value import OF_A_CUSTOMER, VARIED
from pipeline.guards.source_profile import TableProfile
from pipeline.ingest.tables import source_table
from tests.guards.profiles import judged, profile

DAY = "estimate_date"


def days(cells: int, *, different: int = 1) -> TableProfile:
    """Make the profile of estimates with this many sampled cells."""
    return profile("lmn.estimates_list", cells={DAY: {str(at): f"2025-01-{at % different:02}" for at in range(cells)}})


def warned(now: TableProfile | list[TableProfile], before: TableProfile | None = None) -> list[str]:
    return [one.place for one in judged(now, before) if one.guard == "one_value"]


def test_the_columns_are_sampled_ones() -> None:
    for name, columns in [*VARIED.items(), *OF_A_CUSTOMER.items()]:
        table = source_table(*name.split("."))
        assert set(columns.split()) <= {column.name for column in table.columns} - MOVING - set(table.key)


@pytest.mark.parametrize(("cells", "different", "warns"), [(20, 1, True), (19, 1, False), (20, 2, False)])
def test_sampled_cells_that_are_all_the_same_warn(cells: int, different: int, warns: bool) -> None:
    assert warned(days(cells, different=different)) == ([f"lmn.estimates_list.{DAY}"] if warns else [])


def test_a_published_single_value_is_not_reported_again() -> None:
    assert warned(days(20), days(20)) == []
    assert warned(days(20), days(20, different=2)) == [f"lmn.estimates_list.{DAY}"]


@pytest.mark.parametrize(
    ("words", "warns"), [({"team": 100}, True), ({"team": 99}, False), ({"team": 99, "account": 1}, False)]
)
def test_messages_of_one_side_warn(words: dict[str, int], warns: bool) -> None:
    assert "direction" in WORDS
    assert bool(warned(profile("platform.email_prop", words={"direction": words}))) is warns


@pytest.mark.parametrize(("customers", "warns"), [(10, True), (9, False)])
def test_messages_of_one_customer_warn_if_there_are_others(customers: int, warns: bool) -> None:
    cells: dict[str, Any] = {"customer_id": dict.fromkeys(map(str, range(20)), "a")}
    tables = [profile("platform.email_prop", cells=cells), profile("platform.customer", customers)]
    assert bool(warned(tables)) is warns


@pytest.mark.parametrize(
    ("times", "warns"),
    [(["00:00:00"], True), (["05:30:00"], True), (["09:00:00", "17:00:00"], True), (["09:00:00", "17:00:01"], False)],
)
def test_messages_of_one_time_of_day_or_all_on_the_hour_warn_once(times: list[str], warns: bool) -> None:
    cells = {str(at): f"2025-01-{at + 1:02} {times[at % len(times)]}" for at in range(20)}
    mails, customers = profile("platform.email_prop", cells={"sent_at": cells}), profile("platform.customer")
    assert warned([mails, customers]) == (["platform.email_prop.sent_at"] if warns else [])
    assert warned([mails, customers], mails) == []
