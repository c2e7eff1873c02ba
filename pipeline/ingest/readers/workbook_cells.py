"""What a workbook's cell holds, as text: by its type, its style (is it a date?) and the workbook's shared texts."""

from __future__ import annotations

import datetime as dt
import math
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Final

from pipeline.ingest.readers.workbook_xml import (
    DEEPEST,
    Attributes,
    WorkbookXmlError,
    XmlParser,
    elements,
    local_name,
    too_deep,
)
from pipeline.ingest.values.cells import UNSTORED_FORMULA, text_of
from pipeline.ingest.values.spellings import SPREADSHEET_ERRORS

MOST_SHARED_TEXT_BYTES: Final = 512 * 1024 * 1024
_BYTES_OF_A_TEXT: Final = 56
"""What Python keeps beside a text's characters."""
_MOST_REMEMBERED: Final = 100_000

_ESCAPED: Final = re.compile(r"_x([0-9A-Fa-f]{4})_")
"""A character that XML has none for: `_x000D_` is a carriage return, `_x005F_` the underscore of a text like these."""

_EPOCH_1900: Final = dt.datetime(1899, 12, 30)
_EPOCH_1904: Final = dt.datetime(1904, 1, 1)
_FIRST_OF_MARCH_1900: Final = 61
"""Before it a spreadsheet's days are one more, since it counts a 29 February 1900."""
_DAYS: Final = 2_958_466
"""The day number of the first day that a spreadsheet does not have: 10000-01-01."""
_MILLISECONDS_A_DAY: Final = 86_400_000


class Form(Enum):
    """What a number's format makes of it."""

    NUMBER = "number"
    INSTANT = "instant"
    ELAPSED = "elapsed"
    """Hours, minutes or seconds that go beyond a day, as in `[h]:mm`."""


@dataclass(frozen=True)
class Style:
    """What a style shows of a number: its form, and a currency that is not the dollar."""

    form: Form = Form.NUMBER
    currency: str = ""


_BUILT_IN: Final[dict[int, Form]] = {
    **dict.fromkeys((*range(14, 23), *range(27, 37), 45, 47, *range(50, 59)), Form.INSTANT),
    46: Form.ELAPSED,
}
"""The formats that have a number and no code (ECMA-376 part 1, 18.8.30, with those of East Asia)."""
_PLAIN: Final = Style()
_LONGEST_FORMAT: Final = 1_000
_NOT_OF_THE_FORM: Final = re.compile(r'"[^"]*"?|[\\_*].?|\[(?![hms]+\])[^\]]*\]?', re.IGNORECASE | re.DOTALL)
"""Quoted text, what follows a backslash or stands for a blank or a filling, colours, currencies and conditions."""


_FILLING: Final = re.compile(r"[_*].", re.DOTALL)
"""A blank as wide as a character, which is not shown: French formats for any number have `_€`."""
_CURRENCY_CODE: Final = re.compile(
    r"\[\$(?!US ?\$|USD|\$?[-\]])([^\]-]+)|\b(EUR|GBP|CHF|CAD|AUD|NZD|JPY|CNY|MXN|SEK|NOK|DKK|PLN|INR|BRL|ZAR)\b"
)
"""`[$C$-1009]`, `[$CHF-807]`, `"EUR"`; `[$-409]` names a language alone, `[$$-409]` and `[$USD]` the dollar."""


def form_of(code: str) -> Form:
    """Return what a format makes of a number: `m/d/yy` an instant, `[Red]0.00` a number, `[h]:mm` a time span."""
    first = _NOT_OF_THE_FORM.sub("", code[:_LONGEST_FORMAT]).partition(";")[0].lower()
    if "[" in first:
        return Form.ELAPSED
    if "general" in first or "standard" in first:
        return Form.NUMBER
    return Form.INSTANT if re.search("[dmyhs]", first) else Form.NUMBER


def currency_of(code: str) -> str:
    """Return the currency that a format shows, if it is not the dollar: `€` of `#,##0.00 [$€-407]`.

    The number is an amount in it, which a CSV file would show, too (spellings.CURRENCY).
    """
    shown = _FILLING.sub("", code[:_LONGEST_FORMAT])
    named = _CURRENCY_CODE.search(shown)
    signs = [sign for sign in shown if unicodedata.category(sign) == "Sc" and sign not in "$¤"]
    named_sign = named[1] or named[2] if named else ""
    return (signs or [named_sign])[0]


def read_styles(pieces: Iterable[bytes]) -> list[Style]:
    """Return each cell style, in the order in which cells refer to them."""
    codes: dict[str, Style] = {}
    styles: list[str] = []
    group = ""
    for name, attributes in elements(pieces):
        if name in ("numFmts", "cellXfs", "cellStyleXfs", "cellStyles", "dxfs"):
            group = name
        elif name == "numFmt" and group == "numFmts":
            code = attributes.get("formatCode", "")
            codes[attributes.get("numFmtId", "")] = Style(form_of(code), currency_of(code))
        elif name == "xf" and group == "cellXfs":
            styles.append(attributes.get("numFmtId", "0"))
    return [codes.get(style) or Style(_BUILT_IN.get(_whole(style), Form.NUMBER)) for style in styles]


def _whole(text: str) -> int:
    """Return a number that a workbook writes as text; -1 if it is none."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else -1


def read_shared_texts(pieces: Iterable[bytes]) -> list[str]:
    """Return the texts that cells refer to by number. Runs of rich text are joined, without what tells their sound."""
    texts: list[str] = []
    runs: list[str] = []
    kept = depth = 0
    silent_above = DEEPEST
    kinds: dict[str, str] = {}

    def start(name: str, attributes: Attributes) -> None:
        nonlocal depth, silent_above
        depth += 1
        if depth > DEEPEST:
            raise too_deep()
        kind = kinds.get(name)
        if kind is None:
            kind = kinds[name] = local_name(name)
            parser.note_names((name,))
        if attributes:
            parser.note_names(attributes)
        if kind == "si":
            runs.clear()
        elif kind == "t":
            parser.is_in_text = True
            parser.texts.clear()
        elif kind == "rPh" and silent_above == DEEPEST:
            silent_above = depth

    def end(name: str) -> None:
        nonlocal depth, kept, silent_above
        depth -= 1
        kind = kinds[name]
        if kind == "t":
            parser.is_in_text = False
            if depth < silent_above:
                runs.append("".join(parser.texts))
        elif kind == "rPh" and depth < silent_above:
            silent_above = DEEPEST
        elif kind == "si":
            text = unescaped("".join(runs))
            kept += len(text) + _BYTES_OF_A_TEXT
            if kept > MOST_SHARED_TEXT_BYTES:
                raise WorkbookXmlError(f"its shared texts take more than {MOST_SHARED_TEXT_BYTES // 1024**2} MiB")
            texts.append(text)

    parser = XmlParser(start, end)
    for piece in pieces:
        parser.feed(piece)
    parser.feed(b"", is_last=True)
    return texts


def unescaped(text: str) -> str:
    """Return a text with its characters for `_x000D_` and the like; halves of a character stay as they are."""
    if "_x" not in text:
        return text
    return _ESCAPED.sub(lambda found: found[0] if 0xD800 <= (code := int(found[1], 16)) < 0xE000 else chr(code), text)


class CellTexts:
    """The texts of a workbook's cells. What was made of a day or a number is remembered, since most come again."""

    def __init__(self, shared: list[str], styles: list[Style], *, dates_from_1904: bool) -> None:
        self._shared = shared
        self._styles = styles
        self._epoch = _EPOCH_1904 if dates_from_1904 else _EPOCH_1900
        self._remembered: dict[tuple[str, str | None], str] = {}

    def of_value(self, kind: str | None, style: str | None, value: str) -> str:
        """Return the text of a cell's value: `kind` is its type (`t`), `style` its style's number (`s`)."""
        if kind is None or kind == "n":
            if style is None and len(value) < 16 and value[0] in "123456789":
                # plain digits, as most amounts are, are what they say: 30 % of the reading of numbers (2026-11)
                digits = value.replace(".", "", 1)
                if digits.isdigit() and digits.isascii() and (digits is value or value[-1] not in "0."):
                    return value
            key = (value, style)
            text = self._remembered.get(key)
            if text is None:
                text = self._number(value, _PLAIN if style is None else self._style(style))
                if len(self._remembered) >= _MOST_REMEMBERED:
                    self._remembered.clear()
                self._remembered[key] = text
            return text
        match kind:
            case "s":
                return self._shared_text(value)
            case "b":
                flag = value.strip().lower()
                return {"1": "true", "0": "false"}.get(flag, flag)
            case "e":
                error = value.strip().upper()
                return error if error in SPREADSHEET_ERRORS else "#VALUE!"
            case "d":
                return _of_iso(value.strip())
            case _:
                return unescaped(value)

    @staticmethod
    def of_nothing(kind: str | None, *, has_formula: bool) -> str | None:
        """Return the text of a cell without a value: a formula that was not calculated, an error, or none."""
        if kind == "e":
            return "#VALUE!"
        if has_formula and kind != "str":
            return UNSTORED_FORMULA
        return "" if has_formula else None

    @staticmethod
    def of_runs(runs: list[str]) -> str:
        """Return the text of a cell that holds it itself, in one run or, where its letters differ, in several."""
        return unescaped(runs[0] if len(runs) == 1 else "".join(runs))

    def _shared_text(self, value: str) -> str:
        at = _whole(value.strip())
        if not 0 <= at < len(self._shared):
            raise WorkbookXmlError(f"a cell refers to the shared text {value[:20]!r}, of which there is none")
        return self._shared[at]

    def _style(self, style: str) -> Style:
        at = _whole(style)
        return self._styles[at] if 0 <= at < len(self._styles) else _PLAIN

    def _number(self, value: str, style: Style) -> str:
        value = value.strip()
        try:
            number = float(value)
        except ValueError:
            return value
        if not math.isfinite(number) or "_" in value:
            return value
        if style.form is not Form.NUMBER and 0 <= number < _DAYS:
            return _of_serial(number, self._epoch) if style.form is Form.INSTANT else _of_span(number)
        return style.currency + number_text(value, number)


def number_text(value: str, number: float) -> str:
    """Return a number as people write it: whole ones without a point, `1.1` for the 1.1000000000000001 of a double.

    One that a spreadsheet has rounded, and so writes with an exponent, keeps it: an id has lost digits by that.
    """
    if value.isascii() and value.removeprefix("-").isdigit() and not value.lstrip("-").startswith("0"):
        return value
    return text_of(number) if abs(number) < 1e15 else f"{number:.15g}".upper()


def _of_serial(days: float, epoch: dt.datetime) -> str:
    """Return the instant of a day number, floored (lmn-format Values); of one below 1 the time alone."""
    whole = int(days)
    # a double holds a day number to about a microsecond; whole milliseconds are what the sheet meant, of this day
    milliseconds = min(int((days - whole) * _MILLISECONDS_A_DAY + 0.5), _MILLISECONDS_A_DAY - 1)
    if whole < _FIRST_OF_MARCH_1900 - 1 and epoch == _EPOCH_1900:
        whole += 1
    try:
        moment = epoch + dt.timedelta(days=whole, milliseconds=milliseconds)
    except OverflowError:
        return number_text("", days)
    return moment.time().isoformat() if days < 1 else text_of(moment)


def _of_span(days: float) -> str:
    """Return a span of time as the format `[h]:mm:ss` shows it: 26:30:00."""
    minutes, seconds = divmod(round(days * 86_400), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}"


def _of_iso(value: str) -> str:
    """Return an instant of the strict form (2024-03-05T00:00:00) as the other cells write theirs."""
    try:
        return text_of(dt.datetime.fromisoformat(value))
    except ValueError:
        return value
