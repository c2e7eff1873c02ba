"""Lays out the bars of a plot for an SVG of fixed size. The style sheet defines colours and fonts.

This is our own code because libraries for static SVG add megabytes and their own fonts, and their colours do not follow
the reader's light or dark scheme.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Final

from pipeline.common.formats import amount, short_amount
from pipeline.report.facts import Plot

WIDTH: Final = 420
HEIGHT: Final = 216
_LEFT, _RIGHT, _TOP, _BOTTOM = 50, 4, 10, 26
_TICKS: Final = 4
SPARK_WIDTH: Final = 120
SPARK_HEIGHT: Final = 28
_SPARK_EDGE: Final = 4
_LABEL_WIDTH: Final = 44
_GAP: Final = 0.26
"""The part of a category's width that is left free between its bars and the next ones."""


@dataclass(frozen=True)
class Bar:
    """A bar: its place, the name of its colour, and its tooltip."""

    x: float
    y: float
    width: float
    height: float
    style: str
    says: str


@dataclass(frozen=True)
class Label:
    """A text at a place."""

    x: float
    y: float
    text: str


@dataclass(frozen=True)
class Chart:
    """A plot's layout: the bars, the labels of the value axis with their places, and the labels of the categories.

    `says` is the text for readers who cannot see the plot.
    """

    plot: Plot
    bars: tuple[Bar, ...]
    values: tuple[Label, ...]
    categories: tuple[Label, ...]
    left: float
    right: float
    zero: float
    says: str


def lay_out(plot: Plot) -> Chart:
    """Place every bar and label of a plot that has categories."""
    low, high = _extent(plot)
    step = _step((high - low) / _TICKS, is_whole=plot.unit == "accounts")
    first = (low / step).to_integral_value(ROUND_FLOOR)
    last = max((high / step).to_integral_value(ROUND_CEILING), first + 1)
    scale = (HEIGHT - _TOP - _BOTTOM) / float((last - first) * step)

    def height_of(value: Decimal) -> float:
        return HEIGHT - _BOTTOM - float(value - first * step) * scale

    values = [Decimal(at) * step for at in range(int(first), int(last) + 1)]
    return Chart(
        plot=plot,
        bars=tuple(_bars(plot, height_of)),
        values=tuple(Label(_LEFT - 7, round(height_of(v), 2), short_amount(v, plot.unit)) for v in values),
        categories=tuple(_category_labels(plot)),
        left=_LEFT,
        right=WIDTH - _RIGHT,
        zero=round(height_of(Decimal(0)), 2),
        says=_summary(plot),
    )


def sparkline(values: Sequence[Decimal]) -> tuple[str, float, float]:
    """Lay out figures as a small line: return its points for SVG, and the place of the last one."""
    low, high = min(values), max(values)
    scale, rise = float(high - low) or 2.0, 0.0 if high > low else 1.0  # a constant line is drawn in the middle
    span = SPARK_HEIGHT - 2 * _SPARK_EDGE
    across = (SPARK_WIDTH - 2 * _SPARK_EDGE) / max(1, len(values) - 1)
    places = [
        (
            round(_SPARK_EDGE + at * across, 1),
            round(SPARK_HEIGHT - _SPARK_EDGE - (float(value - low) + rise) / scale * span, 1),
        )
        for at, value in enumerate(values)
    ]
    return " ".join(f"{x},{y}" for x, y in places), *places[-1]


def _extent(plot: Plot) -> tuple[Decimal, Decimal]:
    """Return the lowest and highest value that the axis must include; it always includes zero."""
    if plot.is_stacked:
        rows = list(zip(*(series.values for series in plot.series), strict=True))
        ends = [sum((v for v in row if (v > 0) == up), Decimal(0)) for row in rows for up in (True, False)]
    else:
        ends = [value for series in plot.series for value in series.values]
    return min([Decimal(0), *ends]), max([Decimal(0), *ends])


def _step(least: Decimal, *, is_whole: bool) -> Decimal:
    """Round the distance between ticks up to 1, 2 or 5 times a power of ten."""
    power = Decimal(1).scaleb(least.adjusted()) if least > 0 else Decimal(1)
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= least)
    return max(step, Decimal(1)) if is_whole else step


def _slot(plot: Plot) -> float:
    return (WIDTH - _LEFT - _RIGHT) / len(plot.categories)


def _bars(plot: Plot, height_of: Callable[[Decimal], float]) -> Iterator[Bar]:
    slot = _slot(plot)
    lanes = 1 if plot.is_stacked else len(plot.series)
    width = slot * (1 - _GAP) / lanes
    for index, category in enumerate(plot.categories):
        ends = {True: Decimal(0), False: Decimal(0)}  # where the stacks above and below zero end
        for lane, series in enumerate(plot.series):
            value = series.values[index]
            if value == 0:
                continue
            start = ends[value > 0] if plot.is_stacked else Decimal(0)
            ends[value > 0] = start + value
            top, foot = sorted((height_of(start + value), height_of(start)))
            left = _LEFT + index * slot + slot * _GAP / 2 + (0 if plot.is_stacked else lane * width)
            yield Bar(
                x=round(left, 2),
                y=round(top, 2),
                width=round(width, 2),
                height=round(max(foot - top, 0.75), 2),
                style=series.style,
                says=f"{category}, {series.name}: {amount(value, plot.unit)}",
            )


def _category_labels(plot: Plot) -> Iterator[Label]:
    """Place the labels of the categories, leaving some out if there is no room for all."""
    slot = _slot(plot)
    every = max(1, -int(-_LABEL_WIDTH // slot))
    for index in range(0, len(plot.categories), every):
        yield Label(round(_LEFT + (index + 0.5) * slot, 2), HEIGHT - 8, plot.categories[index])


def _summary(plot: Plot) -> str:
    first, last = plot.categories[0], plot.categories[-1]
    parts = [f"Bars from {first} to {last}."]
    for series in plot.series:
        largest = max(range(len(series.values)), key=lambda index: series.values[index])
        if series.values[largest] > 0:
            most = amount(series.values[largest], plot.unit)
            parts.append(f"{series.name}: most in {plot.categories[largest]}, {most}.")
    return " ".join(parts)
