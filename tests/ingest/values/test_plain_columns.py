"""The shortcuts for whole columns give the same result as the cell rules, for every kind of spelling."""

from __future__ import annotations

import datetime as dt
import itertools
import math
from decimal import Decimal

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.ingest.schema import Column, Kind
from pipeline.ingest.typed_columns import type_column
from pipeline.ingest.values.cells import read_cell
from pipeline.ingest.values.plain_columns import plain_values

KINDS = st.sampled_from(list(Kind))

DIGITS = st.from_regex(r"-?[0-9]{1,20}(\.[0-9]{0,6})?", fullmatch=True)
INSTANTS = st.from_regex(
    r"[0-9]{4}-[01][0-9]-[0-3][0-9]"
    r"([T ][0-2][0-9]:[0-5][0-9]:[0-6][0-9](\.[0-9]{1,7})?(Z|\+00|\+00:00|[+-][01][0-9](:?[0-6][0-9])?)?)?",
    fullmatch=True,
)
DAYS = st.dates().map(str)
TEXTS = st.one_of(
    DIGITS,
    INSTANTS,
    DAYS,
    st.datetimes().map(str),
    st.datetimes(dt.datetime(1995, 1, 1), dt.datetime(2105, 1, 1)).map(lambda value: value.isoformat() + "Z"),
    st.text(max_size=8),
    st.sampled_from(
        ["", " ", " 7", "7 ", "\n7", "7\n", "#N/A", "#hash", "a\0b", "yes", "TRUE", "007", "-0", "1e3", "$5"]
    ),
    st.sampled_from(
        ["NULL", "\\N", "null", "nan", "N/A", "Nadine", "North", "NUL", "N", "n", "Note", '="7"', "'7", "=7"]
    ),
    st.sampled_from(["undefined", "Under", "unit7", "u", "NA", "(null)", "<null>", "35%", "wahr", "٣", "05MAR2024"]),
    st.sampled_from(
        ["7100001.0", "1.23E+12", "7,100,001", "1E5", "007.0", "t", "F", "-1", "1.0", "vrai", "$ -", "(5)"]
    ),
    st.sampled_from(
        ["\u00a0", "\u200b", "\u00a07", "7\u202f", "a\u200bb", "\ufeffa", "a\u00a0b", ' ="a"', '\u00a0="a"']
    ),
    st.sampled_from(["3/4/2024", "13/1/2024", "3-Mar-24", "20240305", "2024-3-5 9:00 a.m.", "2024/03/05", "9:00 UTC"]),
    st.sampled_from(["2024-02-29", "2023-02-29", "0000-01-01", "2100-12-31", "2101-01-01", "1999-12-31", "2000-01-01"]),
)


def same_as_cells(kind: Kind, raw: pa.Array, *, required: bool = False) -> None:
    """Check that a column parsed at once equals the column parsed cell by cell, including faults."""
    column = Column("c", kind, required)
    typed = type_column(column, raw)
    cells = [read_cell(column, value) for value in raw.to_pylist()]
    assert typed.array.type == column.arrow_type
    assert typed.array.to_pylist() == [cell.value for cell in cells]
    faults = (
        []
        if typed.faults is None
        else list(zip(typed.faults.places.tolist(), typed.faults.actions.to_pylist(), strict=True))
    )
    assert faults == [(at, cell.action) for at, cell in enumerate(cells) if cell.reason is not None]


@given(KINDS, st.lists(st.none() | TEXTS, min_size=1, max_size=6))
def test_columns_of_texts_with_a_dictionary(kind: Kind, values: list[str | None]) -> None:
    same_as_cells(kind, pa.array(values, pa.binary()).dictionary_encode())


def test_a_text_that_is_twice_in_a_dictionary_is_decoded() -> None:
    twice = pa.DictionaryArray.from_arrays(pa.array([2, 0, 1]), pa.array(["won", "won", "lost"]))
    typed = type_column(Column("c", Kind.TEXT), twice)
    assert typed.encoded.equals(pa.array(["lost", "won", "won"]))


def test_dictionaries_of_all_batches_have_one_index_type() -> None:
    few = pa.DictionaryArray.from_arrays(pa.array([0, 1, 0], pa.int8()), pa.array(["won", "lost"]))  # as categoricals
    assert type_column(Column("c", Kind.TEXT), few).encoded.type == pa.dictionary(pa.int32(), pa.string())


@settings(max_examples=600)
@given(KINDS, st.lists(st.none() | TEXTS, min_size=1, max_size=6), st.booleans())
def test_columns_of_text(kind: Kind, values: list[str | None], required: bool) -> None:
    same_as_cells(kind, pa.array(values, pa.string()), required=required)


@given(
    st.lists(st.none() | st.from_regex(r"[0-9A-Za-z_-]{0,4}", fullmatch=True), min_size=2, max_size=6), st.booleans()
)
def test_keys_of_letters_and_digits(values: list[str | None], required: bool) -> None:
    same_as_cells(Kind.KEY, pa.array(values, pa.string()).slice(1), required=required)


@given(
    KINDS, st.lists(st.none() | TEXTS, min_size=1, max_size=6), st.sampled_from([pa.large_string(), pa.string_view()])
)
def test_columns_of_other_texts(kind: Kind, values: list[str | None], arrow_type: pa.DataType) -> None:
    same_as_cells(kind, pa.array(values, arrow_type))


@given(KINDS, st.lists(st.none() | st.binary(max_size=4) | TEXTS.map(str.encode), min_size=1, max_size=6))
def test_columns_of_bytes(kind: Kind, values: list[bytes | None]) -> None:
    same_as_cells(kind, pa.array(values, pa.binary()))


@given(KINDS, st.lists(st.none() | st.integers(-(2**63), 2**63 - 1) | st.integers(-1, 50_000), min_size=1, max_size=6))
def test_columns_of_whole_numbers(kind: Kind, values: list[int | None]) -> None:
    same_as_cells(kind, pa.array(values, pa.int64()))


@given(KINDS, st.lists(st.integers(0, 2**64 - 1), min_size=1, max_size=6))
def test_columns_of_unsigned_numbers(kind: Kind, values: list[int]) -> None:
    same_as_cells(kind, pa.array(values, pa.uint64()))


@given(KINDS, st.lists(st.none() | st.floats() | st.integers(-(2**60), 2**60).map(float), min_size=1, max_size=6))
def test_columns_of_floats(kind: Kind, values: list[float | None]) -> None:
    same_as_cells(kind, pa.array(values, pa.float64()))


AMOUNTS = st.decimals(-(10**16), 10**16, places=2) | st.decimals(-(10**6), 10**6, places=5) | st.integers(-999, 999)
NEARLY = st.tuples(AMOUNTS.map(float), st.sampled_from([-math.inf, math.inf])).map(lambda pair: math.nextafter(*pair))


@settings(max_examples=1_000)
@given(KINDS, st.lists(st.none() | AMOUNTS.map(float) | NEARLY, min_size=1, max_size=6))
def test_columns_of_amounts_that_are_floats(kind: Kind, values: list[float | None]) -> None:
    same_as_cells(kind, pa.array(values, pa.float64()))


@given(
    st.sampled_from([Kind.MONEY, Kind.NUMBER]),
    st.lists(st.decimals(-130_000, 130_000, places=2), min_size=1, max_size=6),
)
def test_amounts_in_short_floats_are_read_by_their_printed_form(kind: Kind, values: list[Decimal]) -> None:
    typed = type_column(Column("c", kind), pa.array([float(value) for value in values], pa.float32()))
    assert typed.array.to_pylist() == values
    assert typed.faults is None


@given(KINDS, st.lists(st.none() | st.decimals(-(10**14), 10**14, places=2), min_size=1, max_size=6))
def test_columns_of_decimals_that_end_in_zeros(kind: Kind, values: list[Decimal | None]) -> None:
    same_as_cells(kind, pa.array(values, pa.decimal128(25, 6)))
    same_as_cells(kind, pa.array([None if value is None else f"{value:.6f}" for value in values], pa.string()))


@given(KINDS, st.lists(st.none() | st.decimals(-(10**14), 10**14, places=5), min_size=1, max_size=6))
def test_columns_of_decimals(kind: Kind, values: list[Decimal | None]) -> None:
    same_as_cells(kind, pa.array(values, pa.decimal128(25, 5)))


@given(KINDS, st.lists(st.none() | st.booleans(), min_size=1, max_size=4))
def test_columns_of_booleans(kind: Kind, values: list[bool | None]) -> None:
    same_as_cells(kind, pa.array(values, pa.bool_()))


@given(
    KINDS.filter(lambda kind: kind in (Kind.DATE, Kind.TIMESTAMP)),
    st.lists(st.none() | st.dates(), min_size=1, max_size=6),
)
def test_columns_of_dates(kind: Kind, values: list[dt.date | None]) -> None:
    same_as_cells(kind, pa.array(values, pa.date32()))
    same_as_cells(kind, pa.array(values, pa.date64()))


@given(
    st.sampled_from([Kind.DATE, Kind.TIMESTAMP]),
    st.lists(st.none() | st.datetimes(), min_size=1, max_size=6),
    st.sampled_from([None, "UTC", "+05:30", "America/New_York"]),
)
def test_columns_of_timestamps(kind: Kind, values: list[dt.datetime | None], zone: str | None) -> None:
    micros = pa.array(values, pa.timestamp("us"))
    expected = type_column(Column("c", kind), micros)
    assert [value for value in expected.array.to_pylist() if value is not None] == [
        value if kind is Kind.TIMESTAMP else value.date()
        for value in values
        if value is not None and (kind is Kind.TIMESTAMP or 2000 <= value.year <= 2100)
    ]
    zoned = micros.cast(pa.int64()).cast(pa.timestamp("us", tz=zone)) if zone else micros
    assert type_column(Column("c", kind), zoned).array.equals(expected.array)


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_instants_outside_the_calendar_are_nulled_and_shown(unit: str) -> None:
    farthest = pa.array([2**62], pa.int64()).cast(pa.timestamp(unit))
    typed = type_column(Column("c", Kind.TIMESTAMP), farthest)
    if unit == "ns":
        assert typed.faults is None
        return
    assert typed.array.to_pylist() == [None]
    assert typed.faults is not None
    assert typed.faults.actions.to_pylist() == ["cell nulled"]


@pytest.mark.parametrize("kind", [Kind.MONEY, Kind.RATE, Kind.NUMBER, Kind.SCORE])
def test_arrow_reads_digits_points_and_minus_signs_like_the_cell_rules(kind: Kind) -> None:
    for length in range(1, 5):
        for letters in itertools.product("05.-", repeat=length):
            same_as_cells(kind, pa.array(["".join(letters)]))


def test_plain_columns_take_the_shortcut() -> None:
    plain = {
        Kind.ID: ["1", "-22"],
        Kind.KEY: ["EST1", "a b"],
        Kind.TEXT: [" é ", ""],
        Kind.CODE: ["(615) 555-0128", "55401", "K1A 0B1"],
        Kind.MONEY: ["1.5", "-2"],
        Kind.RATE: ["1.5", "60"],
        Kind.DATE: ["2025-01-15", "2025-01-15 10:00:00"],
        Kind.TIMESTAMP: ["2025-01-15T10:00:00.5Z", "2025-01-15 10:00:00+00"],
    }
    for kind, texts in plain.items():
        values = plain_values(Column("c", kind), pa.array(texts))
        assert values is not None
        assert values.null_count == 0, kind


@pytest.mark.parametrize(
    "amounts",
    [
        pa.array([0.1, 1234567.89, 60.0]),
        pa.array([1, 60]),
        pa.array([Decimal("1234.5000")], pa.decimal128(19, 4)),
        pa.array(["1234.5000"]),
    ],
    ids=["floats", "whole numbers", "decimals of another scale", "a database's text"],
)
@pytest.mark.parametrize("kind", [Kind.MONEY, Kind.RATE, Kind.NUMBER])
def test_amounts_in_the_types_of_databases_and_data_frames_take_the_shortcut(kind: Kind, amounts: pa.Array) -> None:
    values = plain_values(Column("c", kind), amounts)
    assert values is not None
    assert values.null_count == 0
