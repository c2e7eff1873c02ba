"""Every line of the tables of spellings is read as documented (source-schema, As tools write it; D41)."""

from __future__ import annotations

import datetime as dt

import pytest

from pipeline.ingest.schema import Column, Kind
from pipeline.ingest.values import spellings
from pipeline.ingest.values.cells import read_cell
from pipeline.ingest.values.dates import DayOrder, order_shown_by
from pipeline.ingest.values.spellings import Spelling
from pipeline.ingest.values.white_space import as_seen, trimmed, without_unseen

DAY = dt.date(2024, 3, 5)


def read(kind: Kind, value: object) -> object:
    """Return the typed value, which must not be reported as changed."""
    cell = read_cell(Column("c", kind), value)
    assert cell.reason is None, (value, cell.reason)
    return cell.value


def is_refused(kind: Kind, value: object) -> bool:
    """Return whether the value is nulled and rejected."""
    cell = read_cell(Column("c", kind), value)
    return cell.value is None and cell.reason is not None


@pytest.mark.parametrize("spelling", [*spellings.NUMBERS, spellings.ZERO], ids=lambda spelling: spelling.example)
def test_numbers(spelling: Spelling) -> None:
    assert str(read(Kind.MONEY, spelling.example)) == spelling.means


@pytest.mark.parametrize("spelling", spellings.AMOUNTS, ids=lambda spelling: spelling.example)
def test_amounts(spelling: Spelling) -> None:
    assert str(read(Kind.MONEY, spelling.example)) == spelling.means


@pytest.mark.parametrize(
    ("text", "means"),
    [
        ("US$1,234.50", "1234.50"),
        ("USD 1,234.00", "1234.00"),
        ("1,234.00 USD", "1234.00"),
        ("$(1,234.50)", "-1234.50"),
        ("($1,234.50)", "-1234.50"),
        ("-$5", "-5.00"),
        ("$-5", "-5.00"),
        ("\u22125", "-5.00"),
        ("$5-", "-5.00"),
        (" $\u00a01,234.50 ", "1234.50"),
        ("1\u202f234.50", "1234.50"),
        ("-", "0.00"),
        ("$ - ", "0.00"),
        ("- $", "0.00"),
        ("50.25 $US", "50.25"),
        ("\u20145", "-5.00"),
        ("１,２３４.５０", "1234.50"),
        ("١٬٢٣٤٫٥", "1234.50"),
    ],
)
def test_amounts_as_currency_and_accounting_formats_print_them(text: str, means: str) -> None:
    assert str(read(Kind.MONEY, text)) == means


@pytest.mark.parametrize(
    "text",
    ["1.234,50", "1 234,50", "12,34", "5 6", "1,2345", "€5", "C$5", "5%", "(5", "5)", "--", "$", "1/2", "-(5)", "+-5"],
)
def test_an_ambiguous_amount_is_refused(text: str) -> None:
    assert is_refused(Kind.MONEY, text)


@pytest.mark.parametrize("spelling", [*spellings.DAYS, spellings.SLASHED_DAY], ids=lambda spelling: spelling.example)
def test_days(spelling: Spelling) -> None:
    expected = dt.date(2024, 3, 5)
    assert read(Kind.DATE, spelling.example) == expected
    assert read(Kind.TIMESTAMP, spelling.example) == dt.datetime(2024, 3, 5)


@pytest.mark.parametrize(
    "text",
    [
        "2024/03/05",
        "03/05/2024",
        "3/5/24",
        "05-Mar-2024",
        "5 March 2024",
        "5-MAR-24",
        "5/Mar/2024",
        "March 5, 2024",
        "Mar. 5, 2024",
        "Mar 5 2024",
        "Mar 5,2024",
        "Tuesday, March 5, 2024",
        "Tue, 5 Mar 2024",
        "5 Mar\xa02024",
        "March 5th, 2024",
        "5th of March 2024",
        "5. März 2024",
        "Di., 5. Mrz. 2024",
        "mardi 5 mars 2024",
        "martes, 5 de marzo de 2024",
        "MARTES 5 DE MARZO DE 2024",
        "05mar24",
        "05/MAR/2024",
        "2024W102",
        "３/５/２０２４",
        "٢٠٢٤-٠٣-٠٥",
        20240305,
        20240305.0,
        "20240305.0",
        "2024-03-05Z",
        "2024-03-05+00:00",
        "2024–03–05",
        "45356",
    ],
)
def test_days_in_other_words(text: object) -> None:
    assert read(Kind.DATE, text) == DAY


@pytest.mark.parametrize(
    "text",
    [
        "5-Mar",
        "Mar-24",
        "Mar 2024",
        "2024-03",
        "5.3.2024",
        "2024-3/5",
        "20241305",
        "11110101",
        "today",
        "5 Smarch 2024",
        "3/5/20245",
        "3/5",
        "2024-064",
    ],
)
def test_an_incomplete_day_is_refused(text: str) -> None:
    assert is_refused(Kind.DATE, text)


@pytest.mark.parametrize("day", ["2024-03-05", "3/5/2024", "5-Mar-24", "March 5, 2024", "20240305"])
@pytest.mark.parametrize("spelling", spellings.TIMES, ids=lambda spelling: spelling.example)
def test_times(day: str, spelling: Spelling) -> None:
    expected = dt.datetime.combine(DAY, dt.time.fromisoformat(spelling.means))
    assert read(Kind.TIMESTAMP, day + spelling.example) == expected


@pytest.mark.parametrize("blank", [" ", "\u00a0", "\u202f", "\u2009", "", "\t", " \u200e"])
@pytest.mark.parametrize("half", ["PM", "pm", "p.m.", "P.M.", "p. m."])
def test_halves_of_the_day_after_any_blank(blank: str, half: str) -> None:
    assert read(Kind.TIMESTAMP, f"3/5/2024, 9:00:00{blank}{half}") == dt.datetime(2024, 3, 5, 21)


@pytest.mark.parametrize("spelling", spellings.ZONES, ids=lambda spelling: spelling.example)
def test_zones(spelling: Spelling) -> None:
    expected = dt.datetime.fromisoformat("2024-03-05T09:00:00" + spelling.means).astimezone(dt.UTC).replace(tzinfo=None)
    assert read(Kind.TIMESTAMP, "2024-03-05T09:00:00" + spelling.example) == expected


@pytest.mark.parametrize(
    "text",
    [
        "2024-03-05 09:00 UTC",
        "2024-03-05 09:00:00GMT",
        "2024-03-05T09:00:00.000+0000",
        "2024-03-05 09:00 +00:00",
        "2024-03-05 04:00:00-05:00",
        "2024-03-05T090000Z",
        "2024-03-05 09:00:00 +0000 UTC",
        "Tue, 05 Mar 2024 09:00:00 GMT",
        "2024-03-05 09:00:00,000",
        "March 5, 2024 at 9:00 AM",
        "3/5/2024 9:00 a.m.",
        "2024-3-5 9:00",
        "5-Mar-24 9:00",
        "Tue Mar  5 09:00:00 2024",
        "Tue Mar 05 09:00:00 UTC 2024",
        "Tue Mar 05 2024 09:00:00 GMT+0000 (Coordinated Universal Time)",
        "2024-03-05T04:00:00-05:00[America/New_York]",
        "2024-03-05T09:00:00Z[UTC]",
        "2024-03-05 11:00 UTC+2",
        "2024-03-05-09.00.00.000000",
        "05-MAR-24 09.00.00.000000 AM",
        "05MAR2024:09:00:00.000",
        "20240305090000",
        "5 mars 2024 09:00",
        "2024‑03‑05T04:00:00−05:00",
        "2024-03-05 09:00:00 Etc/UTC",
        "Tue, 05 Mar 2024 09:00 UT",
    ],
)
def test_instants_in_other_words(text: str) -> None:
    assert read(Kind.TIMESTAMP, text) == dt.datetime(2024, 3, 5, 9)


@pytest.mark.parametrize(
    "text",
    [
        "2024-03-05 09:00 EST",
        "2024-03-05 9",
        "2024-03-05 0900",
        "2024-03-05 25:00",
        "3/5/2024 13:00 PM",
        "2024-03-05 +05:00",
        "2024-03-05T09:00:00[America/New_York]",
        "2024-03-05 24:00:00",
        "1709634030123",
        "Tue Mar 05 09:00:00 EST 2024",
    ],
)
def test_an_ambiguous_instant_is_refused(text: str) -> None:
    assert is_refused(Kind.TIMESTAMP, text)


@pytest.mark.parametrize(
    ("text", "order"),
    [
        ("25/3/2024", DayOrder.DAY_FIRST),
        ("3/25/2024 9:00 AM", DayOrder.MONTH_FIRST),
        ("25/3/24", DayOrder.DAY_FIRST),
        ("3/4/2024", None),
        ("31/2/2024", None),  # a day in neither order
        ("13/13/2024", None),
        ("25/3/2024 or so", None),
        ("2024-03-25", None),
    ],
)
def test_the_order_that_a_date_shows(text: str, order: DayOrder | None) -> None:
    assert order_shown_by(text) == order


def test_day_first_dates_are_read_as_such_if_their_file_shows_it() -> None:
    column = Column("c", Kind.DATE)
    assert read_cell(column, "3/5/2024", day_order=DayOrder.DAY_FIRST).value == dt.date(2024, 5, 3)
    assert read_cell(column, "13/5/2024").reason == "no such date"


@pytest.mark.parametrize("kind", [Kind.KEY, Kind.ID])
@pytest.mark.parametrize("spelling", spellings.GROUPED_NUMBERS, ids=lambda spelling: spelling.example)
def test_a_number_with_thousands_separators_is_not_an_id(spelling: Spelling, kind: Kind) -> None:
    assert is_refused(kind, spelling.example)


@pytest.mark.parametrize(("words", "expected"), [(spellings.TRUE, True), (spellings.FALSE, False)])
def test_booleans(words: frozenset[str], expected: bool) -> None:
    for word in words:
        assert read(Kind.BOOL, word) is expected
        assert read(Kind.BOOL, word.upper()) is expected
    assert read(Kind.BOOL, "✔\ufe0f") is True


@pytest.mark.parametrize("text", sorted(spellings.NULL_WORDS))
def test_words_for_null_are_null_except_in_texts(text: str) -> None:
    assert [read(kind, text.upper()) for kind in (Kind.KEY, Kind.ID, Kind.MONEY, Kind.DATE, Kind.BOOL)] == [None] * 5


@pytest.mark.parametrize("text", [spellings.PERCENT.example, "35%", "35.00%", "35\u00a0%"])
def test_a_percentage_is_a_score_or_a_confidence_out_of_100_but_not_money(text: str) -> None:
    assert str(read(Kind.SCORE, text)) == spellings.PERCENT.means
    assert str(read(Kind.NUMBER, text)) == "35.0000"
    assert is_refused(Kind.MONEY, text)


def test_a_day_with_its_time_before_its_year() -> None:
    assert read(Kind.TIMESTAMP, spellings.YEAR_LAST.example) == dt.datetime(2024, 3, 5, 9, 5)
    assert read(Kind.TIMESTAMP, spellings.PACKED_INSTANT.example) == dt.datetime(2024, 3, 5, 9, 5)


@pytest.mark.parametrize(("number", "names"), [*enumerate(spellings.MONTH_NAMES, 1)])
def test_months_by_every_name(number: int, names: str) -> None:
    for name in names.split():
        assert read(Kind.DATE, f"5 {name.upper()} 2024") == dt.date(2024, number, 5)
    for weekday in spellings.WEEKDAY_NAMES.split():
        assert read(Kind.DATE, f"{weekday}. 5 {names.split(maxsplit=1)[0]} 2024") == dt.date(2024, number, 5)


def test_white_space_is_one_blank_and_invisible_characters_are_removed() -> None:
    assert as_seen("\u00a0a\u2009\n\u202f b\u00ad\u200b\ufeffc\u3000") == "a bc"
    assert trimmed("\u200b\u00a0a\u200db\u2028") == "a\u200db"
    assert without_unseen(" a\u200db ") == "ab"
