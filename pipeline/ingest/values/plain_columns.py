"""Fast paths for whole columns: Arrow converts plain values, which no cell rule changes, all at once.

`plain_values` converts the values that are certainly plain and leaves the rest null; `cells.py` then reads these one by
one. Every value that is converted here must equal the result of `cells.read_cell`; a test compares the two.
"""

from __future__ import annotations

import string
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.ingest.schema import Column, Kind
from pipeline.ingest.values.cells import TEXT_KINDS
from pipeline.ingest.values.column_bytes import are_bare, begin_with, bytes_of, first_bytes, has_byte
from pipeline.ingest.values.dates import FIRST_DAY, LAST_DAY
from pipeline.ingest.values.numbers import DECIMAL_SIZES, LARGEST_EXACT_FLOAT
from pipeline.ingest.values.spellings import NULLS

_DAY: Final = (
    r"(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)"
    r"|02-(?:0[1-9]|1[0-9]|2[0-8]))"
)
"""A month and a day that exist in every year."""
_CLOCK: Final = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]{1,6})?"
_UTC: Final = r"(?:Z|\+00(?::?00)?)"
_ZONE: Final = r"(?:Z|[+-](?:0[0-9]|1[0-4])(?::?[0-5][0-9])?)"

PLAIN_KEY: Final = (
    r"(?:[A-MO-TV-Za-mo-tv-z](?:[ -~]*[!-~])?"  # what begins with n may be nan, none, null
    r"|[Uu](?:[!-MO-mo-~](?:[ -~]*[!-~])?)?"  # undefined
    r"|[Nn][0-9B-NP-TV-Zb-np-tv-z_-](?:[ -~]*[!-~])?"
    r"|[0-9][0-9A-Za-z_-]*)"  # no 7100001.0, 1.23E+12 or 7,100,001
)
"""A key that needs no conversion, whichever tool wrote it."""

_BEGINS_KEY: Final = np.isin(np.arange(256), list(set((string.ascii_letters + string.digits).encode()) - set(b"NnUu")))
"""For each byte, whether a bare key that begins with it is plain."""

_BEGINS_ODD_TEXT: Final = frozenset({b"#", b"="} | {null[:1].encode() for null in NULLS})

_PLAIN_TEXT: Final = {
    Kind.ID: r"^-?[0-9]{1,18}$",
    Kind.YEAR: r"^-?[0-9]{1,9}$",
    # databases add zeros up to their scale: 1234.5000
    Kind.MONEY: r"^-?[0-9]{1,10}(?:\.[0-9]{1,2}0{0,16})?$",
    Kind.RATE: r"^[0-9]{1,10}(?:\.[0-9]{1,2}0{0,16})?$",
    Kind.NUMBER: r"^-?[0-9]{1,14}(?:\.[0-9]{1,4}0{0,14})?$",
    Kind.SCORE: r"^-?[0-9]{1,5}(?:\.[0-9]{1,2}0{0,16})?$",
    Kind.DATE: rf"^20[0-9]{{2}}-{_DAY}(?:[T ]{_CLOCK}{_UTC}?)?$",
    Kind.TIMESTAMP: rf"^[12][0-9]{{3}}-{_DAY}(?:[T ]{_CLOCK}{_ZONE}?)?$",
    Kind.KEY: f"^{PLAIN_KEY}$",
    Kind.CODE: r"^(?:\(?[0-9]|[A-MO-TV-Z])(?:[0-9A-Za-z ()-]*[0-9A-Za-z)])?$",
    Kind.TRIMMED: r"^(?:[!-\"$-<>-MO-\[\]-~](?:[ -~]*[!-~])?|N(?:[ -TV-~]*[!-TV-~])?)$",
}
"""Patterns of plain values. Texts that begin with #, =, \\ or N may be an error, a formula or a spelling of null."""

PLAIN_REQUIRED_TEXT: Final = r"^[!-~]"
"""A required text must not be blank; one that begins with a visible character is not."""

_YEAR_1: Final = -62_135_596_800_000_000
_YEAR_10000: Final = 253_402_300_800_000_000
"""The beginning of the years 1 and 10000, in microseconds from 1970."""


def plain_values(column: Column, raw: pa.Array) -> pa.Array | None:
    """Return a column in its landing type, with null for values that are not plain; None if there is no fast path."""
    if column.allowed or column.kind is Kind.TAGS:
        return None
    try:
        if pa.types.is_binary(raw.type):
            raw = raw.cast(pa.string())
        if pa.types.is_string(raw.type):
            return _from_text(column, raw)
        if pa.types.is_integer(raw.type):
            return _from_integers(column, raw)
        if pa.types.is_floating(raw.type):
            return _from_floats(column.kind, raw)
        if pa.types.is_decimal(raw.type):
            return _from_decimals(column.kind, raw)
        if pa.types.is_boolean(raw.type):
            return raw if column.kind is Kind.BOOL else None
        if pa.types.is_date(raw.type) or pa.types.is_timestamp(raw.type):
            return _from_instants(column.kind, raw)
    except pa.ArrowInvalid:  # a value does not fit; the cell rules report which one
        return None
    return None


def _from_text(column: Column, raw: pa.Array) -> pa.Array | None:
    kind = column.kind
    if kind is Kind.TEXT:
        odd = _is_odd_text(raw)
        if column.required:
            odd = pc.or_(odd, pc.invert(pc.match_substring_regex(raw, PLAIN_REQUIRED_TEXT)))
        return pc.if_else(odd, pa.scalar(None, pa.string()), raw) if pc.any(odd).as_py() else raw
    pattern = _PLAIN_TEXT.get(kind)
    if pattern is None:
        return None
    if kind in DECIMAL_SIZES and kind is not Kind.RATE and (amounts := _bare_amounts(kind, raw)) is not None:
        return amounts
    if kind is Kind.KEY and _are_bare_keys(raw):
        return raw
    is_plain = pc.match_substring_regex(raw, pattern)
    if not pc.all(is_plain).as_py():
        raw = pc.if_else(is_plain, raw, pa.scalar(None, pa.string()))
    if kind in TEXT_KINDS:
        return raw
    if kind is Kind.ID:
        return raw.cast(pa.int64())
    if kind is Kind.YEAR:
        return raw.cast(pa.int32())
    if kind is Kind.DATE:
        return pc.utf8_slice_codeunits(raw, 0, 10).cast(pa.date32())
    if kind is Kind.TIMESTAMP:
        is_zoned = pc.match_substring_regex(raw, f":[0-9]{{2}}(?:\\.[0-9]+)?{_ZONE}$")
        if not pc.any(is_zoned).as_py():
            return raw.cast(pa.timestamp("us"))
        nothing = pa.scalar(None, pa.string())
        zoned = pc.if_else(is_zoned, raw, nothing).cast(pa.timestamp("us", tz="UTC")).cast(pa.timestamp("us"))
        return pc.coalesce(zoned, pc.if_else(is_zoned, nothing, raw).cast(pa.timestamp("us")))
    return raw.cast(pa.decimal128(*DECIMAL_SIZES[kind]))


def _bare_amounts(kind: Kind, raw: pa.Array) -> pa.Array | None:
    """Convert amounts if all cells only have digits, points and minus signs, and Arrow can read them; otherwise None.

    Arrow and the cell rules read such cells in the same way. Checking the bytes of a column takes a thirtieth of the
    time of a regular expression: 300,000 of LMN's estimates, with 20 amounts each, are typed in 1.25 s of CPU instead
    of 1.5 (2026-11-29).
    """
    found = bytes_of(raw)
    if not ((found >= ord("-")) & (found <= ord("9")) & (found != ord("/"))).all():
        return None
    try:
        return raw.cast(pa.decimal128(*DECIMAL_SIZES[kind]))
    except pa.ArrowInvalid:  # a value does not fit or is not an amount
        return None


def _are_bare_keys(raw: pa.Array) -> bool:
    """Return whether all keys are plain and consist of letters, digits, - and _.

    A million keys take 0.04 s of CPU like this, and 0.11 with the regular expression (2026-11-29).
    """
    first = first_bytes(raw)
    return first is not None and bool(_BEGINS_KEY[first].all()) and are_bare(raw)


def _is_odd_text(raw: pa.Array) -> pa.Array:
    """Return for each text whether it may be an error, a formula or a spelling of null, or has a NUL character.

    Only texts that begin like one of these are compared: 500,000 addresses take 2 ms of CPU instead of 10 (2026-11-30).
    """
    may_be_odd = begin_with(raw, _BEGINS_ODD_TEXT)
    if has_byte(raw, b"\0"):
        may_be_odd[:] = True
    is_odd = np.zeros(len(raw), dtype=bool)
    if may_be_odd.any():
        is_odd[may_be_odd] = pc.fill_null(_compare_with_odd_texts(raw.filter(pa.array(may_be_odd))), False)
    return pa.array(is_odd)


def _compare_with_odd_texts(raw: pa.Array) -> pa.Array:
    odd = pc.or_(pc.match_substring(raw, "\0"), pc.or_(pc.starts_with(raw, "#"), pc.starts_with(raw, "=")))
    for null in NULLS:
        odd = pc.or_(odd, pc.equal(raw, null))
    return odd


def _from_integers(column: Column, raw: pa.Array) -> pa.Array | None:
    if column.kind in (Kind.ID, Kind.YEAR):
        return raw.cast(column.arrow_type)
    if column.kind in TEXT_KINDS:
        return raw.cast(pa.string())
    if column.kind in DECIMAL_SIZES:
        return _from_decimals(column.kind, raw.cast(pa.int64()).cast(pa.decimal128(19, 0)))
    return None


def _from_decimals(kind: Kind, raw: pa.Array) -> pa.Array | None:
    """Convert decimals, which may have more digits than needed (1234.5000). Raises ArrowInvalid if one is too large."""
    if kind not in DECIMAL_SIZES:
        return None
    precision, scale = DECIMAL_SIZES[kind]
    if raw.type.scale > scale:
        is_exact = pc.equal(pc.round(raw, ndigits=scale), raw)
        raw = pc.if_else(is_exact, raw, pa.scalar(None, raw.type))
    if kind is Kind.RATE:
        raw = pc.if_else(pc.greater_equal(raw, pa.scalar(0, raw.type)), raw, pa.scalar(None, raw.type))
    return raw.cast(pa.decimal128(precision, scale))


def _from_floats(kind: Kind, raw: pa.Array) -> pa.Array | None:
    """Convert floats to amounts, or to ids, which data frames with empty cells turn into floats."""
    raw = raw.cast(pa.float64())
    if kind in DECIMAL_SIZES:
        return _amounts_of_floats(kind, raw)
    if kind is not Kind.ID and kind not in TEXT_KINDS:
        return None
    is_whole = pc.and_(pc.equal(pc.floor(raw), raw), pc.less(pc.abs(raw), LARGEST_EXACT_FLOAT))
    numbers = pc.if_else(is_whole, raw, pa.scalar(None, pa.float64())).cast(pa.int64())
    return numbers if kind is Kind.ID else numbers.cast(pa.string())


def _amounts_of_floats(kind: Kind, raw: pa.Array) -> pa.Array:
    """Convert floats whose shortest text has no more decimals than the amount may have: 12.34 becomes 1234 cents.

    The number of cents is only a guess, and is used only if the float is the nearest one to that many cents. IEEE
    division rounds to the nearest float, and no two decimals of up to 15 digits have the same float, so the result
    equals that of `repr`. Typing 500,000 estimates with two such columns takes 0.7 s of CPU; cell by cell, it took
    4.9 s (2026-11-28).
    """
    precision, scale = DECIMAL_SIZES[kind]
    unit = 10.0**scale
    floats = pc.fill_null(raw, np.nan).to_numpy(zero_copy_only=False)
    with np.errstate(all="ignore"):
        units = np.rint(floats * unit)
        is_exact = (np.abs(units) < 10.0 ** min(precision, 15)) & (units / unit == floats)
    if kind is Kind.RATE:
        is_exact &= units >= 0
    whole = pa.array(np.where(is_exact, units, 0).astype(np.int64), mask=~is_exact).cast(pa.decimal128(19, 0))
    return pa.Array.from_buffers(pa.decimal128(precision, scale), len(whole), whole.buffers())


def _from_instants(kind: Kind, raw: pa.Array) -> pa.Array | None:
    if kind not in (Kind.DATE, Kind.TIMESTAMP):
        return None
    if kind is Kind.DATE and pa.types.is_date32(raw.type):
        return _near_days(raw)
    if pa.types.is_date(raw.type):
        raw = raw.cast(pa.timestamp("s" if pa.types.is_date32(raw.type) else "ms"))
    instants = to_utc_micros(raw)
    ticks = instants.cast(pa.int64())
    is_real = pc.and_(pc.greater_equal(ticks, _YEAR_1), pc.less(ticks, _YEAR_10000))
    instants = pc.if_else(is_real, instants, pa.scalar(None, pa.timestamp("us")))
    if kind is Kind.TIMESTAMP:
        return instants
    return _near_days(pc.floor_temporal(instants, unit="day").cast(pa.date32()))


def _near_days(days: pa.Array) -> pa.Array:
    """Return the dates, with null for those outside the allowed range (D6)."""
    is_near = pc.and_(pc.greater_equal(days, pa.scalar(FIRST_DAY)), pc.less_equal(days, pa.scalar(LAST_DAY)))
    return days if pc.all(is_near).as_py() else pc.if_else(is_near, days, pa.scalar(None, pa.date32()))


def to_utc_micros(raw: pa.Array) -> pa.Array:
    """Convert timestamps of any unit and zone to UTC microseconds without zone. Nanoseconds are cut off, as in texts.

    Raises ArrowInvalid if a timestamp does not fit into 64 bits of microseconds.
    """
    without_zone = raw.cast(pa.timestamp(raw.type.unit, tz="UTC")) if raw.type.tz else raw
    ticks = without_zone.cast(pa.int64())
    if raw.type.unit == "ns":
        cut = np.floor_divide(pc.fill_null(ticks, 0).to_numpy(zero_copy_only=False), 1000)
        ticks = pa.array(cut, mask=pc.is_null(ticks).to_numpy(zero_copy_only=False))
        return ticks.cast(pa.timestamp("us"))
    return ticks.cast(pa.timestamp(raw.type.unit)).cast(pa.timestamp("us"))
