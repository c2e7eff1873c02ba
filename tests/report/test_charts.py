"""Bars of charts: proportional, on the axis, within the frame."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.report.charts import HEIGHT, WIDTH, Chart, lay_out, sparkline
from pipeline.report.facts import Plot, Series


def plot(*series: list[int | str], stacked: bool = False, unit: str = "accounts") -> Plot:
    made = tuple(Series(f"s{at}", "accent", tuple(Decimal(v) for v in values)) for at, values in enumerate(series))
    names = tuple(f"c{at}" for at in range(len(series[0])))
    return Plot("x", "X", unit, names, made, None, stacked)  # type: ignore[arg-type]


def unit_height(chart: Chart, value: Decimal) -> float:
    """Return the height of `value` according to the labels of the axis."""
    first, second = chart.values[0], chart.values[1]
    step = Decimal(second.text) - Decimal(first.text)
    return float(value / step) * (first.y - second.y)


def test_bars_are_as_high_as_their_values() -> None:
    chart = lay_out(plot([10, 20, 40]))
    assert [bar.height for bar in chart.bars] == pytest.approx(
        [unit_height(chart, Decimal(value)) for value in (10, 20, 40)], abs=0.02
    )
    assert {round(bar.y + bar.height, 1) for bar in chart.bars} == {chart.zero}


def test_stacked_bars_have_no_gap() -> None:
    chart = lay_out(plot([3], [4], [5], stacked=True))
    bars = sorted(chart.bars, key=lambda bar: -bar.y)
    assert round(bars[0].y + bars[0].height, 1) == chart.zero
    for below, above in pairwise(bars):
        assert above.y + above.height == pytest.approx(below.y, abs=0.02)
    assert len({bar.x for bar in bars}) == 1


def test_bars_side_by_side_do_not_overlap() -> None:
    chart = lay_out(plot([3, 1], [4, 2]))
    places = sorted((bar.x, bar.x + bar.width) for bar in chart.bars)
    assert all(end <= start + 0.02 for (_, end), (start, _) in pairwise(places))


def test_negative_values_hang_from_the_zero_line() -> None:
    chart = lay_out(plot([10, -5]))
    up, down = chart.bars
    assert round(up.y + up.height, 1) == round(down.y, 1) == round(chart.zero, 1)
    assert chart.values[0].text == "−5"


def test_nothing_is_drawn_for_zero() -> None:
    assert len(lay_out(plot([0, 1, 0])).bars) == 1


@pytest.mark.parametrize(
    ("values", "labels"),
    [
        ([1], ["0", "1"]),
        ([3], ["0", "1", "2", "3"]),
        ([8], ["0", "2", "4", "6", "8"]),
        ([0], ["0", "1"]),
        ([97], ["0", "50", "100"]),
        ([4100], ["0", "2k", "4k", "6k"]),
    ],
)
def test_the_axis_has_round_labels(values: list[int | str], labels: list[str]) -> None:
    assert [label.text for label in lay_out(plot(values)).values] == labels


def test_money_may_have_fractions_and_counts_may_not() -> None:
    assert [label.text for label in lay_out(plot(["0.4"], unit="US dollars")).values] == [
        *("$0", "$0.1", "$0.2", "$0.3", "$0.4")
    ]
    assert [label.text for label in lay_out(plot([2])).values] == ["0", "1", "2"]


def test_some_labels_of_many_categories_are_left_out() -> None:
    chart = lay_out(plot(list(range(1, 41))))
    distances = [right.x - left.x for left, right in pairwise(chart.categories)]
    assert min(distances) >= 40
    assert chart.categories[0].text == "c0"


def test_the_text_alternative_names_the_ends_and_the_maximum() -> None:
    says = lay_out(plot([3, 7, 1])).says
    assert says == "Bars from c0 to c2. s0: most in c1, 7 accounts."


NUMBERS = st.integers(-(10**12), 10**12)


@given(st.lists(st.tuples(NUMBERS, NUMBERS, NUMBERS), min_size=1, max_size=30), st.booleans())
def test_everything_stays_within_the_frame(rows: list[tuple[int, int, int]], stacked: bool) -> None:
    chart = lay_out(plot(*([row[at] for row in rows] for at in range(3)), stacked=stacked, unit="US dollars"))
    for bar in chart.bars:
        assert bar.x >= 0 and bar.x + bar.width <= WIDTH + 0.01
        assert bar.y >= 0 and bar.y + bar.height <= HEIGHT - 25
    assert 2 <= len(chart.values) <= 7


def test_a_sparkline_stays_in_its_frame_and_ends_at_its_last_figure() -> None:
    points, x, y = sparkline([Decimal(value) for value in (5, 9, 7)])
    assert points == "4.0,24.0 60.0,4.0 116.0,14.0"
    assert (x, y) == (116.0, 14.0)
    assert sparkline([Decimal(3), Decimal(3)])[0] == "4.0,14.0 116.0,14.0", "a constant is in the middle"
    assert sparkline([Decimal(3)])[0] == "4.0,14.0"
