"""D42: amounts in another unit, on a first run."""

from __future__ import annotations

import pytest

from pipeline.guards.amounts import MOST
from pipeline.ingest.tables import source_table
from tests.guards.profiles import judged, profile, said


def test_the_columns_are_amounts() -> None:
    for place in MOST:
        source, table, column = place.split(".")
        assert [one.kind.name for one in source_table(source, table).columns if one.name == column] == ["RATE"]


@pytest.mark.parametrize(("power", "amounts", "warns"), [(3.0, 5, True), (2.99, 5, False), (3.7, 4, False)])
def test_a_thousand_dollars_an_hour_and_more_are_cents(power: float, amounts: int, warns: bool) -> None:
    now = profile("platform.users", amounts={"hourly_cost": amounts}, magnitudes={"hourly_cost": power})
    assert [one for one in said(judged(now)) if one[0] == "amounts"] == (
        [("amounts", "warn", "platform.users.hourly_cost")] if warns else []
    )
