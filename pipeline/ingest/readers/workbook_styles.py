"""Reads a workbook's styles: whether they show a number as a date, a duration, another currency or a percentage."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Final

from pipeline.ingest.readers.workbook_xml import elements


class Form(Enum):
    """The kind of value as which a format shows a number."""

    NUMBER = "number"
    INSTANT = "instant"
    ELAPSED = "elapsed"
    """A duration, which may be longer than a day: `[h]:mm`."""


@dataclass(frozen=True)
class Style:
    """How a style shows a number: its form, its currency if it is not the dollar, and whether it is in percent.

    `zip_digits` is the number of digits of a postal code, 5 or 9, which is shown with leading zeros; otherwise 0.
    """

    form: Form = Form.NUMBER
    currency: str = ""
    is_percent: bool = False
    zip_digits: int = 0


_BUILT_IN: Final[dict[int, Form]] = {
    **dict.fromkeys((*range(14, 23), *range(27, 37), 45, 47, *range(50, 59)), Form.INSTANT),
    46: Form.ELAPSED,
}
"""The built-in date formats, which have a number but no code (ECMA-376 part 1, 18.8.30, including East Asian ones)."""
_ZIP_FORMATS: Final = {"00000": 5, "00000-0000": 9}
_BUILT_IN_PERCENT: Final = frozenset({9, 10})
PLAIN: Final = Style()
_LONGEST_FORMAT: Final = 1_000
_NOT_OF_THE_FORM: Final = re.compile(r'"[^"]*"?|[\\_*].?|\[(?![hms]+\])[^\]]*\]?', re.IGNORECASE | re.DOTALL)
"""The parts of a format that do not determine its form: quoted and escaped text, fillings, colours, conditions."""


_FILLING: Final = re.compile(r"[_*].", re.DOTALL)
"""A blank as wide as a character that is not shown: French formats for any number contain `_€`."""
_CURRENCY_CODE: Final = re.compile(
    r"\[\$(?!US ?\$|USD|\$?[-\]])([^\]-]+)|\b(EUR|GBP|CHF|CAD|AUD|NZD|JPY|CNY|MXN|SEK|NOK|DKK|PLN|INR|BRL|ZAR)\b"
)
"""`[$C$-1009]`, `[$CHF-807]`, `"EUR"`. But `[$-409]` only names a language, `[$$-409]` and `[$USD]` the dollar."""
_CURRENCY_WORD: Final = re.compile(
    r"(?<![^\W_])(?:(?:A|AU|C|CA|HK|MX|NT|NZ|R|S)\$|(?:kr|zł|Kč|руб|SFr|Fr|Rs)(?![^\W_]))"
)
"""`"R$"`, `"kr"`: other dollars, and currencies whose sign is a word."""


def form_of(code: str) -> Form:
    """Return the form of a format: an instant for `m/d/yy`, a number for `[Red]0.00`, a duration for `[h]:mm`."""
    first = _NOT_OF_THE_FORM.sub("", code[:_LONGEST_FORMAT]).partition(";")[0].lower()
    if "[" in first:
        return Form.ELAPSED
    if "general" in first or "standard" in first:
        return Form.NUMBER
    return Form.INSTANT if re.search("[dmyhs]", first) else Form.NUMBER


def is_percent(code: str) -> bool:
    """Return whether a format shows 0.35 as 35 %: `0.0%` does, `0"%"` does not."""
    return "%" in _NOT_OF_THE_FORM.sub("", code[:_LONGEST_FORMAT]).partition(";")[0]


def zip_digits_of(code: str) -> int:
    """Return the number of digits of a postal code's format: 5 for `00000`, 9 for `00000-0000`, otherwise 0."""
    return _ZIP_FORMATS.get(code.replace("\\", "").replace('"', "").removesuffix(";@"), 0)


def currency_of(code: str) -> str:
    """Return the currency that a format shows, if it is not the dollar: `€` for `#,##0.00 [$€-407]`.

    The text of the cell then contains the currency, as in a CSV export (spellings.CURRENCY).
    """
    shown = _FILLING.sub("", code[:_LONGEST_FORMAT])
    named = _CURRENCY_CODE.search(shown)
    signs = [sign for sign in shown if unicodedata.category(sign) == "Sc" and sign not in "$¤"]
    word = _CURRENCY_WORD.search(re.sub(r'["\\]', "", shown))
    named_sign = named[1] or named[2] if named else word[0] if word else ""
    return (signs or [named_sign])[0]


def read_styles(pieces: Iterable[bytes]) -> list[Style]:
    """Return all cell styles, in the order of the numbers by which cells refer to them."""
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
    """Parse a whole number of at most 9 digits; return -1 for any other text."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else -1
