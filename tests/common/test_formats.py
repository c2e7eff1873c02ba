"""How the report writes numbers, shares, changes and instants."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from pipeline.common import formats as words


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (1234567, "1,234,567"),
        (-3, "−3"),
        (Decimal("12.500000"), "12.5"),
        (Decimal("1000.000000"), "1,000"),
        (Decimal("0.000000"), "0"),
        (Decimal("-0.25"), "−0.25"),
        (Decimal("1E+3"), "1,000"),
    ],
)
def test_numbers(value: int | Decimal, text: str) -> None:
    assert words.number(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (3, "3"),
        (Decimal("1332010.500000"), "1,332,010.50"),
        (Decimal("-0.5"), "−0.50"),
        (Decimal("1332010.00"), "1,332,010"),
        (Decimal("0.519380"), "0.51938"),
    ],
)
def test_money_has_both_its_decimals_or_none(value: int | Decimal, text: str) -> None:
    assert words.figure(value) == text


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (None, "–"),
        (Decimal(0), "0 %"),
        (Decimal(1), "100 %"),
        (Decimal(1) / 3, "33.3 %"),
        (Decimal("0.0005"), "0.1 %"),
        (Decimal("0.0004"), "< 0.1 %"),
        (Decimal(1) / 10**9, "< 0.1 %"),
        (1 - Decimal(1) / 10**9, "> 99.9 %"),
        (Decimal("0.5"), "50 %"),
    ],
)
def test_a_share_is_never_rounded_to_none_or_all(share: Decimal | None, text: str) -> None:
    assert words.percent(share) == text


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (None, "–"),
        (Decimal(0), "0"),
        (Decimal("0.125"), "+12.5"),
        (Decimal("-0.5"), "−50"),
        (Decimal("0.0001"), "< 0.1"),
        (Decimal("-0.0001"), "> −0.1"),
    ],
)
def test_changes_in_points(change: Decimal | None, text: str) -> None:
    assert words.points(change) == text


@pytest.mark.parametrize(("value", "text"), [(None, "–"), (0, "0"), (5, "+5"), (-1200, "−1,200")])
def test_changes_of_counts(value: int | None, text: str) -> None:
    assert words.change(value) == text


@pytest.mark.parametrize(
    ("value", "unit", "long", "short"),
    [
        (Decimal("1234567.8"), "US dollars", "$1,234,567.80", "$1.2345678M"),
        (Decimal("-2500"), "US dollars", "−$2,500.00", "−$2.5k"),
        (Decimal(0), "US dollars", "$0.00", "$0"),
        (Decimal(1), "accounts", "1 account", "1"),
        (Decimal(20000), "accounts", "20,000 accounts", "20k"),
        (Decimal(3 * 10**9), "US dollars", "$3,000,000,000.00", "$3B"),
    ],
)
def test_plotted_values(value: Decimal, unit: str, long: str, short: str) -> None:
    assert words.amount(value, unit) == long
    assert words.short_amount(value, unit) == short


AS_OF = datetime(2025, 1, 15, tzinfo=UTC)


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (None, "no dated row"),
        (datetime(2025, 1, 15), "less than a day"),
        (datetime(2025, 1, 14, 0, 0, 1), "less than a day"),
        (datetime(2025, 1, 14), "1 day before"),
        (datetime(2024, 1, 15, tzinfo=UTC), "366 days before"),
    ],
)
def test_ages_are_whole_days(moment: datetime | None, text: str) -> None:
    assert words.age(moment, AS_OF) == text


def test_instants_are_in_utc() -> None:
    assert words.instant(AS_OF) == "15 January 2025, 00:00 UTC"
    assert words.machine_instant(datetime(2025, 1, 15, 1, 2, 3)) == "2025-01-15T01:02:03Z"


@pytest.mark.parametrize(
    ("count", "text"), [(1, "1 byte"), (999, "999 bytes"), (1500, "1.5 kB"), (2_000_000, "2.0 MB")]
)
def test_sizes(count: int, text: str) -> None:
    assert words.size(count) == text
