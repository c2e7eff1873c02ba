"""D31, D34: the rows have fractions of seconds, which the published value includes."""

from __future__ import annotations

from decimal import Decimal

import pytest

from pipeline.explain.queries import Queries
from tests.explain.company import explain
from tests.explain.plain_values import not_remade
from tests.explain.test_layout import laid_out


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("meeting_time_hours", "0.01"),
        ("team_meeting_time_hours", "0.01"),
        ("owner_meeting_time_hours", "0.01"),
        ("team_effort_hours", "0.01"),
        ("owner_effort_hours", "0.01"),
        ("team_effort_cost", "18.00"),
    ],
)
def test_halves_of_seconds_add_up(company: Queries, column: str, value: str) -> None:
    """9.5 s and 8.5 s are 18 s, half a hundredth of an hour, and not 17 s."""
    (found,) = explain(company, "7", column).columns
    assert found.value == Decimal(value)
    assert not_remade(found) is None


def test_seconds_are_shown_with_their_fraction_if_they_have_one(company: Queries) -> None:
    assert " 9.500000" in laid_out(explain(company, "7", "meeting_time_hours"))
    assert "18.000000" not in laid_out(explain(company, "7", "team_effort_cost"))
