"""The cell rules, one table per type (lmn-format Values, source-schema Types, D6)."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.ingest.schema import ARROW_TYPES, Column, Kind
from pipeline.ingest.values.cells import read_cell
from pipeline.ingest.values.numbers import DECIMAL_SIZES

UTC = dt.UTC
PLUS_2 = dt.timezone(dt.timedelta(hours=2))


def read(kind: Kind, value: object, *, dates_from_1904: bool = False) -> object:
    """Return the typed value, which must not be reported as changed."""
    cell = read_cell(Column("c", kind), value, dates_from_1904=dates_from_1904)
    assert (cell.reason, cell.action) == (None, None)
    return cell.value


def refuse(kind: Kind, value: object) -> str:
    """Return the reason why a value is nulled."""
    cell = read_cell(Column("c", kind), value)
    assert cell.value is None
    assert cell.action == "cell nulled"
    assert cell.reason
    return cell.reason


@pytest.mark.parametrize("kind", list(Kind))
def test_nothing_is_null_without_a_reject(kind: Kind) -> None:
    assert read(kind, None) is None
    assert read(kind, float("nan")) is None


@pytest.mark.parametrize("kind", [k for k in Kind if k not in (Kind.TEXT, Kind.BOOL)])
@pytest.mark.parametrize("blank", ["", " ", "\t", "\u00a0 "])
def test_blank_text_is_null_without_a_reject(kind: Kind, blank: str) -> None:
    assert read(kind, blank) is None


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2025-01-15", dt.date(2025, 1, 15)),
        (" 2025-01-15 ", dt.date(2025, 1, 15)),
        ("2025-01-15T10:30", dt.date(2025, 1, 15)),
        ("2025-01-15 10:30:00", dt.date(2025, 1, 15)),
        ("2025-01-15T23:30:00-01:00", dt.date(2025, 1, 16)),  # D6: the time goes after conversion to UTC
        ("2025-01-16T00:30:00+02:00", dt.date(2025, 1, 15)),
        ("2025-01-15T10:30:00Z", dt.date(2025, 1, 15)),
        ("1/15/2025", dt.date(2025, 1, 15)),
        ("01/05/2025", dt.date(2025, 1, 5)),
        ("1/15/25", dt.date(2025, 1, 15)),
        ("1/15/99", dt.date(2099, 1, 15)),
        ("1/15/2025 3:45 PM", dt.date(2025, 1, 15)),
        ("1/15/2025 15:45:10", dt.date(2025, 1, 15)),
        ("2/29/2024", dt.date(2024, 2, 29)),
        ("45672", dt.date(2025, 1, 15)),  # raw serials: 1899-12-30 + floor, not a day early
        (45672, dt.date(2025, 1, 15)),
        (45672.99, dt.date(2025, 1, 15)),
        (Decimal("45672.5"), dt.date(2025, 1, 15)),
        (45672.9999999999, dt.date(2025, 1, 15)),
        ("45672.999999999", dt.date(2025, 1, 15)),
        (dt.date(2025, 1, 15), dt.date(2025, 1, 15)),
        (dt.datetime(2025, 1, 15, 23, 59), dt.date(2025, 1, 15)),
        (dt.datetime(2025, 1, 16, 1, 0, tzinfo=PLUS_2), dt.date(2025, 1, 15)),
        ("2000-01-01", dt.date(2000, 1, 1)),
        ("2100-12-31", dt.date(2100, 12, 31)),
    ],
)
def test_dates(value: object, expected: dt.date) -> None:
    assert read(Kind.DATE, value) == expected


def test_serials_of_a_1904_workbook_count_from_1904() -> None:
    assert read(Kind.DATE, 44210, dates_from_1904=True) == dt.date(2025, 1, 15)


@pytest.mark.parametrize(
    "value",
    [
        "2025-02-29",  # impossible days do not roll over
        "2025-13-01",
        "2025-00-10",
        "2025-04-31",
        "2/30/2025",
        "13/1/2025",
        "2025-01-15T24:00:00",
        "2025-01-15T10:60:00",
        "1/15/2025 13:00 PM",
        "2025-01-15T10:00:00+10:75",
        "1999-12-31",
        "2101-01-01",
        dt.date(1999, 12, 31),
        dt.datetime(2101, 1, 1),
        "36525",  # 1999-12-31
        "January 15",
        "15.01.2025",
        "tomorrow",
        "#N/A",
        True,
        dt.time(10, 30),
        float("inf"),
    ],
)
def test_invalid_dates(value: object) -> None:
    refuse(Kind.DATE, value)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2025-01-15", dt.datetime(2025, 1, 15)),
        ("2025-01-15T10:30:15", dt.datetime(2025, 1, 15, 10, 30, 15)),
        ("2025-01-15 10:30:15.1", dt.datetime(2025, 1, 15, 10, 30, 15, 100000)),
        ("2025-01-15 10:30:15.123456", dt.datetime(2025, 1, 15, 10, 30, 15, 123456)),
        ("2025-01-15 10:30:15.123456789", dt.datetime(2025, 1, 15, 10, 30, 15, 123456)),
        ("2025-01-15t10:30:15z", dt.datetime(2025, 1, 15, 10, 30, 15)),
        ("2025-01-15 10:30:15+00", dt.datetime(2025, 1, 15, 10, 30, 15)),
        ("2025-01-15 10:30:15.5-05", dt.datetime(2025, 1, 15, 15, 30, 15, 500000)),
        ("2025-01-15 10:30:15+05:30", dt.datetime(2025, 1, 15, 5, 0, 15)),
        ("2025-01-15 10:30:15+0530", dt.datetime(2025, 1, 15, 5, 0, 15)),
        ("1/5/2025 12:00:00 AM", dt.datetime(2025, 1, 5)),
        ("1/5/2025 12:30 pm", dt.datetime(2025, 1, 5, 12, 30)),
        ("1/5/25 1:02:03PM", dt.datetime(2025, 1, 5, 13, 2, 3)),
        ("1900-02-28 00:00:00", dt.datetime(1900, 2, 28)),  # the years 2000 to 2100 bound dates, not instants
        ("0001-01-01T00:00:00Z", dt.datetime(1, 1, 1)),
        ("9999-12-31T23:59:59.999999Z", dt.datetime(9999, 12, 31, 23, 59, 59, 999999)),
        ("45672.4378125", dt.datetime(2025, 1, 15, 10, 30, 27)),
        (45672.4378125, dt.datetime(2025, 1, 15, 10, 30, 27)),
        (dt.date(2025, 1, 15), dt.datetime(2025, 1, 15)),
        (dt.datetime(2025, 1, 15, 10, tzinfo=PLUS_2), dt.datetime(2025, 1, 15, 8)),
    ],
)
def test_timestamps_in_utc(value: object, expected: dt.datetime) -> None:
    assert read(Kind.TIMESTAMP, value) == expected


@pytest.mark.parametrize(
    "value",
    [
        "0001-01-01T00:00:00+01:00",
        "9999-12-31T23:59:59-01:00",
        "0000-01-01",
        "infinity",
        "1736899200",
        "7",
        "10:30",
        "x",
    ],
)
def test_invalid_timestamps(value: object) -> None:
    refuse(Kind.TIMESTAMP, value)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("1234.5", "1234.50"),
        ("$1,234.50", "1234.50"),
        (" $ 1,234.50 ", "1234.50"),
        ("1 234.50", "1234.50"),
        ("($50.25)", "-50.25"),  # not +50.25
        ("$(50.25)", "-50.25"),
        ("$ ( 50.25 )", "-50.25"),
        ("(1,234.50)", "-1234.50"),
        ("-50.25", "-50.25"),
        ("50.25-", "-50.25"),
        ("$-50.25", "-50.25"),
        ("-$50.25", "-50.25"),
        ("+50.25", "50.25"),
        (".5", "0.50"),
        ("5.", "5.00"),
        ("0", "0.00"),
        ("-0", "0.00"),
        ("1.5E3", "1500.00"),
        (1234, "1234.00"),
        (0.1, "0.10"),
        (1234.56, "1234.56"),
        (Decimal("1234.5600"), "1234.56"),
        ("9999999999.99", "9999999999.99"),
        ("-9999999999.99", "-9999999999.99"),
    ],
)
def test_money(value: object, expected: str | None) -> None:
    if expected is None:
        refuse(Kind.MONEY, value)
    else:
        assert str(read(Kind.MONEY, value)) == expected


@pytest.mark.parametrize(
    "value",
    ["abc", "1,23.50", "12,34", "1.234,50", "--5", "(-5)", "-5-", "5%", "€5", "1/2", "", "$", "()", "Infinity"],
)
def test_invalid_money(value: str) -> None:
    if value:
        refuse(Kind.MONEY, value)
    refuse(Kind.MONEY, True)


def test_an_hourly_cost_is_never_less_than_0() -> None:
    assert str(read(Kind.RATE, "$60")) == "60.00"
    assert str(read(Kind.RATE, "-0.00")) == "0.00"
    assert refuse(Kind.RATE, "-5") == "less than 0"
    assert refuse(Kind.RATE, Decimal("-0.001")) == "less than 0"


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (Kind.MONEY, "10000000000"),
        (Kind.MONEY, "9999999999.995"),
        (Kind.MONEY, "-1e300"),
        (Kind.MONEY, 1e308),
        (Kind.NUMBER, 10**14),
        (Kind.SCORE, "100000"),
        (Kind.SCORE, Decimal("1e400")),
    ],
)
def test_an_amount_too_large_for_its_column_is_nulled(kind: Kind, value: object) -> None:
    assert "too large" in refuse(kind, value)


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        (Kind.MONEY, "10.005", "10.01"),
        (Kind.MONEY, "10.004999999", "10.00"),
        (Kind.MONEY, "-10.005", "-10.01"),
        (Kind.MONEY, 2.675, "2.68"),  # as written, not the binary float
        (Kind.MONEY, 1234.5600000000002, "1234.56"),
        (Kind.MONEY, "0.001", "0.00"),
        (Kind.MONEY, "-0.001", "0.00"),
        (Kind.NUMBER, "0.00005", "0.0001"),
        (Kind.SCORE, "99.995", "100.00"),
    ],
)
def test_more_decimals_than_the_column_has_are_rounded_and_reported(kind: Kind, value: object, expected: str) -> None:
    cell = read_cell(Column("c", kind), value)
    assert str(cell.value) == expected
    assert cell.action == "cell rounded"


@given(
    st.sampled_from(sorted(DECIMAL_SIZES, key=lambda kind: kind.value)),
    st.decimals(allow_nan=False, allow_infinity=False),
)
def test_a_loaded_amount_is_the_nearest_of_its_scale(kind: Kind, value: Decimal) -> None:
    precision, scale = DECIMAL_SIZES[kind]
    cell = read_cell(Column("c", kind), value)
    if cell.value is None:
        is_too_large = abs(value) >= Decimal(10) ** (precision - scale) - Decimal(10) ** -scale / 2
        assert is_too_large or (kind is Kind.RATE and value < 0)
        return
    assert isinstance(cell.value, Decimal)
    assert abs(cell.value - value) <= Decimal(10) ** -scale / 2
    assert (cell.value == value) == (cell.reason is None)


@pytest.mark.parametrize(
    "yes",
    [
        "yes",
        "Y",
        " true ",
        "TRUE",
        "1",
        "x",
        "X",
        "on",
        "Checked",
        1,
        1.0,
        True,
        Decimal(1),
        "t",
        "T",
        "Vrai",
        "-1",
        -1,
        "1.0",
        "-1.0",
        "1,0",
        -1.0,
        "yes\u200b",
    ],
)
def test_true(yes: object) -> None:
    assert read(Kind.BOOL, yes) is True


@pytest.mark.parametrize(
    "no", ["no", "N", "false", "False", "0", "off", "", "  ", 0, 0.0, False, "f", "FAUX", "unchecked", "0.0", "\u00a0"]
)
def test_false(no: object) -> None:
    assert read(Kind.BOOL, no) is False


@pytest.mark.parametrize("value", ["maybe", "2", 2, "0.5", "yes!", "ja", "-2"])
def test_neither_true_nor_false(value: object) -> None:
    refuse(Kind.BOOL, value)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("42", 42),
        (" -42 ", -42),
        ("007", 7),
        ("42.0", 42),
        ("42,0", 42),
        ("42,00", 42),
        (42.0, 42),
        (Decimal("42.00"), 42),
        (2**63 - 1, 2**63 - 1),
        (str(-(2**63)), -(2**63)),
    ],
)
def test_ids(value: object, expected: int) -> None:
    assert read(Kind.ID, value) == expected


@pytest.mark.parametrize(
    "value", [2**63, "9223372036854775808", "1.5", 1.5, "1,000", "0x10", "abc", "٤٢", True, "9" * 5000]
)
def test_invalid_ids(value: object) -> None:
    refuse(Kind.ID, value)


def test_years_are_whole_numbers_of_32_bits() -> None:
    assert read(Kind.YEAR, "2025") == 2025
    refuse(Kind.YEAR, "2147483648")


@pytest.mark.parametrize("kind", [Kind.KEY, Kind.TRIMMED, Kind.TEXT, Kind.CODE])
@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (2357283, "2357283"),  # a number cell holding an id is its integer text
        (2357283.0, "2357283"),
        (Decimal("2357283.00"), "2357283"),
        (0.5, "0.5"),
        (True, "true"),
        (dt.date(2025, 1, 15), "2025-01-15"),
        (UUID(int=7), "00000000-0000-0000-0000-000000000007"),
        (b"caf\xc3\xa9", "café"),
        ("12 Main\nSt", "12 Main\nSt"),  # inner line breaks are kept
    ],
)
def test_text_of_other_types(kind: Kind, value: object, expected: str) -> None:
    assert read(kind, value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("7100001.0", "7100001"),
        ("7100001.", "7100001"),
        ("7100001,0", "7100001"),
        ("7100001,00", "7100001"),
        ("7100001,000", "7100001"),
        ("10,0", "10"),
        ("7100001,5", "7100001,5"),
        ("7,8", "7,8"),
        ("100 200", "100 200"),  # a code
        ("1.200", "1.200"),
        (7100001.0, "7100001"),
        ('="7100001"', "7100001"),
        (' ="EST""1" ', 'EST"1'),
        ("'7100001", "7100001"),
        ("\u00a07100001\u202f", "7100001"),
        ("\ufeff7100\u200b001\u200e", "7100001"),
        ("7100001.5", "7100001.5"),
        ("1.2.0", "1.2.0"),
        ("12E4", "12E4"),  # a code, not a number rounded by a spreadsheet
        ("Note", "Note"),
        ("Nan-1", "Nan-1"),
        ("007", "007"),
    ],
)
def test_a_key_has_one_spelling_from_any_tool(value: object, expected: str) -> None:
    assert read(Kind.KEY, value) == expected


@pytest.mark.parametrize("kind", [Kind.KEY, Kind.ID])
@pytest.mark.parametrize(
    "value",
    [
        *("1.23E+12", "7.1e+6", "1E+20", "1.23E12", "7,10E+06", "7,1E+6", "1,23e12", 1e20, float(2**53), "=A1"),
        *("7,100,001", "7,100,001.00", "7'100'001", "7’100’001", "7\u00a0100\u00a0001", "7\u202f100\u202f001"),
        *("7 100 001", "7.100.001", "7.100.001,00", "7 100 001,0", "1,000"),
    ],
)
def test_an_invalid_key_or_one_that_lost_digits_is_nulled(kind: Kind, value: object) -> None:
    refuse(kind, value)


@pytest.mark.parametrize("kind", list(Kind))
@pytest.mark.parametrize("value", ["NULL", "\\N"])
def test_null_as_databases_write_it_is_null_in_every_column(kind: Kind, value: str) -> None:
    assert read(kind, value) is None


@pytest.mark.parametrize("kind", [k for k in Kind if k not in (Kind.TEXT, Kind.TRIMMED, Kind.TAGS)])
@pytest.mark.parametrize("value", ["null", "NaN", "nan", "None", "NaT", "<NA>", "n/a", " N/A\u00a0", Decimal("NaN")])
def test_null_as_people_and_data_frames_write_it_is_null_except_in_texts(kind: Kind, value: object) -> None:
    assert read(kind, value) is None


@pytest.mark.parametrize("kind", [Kind.TEXT, Kind.TRIMMED])
@pytest.mark.parametrize("value", ["Null", "null", "None", "n/a", "nan"])
def test_words_for_null_are_texts_in_text_columns(kind: Kind, value: str) -> None:
    assert read(kind, value) == value


@pytest.mark.parametrize("blank", ["", " ", "\u00a0", "\u200b\ufeff"])
def test_a_blank_text_counts_as_missing_if_one_is_required(blank: str) -> None:
    assert read(Kind.TEXT, blank) == blank
    assert read_cell(Column("c", Kind.TEXT, required=True), blank).value is None


def test_a_text_written_as_a_spreadsheet_formula_is_read_as_the_text() -> None:
    assert read(Kind.TEXT, '="01234"') == "01234"
    assert read(Kind.TRIMMED, '="01234"') == "01234"
    assert read(Kind.DATE, '="2024-03-05"') == dt.date(2024, 3, 5)
    assert str(read(Kind.MONEY, "'12.5")) == "12.50"
    assert read(Kind.TEXT, "'tis") == "'tis"


def test_keys_and_lmn_text_are_trimmed_and_other_text_is_not() -> None:
    assert read(Kind.KEY, "  a b\t") == "a b"
    assert read(Kind.TRIMMED, "\n a \n b \n") == "a \n b"
    assert read(Kind.TEXT, "  a b\t") == "  a b\t"
    assert read(Kind.TEXT, "") == ""


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("55401.0", "55401"),
        ("6155550128,0", "6155550128"),
        ("'02134", "02134"),
        ("\u202a(615) 555-0128\u202c", "(615) 555-0128"),
        ("555.0000", "555.0000"),
        ("+1 615 555 0128", "+1 615 555 0128"),
    ],
)
def test_a_postal_code_or_telephone_number_stored_as_a_number_is_read_as_text(written: str, code: str) -> None:
    assert read(Kind.CODE, written) == code


def test_a_rounded_telephone_number_is_refused() -> None:
    refuse(Kind.CODE, "6.16E+09")


@pytest.mark.parametrize("kind", [Kind.KEY, Kind.TRIMMED, Kind.TEXT, Kind.CODE])
@pytest.mark.parametrize("value", ["a\0b", b"\xff", "\ud800", "#REF!", "#N/A", "#ERROR!", "########"])
def test_invalid_characters_and_spreadsheet_errors_are_nulled(kind: Kind, value: object) -> None:
    refuse(kind, value)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ('["a","b c"]', '["a","b c"]'),
        ('[ "a" , null, 7, "" ]', '["a","7"]'),
        ("[]", "[]"),
        ("{}", "[]"),
        ('{a,"b c",NULL,"say \\"hi\\""}', '["a","b c","say \\"hi\\""]'),
        ("a, b ,,c", '["a","b","c"]'),
        ("VIP", '["VIP"]'),
        ("[unassigned], b", '["[unassigned]","b"]'),
        ("{a", '["{a"]'),
        ("Grün", '["Grün"]'),
        (["a", None, " b "], '["a","b"]'),
        ([], "[]"),
    ],
)
def test_tags(value: object, expected: str) -> None:
    assert read(Kind.TAGS, value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("['a', 'b c']", '["a","b c"]'),
        ("""["it's", 'a, b', None]""", '["it\'s","a, b"]'),
        ("['a' 'b'\n 'c']", '["a","b","c"]'),
        ("['a\\xa0b', 'c\\\\d']", '["a\u00a0b","c\\\\d"]'),
        ("[VIP] client, gold", '["[VIP] client","gold"]'),
        ("('a', 'b')", '["a","b"]'),
        ("('a',)", '["a"]'),
        ("{'a', 'b'}", '["a","b"]'),
        ("(VIP), b", '["(VIP)","b"]'),
    ],
)
def test_a_list_printed_by_pandas_is_read_as_tags(value: str, expected: str) -> None:
    assert read(Kind.TAGS, value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("Client; VIP", '["Client","VIP"]'),
        ("Client;", '["Client"]'),
        ("Client\nVIP\r\nGold", '["Client","VIP","Gold"]'),
        ("Client;VIP, Gold", '["Client;VIP","Gold"]'),
        ('"Client","Oak, Elm"', '["Client","Oak, Elm"]'),
        ("'tis, b", '["\'tis","b"]'),
        ('"Big" client', '["\\"Big\\" client"]'),
    ],
)
def test_without_commas_semicolons_or_lines_separate_tags(value: str, expected: str) -> None:
    assert read(Kind.TAGS, value) == expected


@pytest.mark.parametrize("value", ['["a"', "['a', b]", "['a'", "{a,{b}}", '{"a', "[a, b]", "{{a,b},{c,d}}"])
def test_an_invalid_array_is_not_split_into_tags(value: str) -> None:
    refuse(Kind.TAGS, value)


@pytest.mark.parametrize(
    "value", ["#N/A", " #REF!", "########", '[["a"]]', '[{"a":1}]', '["\\u0000"]', '["\\ud800"]', [["a"]]]
)
def test_invalid_tags_are_refused(value: object) -> None:
    refuse(Kind.TAGS, value)


def test_values_of_a_closed_list_are_lower_cased_and_others_nulled() -> None:
    column = Column("direction", Kind.TEXT, required=True, allowed=("team", "account"))
    assert read_cell(column, " Team ").value == "team"
    cell = read_cell(column, "both")
    assert (cell.value, cell.reason) == (None, "not one of team, account")


ANYTHING = st.one_of(
    st.none(),
    st.text(),
    st.binary(),
    st.integers(),
    st.floats(),
    st.decimals(),
    st.booleans(),
    st.dates(),
    st.datetimes(timezones=st.sampled_from([None, UTC, PLUS_2])),
    st.times(),
    st.timedeltas(),
    st.uuids(),
    st.lists(st.one_of(st.text(), st.integers(), st.none())),
    st.from_regex(r"[$(]?-?[0-9]{1,3}(,[0-9]{3})*(\.[0-9]+)?[)-]?", fullmatch=True),
    st.from_regex(
        r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]+)?)?(Z|[+-][0-9]{2}(:[0-9]{2})?)?"
    ),
    st.from_regex(r"[0-9]{1,2}/[0-9]{1,2}/[0-9]{2,4}( [0-9]{1,2}:[0-9]{2} ?[AP]?M?)?", fullmatch=True),
)


@given(st.sampled_from(list(Kind)), ANYTHING)
def test_every_value_gives_a_cell_of_the_landing_type_and_a_reason_for_each_change(kind: Kind, value: object) -> None:
    import pyarrow as pa

    cell = read_cell(Column("c", kind), value)
    assert pa.array([cell.value], ARROW_TYPES[kind]).to_pylist() == [cell.value]
    assert (cell.reason is None) == (cell.action is None)
    if cell.action == "cell nulled":
        assert cell.value is None
