"""Parses whole numbers and amounts, from numbers or text. Money is never converted to a binary float."""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Final

import pyarrow as pa

from pipeline.ingest.schema import ARROW_TYPES, Kind
from pipeline.ingest.values.spellings import (
    AMOUNTS,
    CURRENCY,
    DECIMAL_COMMAS,
    EITHER_MARK,
    NUMBERS,
    PERCENT,
    ROUNDED_NUMBER,
    WHOLE,
    ZERO,
)
from pipeline.ingest.values.typed_cell import ROUNDED, Cell, not_a, nulled

DECIMAL_SIZES: Final = {
    kind: (held.precision, held.scale) for kind, held in ARROW_TYPES.items() if pa.types.is_decimal(held)
}
LARGEST_EXACT_FLOAT: Final = 2**53
"""From this value on, floats can't represent every whole number, so an id may have become another one."""
DIGITS_LOST: Final = "a rounded number whose last digits are lost: export the column as text"

_LONGEST: Final = 100
_EXACT: Final = Context(prec=60, rounding=ROUND_HALF_UP)
_WHOLE: Final = re.compile(WHOLE.pattern, re.ASCII)
_ROUNDED: Final = re.compile(ROUNDED_NUMBER.pattern, re.ASCII | re.IGNORECASE)
_ZERO: Final = re.compile(ZERO.pattern, re.ASCII | re.IGNORECASE)
_PERCENT: Final = re.compile(PERCENT.pattern, re.ASCII)
_NUMBER: Final = "(?P<number>" + "|".join(spelling.pattern for spelling in NUMBERS) + ")"
_AMOUNTS: Final = [
    re.compile(spelling.pattern.replace("{currency}", CURRENCY).replace("{number}", _NUMBER), re.ASCII | re.IGNORECASE)
    for spelling in AMOUNTS
]
_BESIDE: Final = r"[^0-9.,]*"
"""Signs and currencies before or after an amount."""
_DECIMAL_COMMA: Final = re.compile(
    f"{_BESIDE}(?:{'|'.join(spelling.pattern for spelling in DECIMAL_COMMAS)}){_BESIDE}", re.ASCII
)
EITHER_AMOUNT: Final = f"^{_BESIDE}{EITHER_MARK.pattern}{_BESIDE}$"
"""Also for Arrow: an amount whose mark may separate decimals or thousands."""
_EITHER: Final = re.compile(EITHER_AMOUNT, re.ASCII)
_GROUPING: Final = str.maketrans(dict.fromkeys(", '’"))


def whole(kind: Kind, value: object) -> Cell:
    """Type a whole number from a number, or from a text as it is seen."""
    if isinstance(value, bool):
        return not_a(kind)
    if isinstance(value, float):
        if abs(value) >= LARGEST_EXACT_FLOAT:
            return nulled(DIGITS_LOST)
        value = repr(value)
    elif isinstance(value, Decimal):
        value = format(value, "f")
    text = str(value)
    if _ROUNDED.fullmatch(text):
        return nulled(DIGITS_LOST)
    if not _WHOLE.fullmatch(text) or len(text) > _LONGEST:
        return not_a(kind)
    number = int(whole_digits(text))
    bits = 63 if kind is Kind.ID else 31
    if not -(2**bits) <= number < 2**bits:
        return nulled(f"outside {bits + 1}-bit whole numbers")
    return Cell(number)


def whole_digits(text: str) -> str:
    """Return the digits of a whole number without its decimals, which are zeros: 7100001 for 7100001.0."""
    return text.replace(",", ".").partition(".")[0]


def has_decimal_comma(text: str) -> bool:
    """Return whether an amount, as it is seen, certainly has a comma before its decimals: 1.234,50."""
    return _DECIMAL_COMMA.fullmatch(text) is not None


def amount(kind: Kind, value: object, *, points_are_ambiguous: bool = False) -> Cell:
    """Type a number with decimals. It is rounded half away from zero to the column's scale, and rounding is reported.

    `points_are_ambiguous` says that 12.000 is ambiguous: other amounts are like 1.234,50, or none has decimals.
    """
    if points_are_ambiguous and isinstance(value, str) and _EITHER.fullmatch(value):
        return nulled("thousands or decimals: other amounts have decimal commas, or none has decimals")
    number = _number(value, may_be_percent=kind in (Kind.SCORE, Kind.NUMBER))
    if number is None:
        return not_a(kind)
    if kind is Kind.RATE and number < 0:
        return nulled("less than 0")
    precision, scale = DECIMAL_SIZES[kind]
    if number.adjusted() > precision - scale:  # quantize would exceed its precision
        return nulled(f"too large for numeric({precision},{scale})")
    rounded = number.quantize(Decimal(1).scaleb(-scale), context=_EXACT)
    if rounded.adjusted() >= precision - scale and rounded:
        return nulled(f"too large for numeric({precision},{scale})")
    if not rounded:
        rounded = abs(rounded)
    if rounded != number:
        return Cell(rounded, f"more than {scale} decimals, rounded half away from zero", ROUNDED)
    return Cell(rounded)


def _number(value: object, *, may_be_percent: bool) -> Decimal | None:
    """Return a finite number (35 for `35 %`), or None if the value is not a number."""
    if isinstance(value, bool):
        return None
    if isinstance(value, (int, float, Decimal)):
        number = Decimal(repr(value)) if isinstance(value, float) else Decimal(value)
        return number if number.is_finite() else None
    if not isinstance(value, str) or len(value) > _LONGEST:
        return None
    if _ZERO.fullmatch(value):
        return Decimal(0)
    for pattern in (*_AMOUNTS, _PERCENT) if may_be_percent else _AMOUNTS:
        if found := pattern.fullmatch(value):
            number = Decimal(found["number"].translate(_GROUPING))
            return -number if found["sign"] in ("-", "(") else number
    return None
