"""What a workbook's styles say about a number: a date, a time span, another currency, a percentage."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Final

from pipeline.ingest.readers.workbook_xml import elements


class Form(Enum):
    """What a number's format makes of it."""

    NUMBER = "number"
    INSTANT = "instant"
    ELAPSED = "elapsed"
    """Hours, minutes or seconds that go beyond a day, as in `[h]:mm`."""


@dataclass(frozen=True)
class Style:
    """What a style shows of a number: its form, a currency that is not the dollar, whether it is in percent.

    `zip_digits` are those of a postal code, 5 or 9, before which zeros are shown; 0 of anything else.
    """

    form: Form = Form.NUMBER
    currency: str = ""
    is_percent: bool = False
    zip_digits: int = 0


_BUILT_IN: Final[dict[int, Form]] = {
    **dict.fromkeys((*range(14, 23), *range(27, 37), 45, 47, *range(50, 59)), Form.INSTANT),
    46: Form.ELAPSED,
}
"""The formats that have a number and no code (ECMA-376 part 1, 18.8.30, with those of East Asia)."""
_ZIP_FORMATS: Final = {"00000": 5, "00000-0000": 9}
_BUILT_IN_PERCENT: Final = frozenset({9, 10})
PLAIN: Final = Style()
_LONGEST_FORMAT: Final = 1_000
_NOT_OF_THE_FORM: Final = re.compile(r'"[^"]*"?|[\\_*].?|\[(?![hms]+\])[^\]]*\]?', re.IGNORECASE | re.DOTALL)
"""Quoted text, what follows a backslash or stands for a blank or a filling, colours, currencies and conditions."""


_FILLING: Final = re.compile(r"[_*].", re.DOTALL)
"""A blank as wide as a character, which is not shown: French formats for any number have `_€`."""
_CURRENCY_CODE: Final = re.compile(
    r"\[\$(?!US ?\$|USD|\$?[-\]])([^\]-]+)|\b(EUR|GBP|CHF|CAD|AUD|NZD|JPY|CNY|MXN|SEK|NOK|DKK|PLN|INR|BRL|ZAR)\b"
)
"""`[$C$-1009]`, `[$CHF-807]`, `"EUR"`; `[$-409]` names a language alone, `[$$-409]` and `[$USD]` the dollar."""
_CURRENCY_WORD: Final = re.compile(
    r"(?<![^\W_])(?:(?:A|AU|C|CA|HK|MX|NT|NZ|R|S)\$|(?:kr|zł|Kč|руб|SFr|Fr|Rs)(?![^\W_]))"
)
"""`"R$"`, `"kr"`: other dollars, and currencies that have a word for a sign."""


def form_of(code: str) -> Form:
    """Return what a format makes of a number: `m/d/yy` an instant, `[Red]0.00` a number, `[h]:mm` a time span."""
    first = _NOT_OF_THE_FORM.sub("", code[:_LONGEST_FORMAT]).partition(";")[0].lower()
    if "[" in first:
        return Form.ELAPSED
    if "general" in first or "standard" in first:
        return Form.NUMBER
    return Form.INSTANT if re.search("[dmyhs]", first) else Form.NUMBER


def is_percent(code: str) -> bool:
    """Return whether a format shows 35 % of 0.35: `0.0%`, and not `0"%"`."""
    return "%" in _NOT_OF_THE_FORM.sub("", code[:_LONGEST_FORMAT]).partition(";")[0]


def zip_digits_of(code: str) -> int:
    """Return how many digits a postal code's format shows: 5 of `00000`, 9 of `00000-0000`, else 0."""
    return _ZIP_FORMATS.get(code.replace("\\", "").replace('"', "").removesuffix(";@"), 0)


def currency_of(code: str) -> str:
    """Return the currency that a format shows, if it is not the dollar: `€` of `#,##0.00 [$€-407]`.

    The number is an amount in it, which a CSV file would show, too (spellings.CURRENCY).
    """
    shown = _FILLING.sub("", code[:_LONGEST_FORMAT])
    named = _CURRENCY_CODE.search(shown)
    signs = [sign for sign in shown if unicodedata.category(sign) == "Sc" and sign not in "$¤"]
    word = _CURRENCY_WORD.search(re.sub(r'["\\]', "", shown))
    named_sign = named[1] or named[2] if named else word[0] if word else ""
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
            style = Style(form_of(code), currency_of(code), is_percent(code), zip_digits_of(code))
            codes[attributes.get("numFmtId", "")] = style
        elif name == "xf" and group == "cellXfs":
            styles.append(attributes.get("numFmtId", "0"))
    return [codes.get(style) or _built_in(whole_number(style)) for style in styles]


def _built_in(number: int) -> Style:
    return Style(_BUILT_IN.get(number, Form.NUMBER), is_percent=number in _BUILT_IN_PERCENT)


def whole_number(text: str) -> int:
    """Return a number that a workbook writes as text; -1 if it is none."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else -1
