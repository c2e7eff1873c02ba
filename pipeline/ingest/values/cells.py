"""What one cell is worth (lmn-format Values, source-schema Types, D6): no other module decides it.

A value arrives as the source gave it (text, a number, a date) and leaves as the Python value of its column's Arrow
type, or as null with the reason. Money never passes through a binary float: a float is read by its shortest decimal
spelling. `plain_values.py` has shortcuts for whole columns of plain spellings; what they give is defined here.
"""

from __future__ import annotations

import datetime as dt
import functools
import json
import math
import re
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal, InvalidOperation
from typing import Final

import pyarrow as pa

from pipeline.common.instants import FIRST_YEAR, LAST_YEAR
from pipeline.ingest.schema import ARROW_TYPES, Column, Kind

NULLED: Final = "cell nulled"
ROUNDED: Final = "cell rounded"

_TYPE_NAMES: Final = {
    Kind.ID: "a whole number",
    Kind.YEAR: "a whole number",
    Kind.MONEY: "an amount",
    Kind.RATE: "an amount",
    Kind.NUMBER: "a number",
    Kind.SCORE: "a number",
    Kind.BOOL: "a yes or no",
    Kind.DATE: "a date",
    Kind.TIMESTAMP: "a date and time",
}

TEXT_KINDS: Final = frozenset({Kind.KEY, Kind.TRIMMED, Kind.TEXT})
DECIMAL_SIZES: Final = {
    kind: (held.precision, held.scale) for kind, held in ARROW_TYPES.items() if pa.types.is_decimal(held)
}

FIRST_DAY: Final = dt.date(FIRST_YEAR, 1, 1)
LAST_DAY: Final = dt.date(LAST_YEAR, 12, 31)

SPREADSHEET_ERRORS: Final = frozenset(
    {"#DIV/0!", "#N/A", "#NAME?", "#NULL!", "#NUM!", "#REF!", "#VALUE!", "#SPILL!", "#CALC!", "#FIELD!", "#BLOCKED!"}
)
"""What a spreadsheet shows where it has no value; its CSV exports say the same. No text of a person."""

UNSTORED_FORMULA: Final = "#formula without a stored value"
"""What the workbook reader gives for a formula that was never calculated; it starts as errors do, so none is plain."""

_TRUE: Final = frozenset({"yes", "y", "true", "1", "x", "on", "checked"})
_FALSE: Final = frozenset({"no", "n", "false", "0", "", "off"})

_WHOLE: Final = re.compile(r"[+-]?[0-9]+(\.0*)?", re.ASCII)
_NUMBER: Final = re.compile(r"[0-9]+(\.[0-9]*)?|\.[0-9]+|[0-9]{1,3}(,[0-9]{3})+(\.[0-9]*)?", re.ASCII)
_SERIAL: Final = re.compile(r"[0-9]{1,7}(\.[0-9]*)?", re.ASCII)
_ISO: Final = re.compile(
    r"(?P<year>[0-9]{4})-(?P<month>[0-9]{2})-(?P<day>[0-9]{2})"
    r"(?:[T ](?P<hour>[0-9]{2}):(?P<minute>[0-9]{2})(?::(?P<second>[0-9]{2})(?:\.(?P<fraction>[0-9]+))?)?"
    r" ?(?P<offset>Z|[+-][0-9]{2}(?::?[0-9]{2}(?::?[0-9]{2})?)?)?)?",
    re.ASCII | re.IGNORECASE,
)
_AMERICAN: Final = re.compile(
    r"(?P<month>[0-9]{1,2})/(?P<day>[0-9]{1,2})/(?P<year>[0-9]{4}|[0-9]{2})"
    r"(?:,? +(?P<hour>[0-9]{1,2}):(?P<minute>[0-9]{2})(?::(?P<second>[0-9]{2})(?:\.(?P<fraction>[0-9]+))?)?"
    r" ?(?P<half>[AP]M)?)?",
    re.ASCII | re.IGNORECASE,
)

_EXACT: Final = Context(prec=60, rounding=ROUND_HALF_UP)
_EPOCH_1900: Final = dt.datetime(1899, 12, 30)
_EPOCH_1904: Final = dt.datetime(1904, 1, 1)
_MILLISECONDS_A_DAY: Final = 86_400_000


@dataclass(frozen=True, slots=True)
class Cell:
    """A typed value; where it is not what the source said, why (`reason`) and what was done (`action`)."""

    value: object
    reason: str | None = None
    action: str | None = None


NULL: Final = Cell(None)


def read_cell(column: Column, value: object, *, dates_from_1904: bool = False) -> Cell:
    """Type one value for its column. Never raises: what can't be typed is null, with a reason.

    `dates_from_1904` is for workbooks whose serial day numbers count from 1904-01-01.
    """
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return NULL
    if isinstance(value, (bytes, bytearray, memoryview)):
        try:
            value = bytes(value).decode("utf-8")
        except UnicodeDecodeError:
            return _nulled("not UTF-8 text")
    if isinstance(value, str):
        try:
            value.encode("utf-8")
        except UnicodeEncodeError:
            return _nulled("not UTF-8 text")
    if value == UNSTORED_FORMULA:
        return _nulled("a formula without a stored value: open the workbook in a spreadsheet and save it")
    if column.allowed:
        return _allowed(column, value)
    kind = column.kind
    if kind in TEXT_KINDS:
        return _text(kind, value)
    if kind is Kind.TAGS:
        return _tags(value)
    if kind is Kind.BOOL:
        return _bool(value)
    if isinstance(value, str):
        value = value.strip()
        if not value:
            return NULL
    if kind in DECIMAL_SIZES:
        return _decimal(kind, value)
    if kind in (Kind.ID, Kind.YEAR):
        return _whole(kind, value)
    epoch = _EPOCH_1904 if dates_from_1904 else _EPOCH_1900
    return _instant_of_text(kind, value, epoch) if isinstance(value, str) else _instant(kind, value, epoch)


def text_of(value: object) -> str:
    """The text of a value that did not arrive as text: whole numbers without a point, dates as ISO, true or false."""
    match value:
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case float():
            return str(int(value)) if value.is_integer() else repr(value)
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
    """What a refused value looked like, for the rejects."""
    if isinstance(value, (bytes, bytearray, memoryview)):
        return bytes(value).decode("utf-8", errors="backslashreplace")
    return text_of(value).encode("utf-8", errors="backslashreplace").decode("utf-8")


def _is_midnight(value: dt.datetime) -> bool:
    return value.time() == dt.time() and value.tzinfo is None


def _nulled(reason: str) -> Cell:
    return Cell(None, reason, NULLED)


def _not_a(kind: Kind) -> Cell:
    return _nulled(f"not {_TYPE_NAMES[kind]}")


def _allowed(column: Column, value: object) -> Cell:
    text = text_of(value).strip().lower()
    if not text:
        return NULL
    if text not in column.allowed:
        return _nulled(f"not one of {', '.join(column.allowed)}")
    return Cell(text)


def _text(kind: Kind, value: object) -> Cell:
    text = text_of(value)
    if kind is not Kind.TEXT:
        text = text.strip()
        if not text:
            return NULL
    if "\0" in text:
        return _nulled("text with a NUL character")
    if text in SPREADSHEET_ERRORS:
        return _nulled("a spreadsheet's error")
    return Cell(text)


def _bool(value: object) -> Cell:
    """An empty cell is null, as it is in a database; blank text is the `blank` of the spelling x/blank: false."""
    text = text_of(value).strip().lower()
    if text in _TRUE:
        return Cell(True)
    if text in _FALSE:
        return Cell(False)
    return _not_a(Kind.BOOL)


def _whole(kind: Kind, value: object) -> Cell:
    text = text_of(value)
    if isinstance(value, bool) or not _WHOLE.fullmatch(text) or len(text) > 40:
        return _not_a(kind)
    number = int(text.partition(".")[0])
    bits = 63 if kind is Kind.ID else 31
    if not -(2**bits) <= number < 2**bits:
        return _nulled(f"outside {bits + 1}-bit whole numbers")
    return Cell(number)


def _decimal(kind: Kind, value: object) -> Cell:
    number = _number(value)
    if number is None:
        return _not_a(kind)
    if kind is Kind.RATE and number < 0:
        return _nulled("less than 0")
    precision, scale = DECIMAL_SIZES[kind]
    if number.adjusted() > precision - scale:  # so that quantize stays within its precision
        return _nulled(f"too large for numeric({precision},{scale})")
    rounded = number.quantize(Decimal(1).scaleb(-scale), context=_EXACT)
    if rounded.adjusted() >= precision - scale and rounded:
        return _nulled(f"too large for numeric({precision},{scale})")
    if not rounded:
        rounded = abs(rounded)
    if rounded != number:
        return Cell(rounded, f"more than {scale} decimals, rounded half away from zero", ROUNDED)
    return Cell(rounded)


def _number(value: object) -> Decimal | None:
    """A finite number from a number or from text: $, commas, blanks, a minus on either side, ($1.00) or $(1.00)."""
    if isinstance(value, bool):
        return None
    if isinstance(value, (int, float, Decimal)):
        number = Decimal(repr(value)) if isinstance(value, float) else Decimal(value)
        return number if number.is_finite() else None
    if not isinstance(value, str) or len(value) > 100:
        return None
    text = "".join(value.split()).replace("−", "-")
    signs = 0
    if text.startswith("$("):
        text = text[1:]
    if text.startswith("(") and text.endswith(")"):
        signs, text = 1, text[1:-1]
    for _ in range(2):  # the minus stands before or after the dollar
        if text.startswith("-"):
            signs, text = signs + 1, text[1:]
        elif text.startswith("+"):
            text = text[1:]
        text = text.removeprefix("$")
    if text.endswith("-"):
        signs, text = signs + 1, text[:-1]
    text = text.removesuffix("$")
    if signs > 1:
        return None
    if not _NUMBER.fullmatch(text):
        return _scientific(text, signs)
    number = Decimal(text.replace(",", ""))
    return -number if signs else number


def _scientific(text: str, signs: int) -> Decimal | None:
    """What spreadsheets and databases write of very large and very small numbers: 1.5E-07."""
    if not re.fullmatch(r"[0-9]+(\.[0-9]*)?[eE][+-]?[0-9]{1,3}", text, re.ASCII):
        return None
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    return -number if signs else number


@functools.lru_cache(maxsize=16384)
def _instant_of_text(kind: Kind, text: str, epoch: dt.datetime) -> Cell:
    """As `_instant`: the same days come again in every block of a file."""
    return _instant(kind, text, epoch)


def _instant(kind: Kind, value: object, epoch: dt.datetime) -> Cell:
    if isinstance(value, bool):
        return _not_a(kind)
    try:
        moment = _moment(value, epoch)
    except (ValueError, OverflowError):  # no such day or hour, or beyond the years 1 to 9999
        return _nulled("no such date")
    if moment is None:
        return _not_a(kind)
    if kind is Kind.TIMESTAMP:
        return Cell(moment)
    day = moment.date()
    if not FIRST_DAY <= day <= LAST_DAY:
        return _nulled(f"outside {FIRST_DAY} to {LAST_DAY}")
    return Cell(day)


def _moment(value: object, epoch: dt.datetime) -> dt.datetime | None:
    """A UTC instant without zone; None if the value is nothing like a date, ValueError if there is no such date."""
    if isinstance(value, dt.datetime):
        return _utc(value)
    if isinstance(value, dt.date):
        return dt.datetime(value.year, value.month, value.day)
    if isinstance(value, (int, float, Decimal)):
        value = text_of(value)
    if not isinstance(value, str):
        return None
    if found := _ISO.fullmatch(value):
        return _utc(_iso(found))
    if found := _AMERICAN.fullmatch(value):
        return _american(found)
    if _SERIAL.fullmatch(value):
        return _serial(Decimal(value), epoch)
    return None


def _utc(moment: dt.datetime) -> dt.datetime:
    if moment.tzinfo is None:
        return moment
    return moment.astimezone(dt.UTC).replace(tzinfo=None)


def _micros(fraction: str | None) -> int:
    """Digits behind the second, cut to microseconds."""
    return int((fraction or "0")[:6].ljust(6, "0"))


def _iso(found: re.Match[str]) -> dt.datetime:
    part = found.groupdict()
    zone = None
    if part["offset"]:
        zone = _zone(part["offset"])
    return dt.datetime(
        int(part["year"]),
        int(part["month"]),
        int(part["day"]),
        int(part["hour"] or 0),
        int(part["minute"] or 0),
        int(part["second"] or 0),
        _micros(part["fraction"]),
        zone,
    )


def _zone(offset: str) -> dt.timezone:
    if offset in "Zz":
        return dt.UTC
    digits = offset[1:].replace(":", "").ljust(6, "0")
    hours, minutes, seconds = int(digits[:2]), int(digits[2:4]), int(digits[4:])
    if minutes > 59 or seconds > 59:
        raise ValueError(offset)
    span = dt.timedelta(hours=hours, minutes=minutes, seconds=seconds)
    return dt.timezone(-span if offset[0] == "-" else span)


def _american(found: re.Match[str]) -> dt.datetime:
    part = found.groupdict()
    year = int(part["year"]) + (2000 if len(part["year"]) == 2 else 0)
    hour = int(part["hour"] or 0)
    if part["half"]:
        if not 1 <= hour <= 12:
            raise ValueError(part["hour"])
        hour = hour % 12 + (12 if part["half"].upper() == "PM" else 0)
    return dt.datetime(
        year,
        int(part["month"]),
        int(part["day"]),
        hour,
        int(part["minute"] or 0),
        int(part["second"] or 0),
        _micros(part["fraction"]),
    )


def _serial(days: Decimal, epoch: dt.datetime) -> dt.datetime | None:
    """A spreadsheet's day number. Only 2000 to 2100: smaller and larger numbers are not dates but mistakes."""
    whole = int(days)
    # a double holds a day number to about a microsecond; whole milliseconds are what the sheet meant, of this day
    milliseconds = int(((days - whole) * _MILLISECONDS_A_DAY).to_integral_value(ROUND_HALF_UP))
    moment = epoch + dt.timedelta(days=whole, milliseconds=min(milliseconds, _MILLISECONDS_A_DAY - 1))
    return moment if FIRST_DAY <= moment.date() <= LAST_DAY else None


def _tags(value: object) -> Cell:
    """A list of texts as compact JSON. Blanks around a tag go, and so do empty tags."""
    if isinstance(value, (list, tuple)):
        items: list[object] = list(value)
    else:
        text = text_of(value).strip()
        if not text:
            return NULL
        found = _json_list(text)
        if found is None:
            found = _postgres_array(text)
        items = list(text.split(",")) if found is None else found
    if any(isinstance(item, (list, tuple, dict)) for item in items):
        return _nulled("not a plain list of tags")
    tags = [tag for item in items if item is not None and (tag := text_of(item).strip())]
    try:
        joined = json.dumps(tags, ensure_ascii=False, separators=(",", ":"))
        joined.encode("utf-8")
    except UnicodeEncodeError:
        return _nulled("not UTF-8 text")
    if any("\0" in tag for tag in tags):
        return _nulled("text with a NUL character")
    return Cell(joined)


def _json_list(text: str) -> list[object] | None:
    if not text.startswith("["):
        return None
    try:
        items = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return items if isinstance(items, list) else None


_ARRAY_ITEM: Final = re.compile(r'\s*(?:"((?:[^"\\]|\\.)*)"|([^",{}]*))\s*(,|$)', re.DOTALL)


def _postgres_array(text: str) -> list[object] | None:
    """The items of `{a,"b c",NULL}`; None if the text is no one-dimensional array."""
    if not (text.startswith("{") and text.endswith("}")):
        return None
    inner = text[1:-1]
    items: list[object] = []
    position = 0
    while inner.strip():
        found = _ARRAY_ITEM.match(inner, position)
        if found is None:
            return None
        quoted, bare, comma = found.groups()
        if quoted is not None:
            items.append(re.sub(r"\\(.)", r"\1", quoted, flags=re.DOTALL))
        elif bare.strip().upper() != "NULL":
            items.append(bare)
        position = found.end()
        if not comma:
            break
    return items
