"""Reads one cell (lmn-format Values, source-schema Types, D6).

A value arrives as it is in the source (text, a number, a date) and becomes the Python value of its column's Arrow
type, or null with the reason. `spellings.py` lists the spellings that are read; numbers, dates and tags have separate
modules. `plain_columns.py` has shortcuts for whole columns of plain values, which must give the same results.
"""

from __future__ import annotations

import datetime as dt
import json
import math
import re
from decimal import Decimal
from typing import Final

from pipeline.ingest.schema import Column, Kind
from pipeline.ingest.values.dates import DayOrder, date_or_instant
from pipeline.ingest.values.numbers import DECIMAL_SIZES, DIGITS_LOST, LARGEST_EXACT_FLOAT, amount, whole, whole_digits
from pipeline.ingest.values.spellings import (
    CODE_AS_NUMBER,
    FALSE,
    GROUPED_NUMBERS,
    NULL_WORDS,
    NULLS,
    ROUNDED_NUMBER,
    SPREADSHEET_ERRORS,
    TOO_NARROW,
    TRUE,
    WHOLE,
)
from pipeline.ingest.values.tags import tags
from pipeline.ingest.values.typed_cell import NULL, Cell, not_a, nulled
from pipeline.ingest.values.white_space import as_seen, in_ascii, trimmed, without_armour, without_unseen

TEXT_KINDS: Final = frozenset({Kind.KEY, Kind.TRIMMED, Kind.TEXT, Kind.CODE})

UNSTORED_FORMULA: Final = "#formula without a stored value"
"""The text of a formula that was never calculated. It starts with # like errors, so it never counts as plain."""

_WHOLE: Final = re.compile(WHOLE.pattern, re.ASCII)
_ROUNDED: Final = re.compile(ROUNDED_NUMBER.pattern, re.ASCII | re.IGNORECASE)
_CODE_AS_NUMBER: Final = re.compile(CODE_AS_NUMBER.pattern, re.ASCII)
_GROUPED: Final = [re.compile(spelling.pattern, re.ASCII) for spelling in GROUPED_NUMBERS]
_TOO_NARROW: Final = re.compile(TOO_NARROW.pattern)
_HALVES: Final = {"1.0": "1", "-1.0": "-1", "0.0": "0", "-0.0": "0"}
"""Booleans that tools converted to floats because of empty cells, in some tools with a comma."""


def read_cell(
    column: Column,
    value: object,
    *,
    dates_from_1904: bool = False,
    day_order: DayOrder = DayOrder.MONTH_FIRST,
    points_are_ambiguous: bool = False,
) -> Cell:
    """Type one value for its column. This never raises: a value that can't be typed becomes null, with a reason.

    `dates_from_1904` says that serial day numbers count from 1904-01-01, `day_order` how to read 3/5/2024 (D41), and
    `points_are_ambiguous` that 12.000 may mean 12 thousand in this column (`DecimalCommas`).
    """
    if _is_nothing(value):
        return NULL
    if isinstance(value, (bytes, bytearray, memoryview)):
        try:
            value = bytes(value).decode("utf-8")
        except UnicodeDecodeError:
            return nulled("not UTF-8 text")
    if isinstance(value, str):
        try:
            value.encode("utf-8")
        except UnicodeEncodeError:
            return nulled("not UTF-8 text")
        value = without_armour(value)
    if value == UNSTORED_FORMULA:
        return nulled("a formula without a stored value: open the workbook in a spreadsheet and save it")
    if column.allowed:
        return _allowed(column, value)
    if column.kind is Kind.KEY:
        return _key(value)
    if column.kind in TEXT_KINDS:
        return _text(column, value)
    if column.kind is Kind.TAGS:
        return (_fault_of_text(trimmed(value)) if isinstance(value, str) else None) or tags(value, text_of)
    if column.kind in DECIMAL_SIZES:
        return _amount(column.kind, value, points_are_ambiguous)
    return _plain_value(column.kind, value, dates_from_1904, day_order)


def seen_value(text: str) -> str:
    """Return the text of an amount or a date as it is seen, with digits of any script converted to ASCII."""
    return in_ascii(as_seen(_bare(text)))


def text_of(value: object) -> str:
    """Return the text of a value of any type: whole numbers without a point, dates as ISO, true or false."""
    match value:
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case float():
            is_exact = value.is_integer() and abs(value) < LARGEST_EXACT_FLOAT
            return str(int(value)) if is_exact else repr(value)
        case Decimal():
            if value.is_finite() and value == value.to_integral_value():
                return str(int(value))
            return format(value, "f")
        case dt.datetime():
            return value.date().isoformat() if _is_midnight(value) else value.isoformat(" ")
        case dt.date() | dt.time():
            return value.isoformat()
        case list() | tuple() | dict():
            return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=text_of)
        case _:
            return str(value)


def shown(value: object) -> str:
    """Return the text of a rejected value, for the rejects."""
    if isinstance(value, (bytes, bytearray, memoryview)):
        return bytes(value).decode("utf-8", errors="backslashreplace")
    return text_of(value).encode("utf-8", errors="backslashreplace").decode("utf-8")


def _is_nothing(value: object) -> bool:
    """Return whether a value is null or NaN, which data frames use for null."""
    if isinstance(value, float):
        return math.isnan(value)
    return value is None or (isinstance(value, Decimal) and value.is_nan())


def _is_midnight(value: dt.datetime) -> bool:
    return value.time() == dt.time() and value.tzinfo is None


def _allowed(column: Column, value: object) -> Cell:
    text = as_seen(text_of(value)).lower()
    if not text or text in NULL_WORDS:
        return NULL
    if text not in column.allowed:
        return nulled(f"not one of {', '.join(column.allowed)}")
    return Cell(text)


def _text(column: Column, value: object) -> Cell:
    """Return a text, trimmed if its kind requires it. If a text is required, one of blanks only counts as null."""
    if column.kind is Kind.CODE:
        return _code(value)
    text = text_of(value)
    if column.kind is Kind.TRIMMED:
        text = trimmed(without_armour(trimmed(text)))
        if not text:
            return NULL
    if text in NULLS or (column.required and not trimmed(text)):
        return NULL
    return _fault_of_text(text) or Cell(text)


def _code(value: object) -> Cell:
    """Return a postal code or telephone number. Tools that read it as a number add `.0`, and `nan` for empty cells."""
    text = _bare(text_of(value))
    if not text or text.lower() in NULL_WORDS:
        return NULL
    if _ROUNDED.fullmatch(text):
        return nulled(DIGITS_LOST)
    return _fault_of_text(text) or Cell(whole_digits(text) if _CODE_AS_NUMBER.fullmatch(text) else text)


def _key(value: object) -> Cell:
    """Return an id in its one spelling, whichever tool wrote it."""
    if isinstance(value, float) and abs(value) >= LARGEST_EXACT_FLOAT:
        return nulled(DIGITS_LOST)
    text = _bare(text_of(value))
    if not text or text.lower() in NULL_WORDS:
        return NULL
    if fault := _fault_of_text(text):
        return fault
    if text.startswith("="):
        return nulled("a formula, not an id")
    if _ROUNDED.fullmatch(text):
        return nulled(DIGITS_LOST)
    if text[0].isdigit() and any(pattern.fullmatch(text) for pattern in _GROUPED):
        return nulled("a number with marks between its thousands, not an id")
    return Cell(whole_digits(text) if ("." in text or "," in text) and _WHOLE.fullmatch(text) else text)


def _bare(text: str) -> str:
    """Return a text without invisible characters, surrounding blanks, and spreadsheets' marks for text (`="0815"`)."""
    return without_unseen(without_armour(without_unseen(text)).removeprefix("'"))


def _fault_of_text(text: str) -> Cell | None:
    if "\0" in text:
        return nulled("text with a NUL character")
    if text in SPREADSHEET_ERRORS:
        return nulled("a spreadsheet error")
    if text.startswith("#") and _TOO_NARROW.fullmatch(text):
        return nulled("what a spreadsheet shows if a column is too narrow")
    return None


def _amount(kind: Kind, value: object, points_are_ambiguous: bool) -> Cell:
    if isinstance(value, str):
        value = seen_value(value)
        if not value or value.lower() in NULL_WORDS:
            return NULL
    return amount(kind, value, points_are_ambiguous=points_are_ambiguous)


def _plain_value(kind: Kind, value: object, dates_from_1904: bool, day_order: DayOrder) -> Cell:
    """Return a boolean, a whole number, a date or a timestamp."""
    if isinstance(value, str):
        value = seen_value(value) if kind in (Kind.DATE, Kind.TIMESTAMP) else as_seen(_bare(value))
        if value.lower() in NULL_WORDS or (not value and kind is not Kind.BOOL):
            return NULL
    if kind is Kind.BOOL:
        return _bool(value)
    if kind in (Kind.ID, Kind.YEAR):
        return whole(kind, value)
    return date_or_instant(kind, value, dates_from_1904=dates_from_1904, order=day_order)


def _bool(value: object) -> Cell:
    text = text_of(value).lower()
    text = _HALVES.get(text.replace(",", "."), text)
    if text in TRUE:
        return Cell(True)
    if text in FALSE:
        return Cell(False)
    return not_a(Kind.BOOL)
