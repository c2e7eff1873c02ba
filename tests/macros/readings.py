"""Cases for the dispatched macros, at and around their boundaries, and their results in plain Python."""

from __future__ import annotations

import decimal
import hashlib
import json
import random
import re
import unicodedata
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final

import pyarrow as pa

Row = tuple[Any, ...]

AS_OF: Final = datetime(2025, 1, 15, 23, 59, 59)
BLANKS: Final = (
    "\t\n\x0b\x0c\r \u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000\ufeff"
)
_PIECES: Final = [
    *"aAbBzZéÉèÈäÄåÅñßẞİıIiΣσςΑΒǅÆæ中😀𐐀,;[]{}%_/'\"\\", *"\b\f\n\r\t\x01\x0b\x1e\x1f\x7f\x80", *BLANKS,
    "lost", "LOST", "9", '","',
]  # fmt: skip
_EXACT: Final = decimal.Context(prec=80)
_GROUP: Final = 50

SCHEMAS: Final = {
    "integers": pa.schema([("case_id", pa.int64()), ("a", pa.int64()), ("b", pa.int64())]),
    "wide_integers": pa.schema([("case_id", pa.int64()), ("a", pa.string()), ("b", pa.string())]),
    "times": pa.schema([("case_id", pa.int64()), ("s", pa.timestamp("us")), ("e", pa.timestamp("us"))]),
    "texts": pa.schema([("case_id", pa.int64()), ("t", pa.string())]),
}


def integers(count: int, rng: random.Random) -> Iterator[Row]:
    """Yield dividends and divisors of all sizes and signs; a third are exactly halfway between two results."""
    for number in range(count):
        size = 10 ** rng.choice((1, 2, 3, 6, 9, 12, 15))
        b = rng.choice((2, 3, 7, 12, 200, 1000, -2, -8, rng.randint(-size, size) or 1))
        a = rng.randint(-size, size)
        if rng.random() < 0.33:
            a = b * rng.randint(-1000, 1000) + b // 2
        yield number, a, b


def wide_integers(count: int, rng: random.Random) -> Iterator[Row]:
    """Yield whole numbers up to 10^34, with quotients of at most 31 digits."""
    for number in range(count):
        a = rng.randint(-(10 ** rng.randint(1, 34)), 10 ** rng.randint(1, 34))
        b = rng.randint(1, 10 ** rng.randint(3, 34))
        yield number, str(a), str(b if len(str(abs(a) // b)) < 30 else 10**20)


def times(count: int, rng: random.Random) -> Iterator[Row]:
    """Yield instants a microsecond or a day apart, at midnights, ends of years and leap days, also before 1970."""
    day = 86_400_000_000
    for number in range(count):
        month, last = rng.choice(((1, 1), (1, 31), (2, 28), (12, 31), (rng.randint(1, 12), rng.randint(1, 28))))
        clock = (rng.choice((0, 23)), rng.choice((0, 59)), rng.choice((0, 59)), rng.choice((0, 1, 999_999)))
        start = datetime(rng.choice((1969, 2000, 2024, 2025, rng.randint(1960, 2100))), month, last, *clock)
        if rng.random() < 0.2:
            start = AS_OF - timedelta(days=rng.choice((0, 90)), hours=rng.choice((0, 1, 24)))
        apart = rng.choice((0, day, -day, 180 * day, 365 * day, rng.randint(-(10**15), 10**15)))
        yield number, start, start + timedelta(microseconds=apart + rng.choice((-1, 0, 1)))


def texts(count: int, rng: random.Random) -> Iterator[Row]:
    """Yield texts with letters that engines treat differently, JSON arrays, and every letter that has two cases."""
    yield from enumerate((None, "", " ", '["client"]', '["x","CLIENT"]', '["x,\\"client\\""]', '["clients"]', "[]"))
    yield from enumerate(("so'ld\\ it", "so'ld", "\\u001F\x1f", '\\"', "a" * 5000), start=8)
    for number in range(13, count):
        words = ["".join(rng.choices(_PIECES, k=rng.randint(0, 9))) for _ in range(rng.randint(1, 3))]
        if rng.random() < 0.1:
            words = [json.dumps([*words, rng.choice(("Client", "client "))], ensure_ascii=False, separators=(",", ":"))]
        yield number, words[0]
    cased = (chr(code) for code in range(1, 0x110000) if unicodedata.category(chr(code)) in ("Lu", "Ll", "Lt"))
    yield from enumerate((f"x{letter}y" for letter in cased), start=count)


GENERATORS: Final[dict[str, Callable[[int, random.Random], Iterator[Row]]]] = {
    "integers": integers,
    "wide_integers": wide_integers,
    "times": times,
    "texts": texts,
}


def case_tables(count: int, seed: int = 7) -> dict[str, pa.Table]:
    """Return the tables of cases, about `count` rows each."""
    tables = {}
    for name, schema in SCHEMAS.items():
        columns = zip(*GENERATORS[name](count, random.Random(f"{name} {seed}")), strict=True)
        tables[name] = pa.table([pa.array(c, f.type) for c, f in zip(columns, schema, strict=True)], schema=schema)
    return tables


def _truncated(a: int, b: int) -> int:
    quotient = abs(a) // abs(b)
    return quotient if (a < 0) == (b < 0) else -quotient


def half_up(numerator: int, denominator: int, scale: int) -> Decimal:
    """Round a quotient half away from zero."""
    exact = Fraction(abs(numerator) * 10**scale, abs(denominator))
    rounded = (2 * exact.numerator + exact.denominator) // (2 * exact.denominator)
    if (numerator < 0) != (denominator < 0):
        rounded = -rounded
    return Decimal(rounded).scaleb(-scale, _EXACT)


def read_integers(rows: list[Row]) -> list[Row]:
    """integer_divide, floor_divide and round_half_up."""
    return [
        (n, q := _truncated(a, b), q, a // 7, half_up(a, b, 0), half_up(a, b, 2), half_up(a, b, 4), None, None, None)
        for n, a, b in rows
    ]


def read_wide_integers(rows: list[Row]) -> list[Row]:
    """The same beyond bigint, and sums and comparisons."""
    total = str(sum(int(a) for _, a, _ in rows))
    pairs = [(n, int(a), int(b)) for n, a, b in rows]
    return [
        (n, str(_truncated(a, b)), f"{half_up(a, b, 2):f}", str(a * 100 + b), a * 100 >= b * 15, total)
        for n, a, b in pairs
    ]


def read_times(rows: list[Row]) -> list[Row]:
    """Differences of days, seconds and 24 hours; months and years."""
    read = []
    for n, start, end in rows:
        micros = (end - start) // timedelta(microseconds=1)
        days = (end.date() - start.date()).days
        months = (start.year * 12 + start.month, end.year * 12 + end.month)
        window = AS_OF - timedelta(days=90, hours=1)
        flags = (start > AS_OF, start >= window, start.date() == AS_OF.date())
        row = (n, days, micros // 10**6, micros // (86_400 * 10**6), micros, *months, end.year, start.date(), *flags)
        read.append(row)
    return read


def read_instants(_: list[Row]) -> list[Row]:
    """The literals that are computed from the run's instant."""
    midnight = date(2025, 1, 15)
    return [(1, AS_OF, midnight, AS_OF, AS_OF - timedelta(days=15), AS_OF - timedelta(hours=24), 2025)]


def lower(text: str) -> str:
    """Lower by Unicode's simple mapping, letter by letter; Python's own handles final sigma and dotted i specially."""
    return "".join({"İ": "i", "Σ": "σ"}.get(letter, letter.lower()) for letter in text)


def _has_lost(text: str) -> bool:
    """Return whether the text contains "lost" without adjacent ASCII letters or digits."""
    return "lost" in re.split("[^a-z0-9]+", lower(text))


def _has_client(text: str) -> bool:
    try:
        values = json.loads(text)
    except ValueError:
        return False
    return isinstance(values, list) and any(isinstance(value, str) and lower(value) == "client" for value in values)


def _places(rows: list[Row]) -> tuple[dict[int, int], dict[int, int]]:
    """Return the position of each case by code points, nulls last; and descending, nulls first; ties by number."""
    up = sorted(rows, key=lambda row: (row[1] is None, (row[1] or "").encode(), row[0]))
    down = sorted(rows, key=lambda row: row[0])
    down.sort(key=lambda row: (row[1] is None, (row[1] or "").encode()), reverse=True)
    return {row[0]: p for p, row in enumerate(up, 1)}, {row[0]: p for p, row in enumerate(down, 1)}


def read_texts(rows: list[Row]) -> list[Row]:
    """Blanks, cases, JSON, hashes, prefixes, membership, words and order."""
    up, down = _places(rows)
    read: list[Row] = []
    for n, text in rows:
        if text is None:
            read.append(
                (n, None, None, None, None, True, "null", None, None, None, False, None, None, None, up[n], down[n])
            )
            continue
        trimmed = text.strip(BLANKS)
        crm_id = 500_000_000_000_000 + int(hashlib.md5(f"crm:{text}".encode()).hexdigest()[:12], 16)
        written = (json.dumps(text, ensure_ascii=False), hashlib.md5(text.encode()).hexdigest(), crm_id)
        flags = (text.startswith("so'ld\\"), _has_client(text), _has_lost(text), re.sub("[^0-9]", "", text))
        cleaned = (trimmed, re.sub(f"[{BLANKS}]+", " ", text), lower(text), lower(trimmed), not trimmed)
        read.append((n, *cleaned, *written, *flags, text, up[n], down[n]))
    return read


def read_concatenations(rows: list[Row]) -> list[Row]:
    """Texts of a group, in order, with a separator."""
    groups: dict[int, list[Row]] = {}
    for row in rows:
        groups.setdefault(row[0] // _GROUP, []).append(row)
    read: list[Row] = []
    for group, members in groups.items():
        ordered = sorted((row for row in members if row[1] is not None), key=lambda row: (row[1].encode(), row[0]))
        backwards = [json.dumps(row[1], ensure_ascii=False) for row in sorted(members, key=lambda row: -row[0])]
        read.append((group, ",".join(row[1] for row in ordered), ", '".join(backwards), None))
    return read


def read_parts(rows: list[Row]) -> list[Row]:
    """The parts of a text between `","`; none of null."""
    return [(n, part) for n, text in rows if text is not None for part in text.split('","')]


READINGS: Final[dict[str, tuple[str, Callable[[list[Row]], list[Row]]]]] = {
    "integers": ("integers", read_integers),
    "wide_integers": ("wide_integers", read_wide_integers),
    "times": ("times", read_times),
    "instants": ("times", read_instants),
    "texts": ("texts", read_texts),
    "concatenations": ("texts", read_concatenations),
    "parts": ("texts", read_parts),
}
"""The table that each model of the project reads, and its result in plain Python."""
