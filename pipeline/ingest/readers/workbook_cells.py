"""Converts a workbook's cells to text, according to their types, styles (is it a date?) and the shared texts."""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Iterable
from decimal import Decimal
from typing import Final

from pipeline.ingest.readers.workbook_styles import PLAIN, Form, Style, whole_number
from pipeline.ingest.readers.workbook_xml import (
    DEEPEST,
    Attributes,
    WorkbookXmlError,
    XmlParser,
    local_name,
    too_deep,
)
from pipeline.ingest.values.cells import UNSTORED_FORMULA, text_of
from pipeline.ingest.values.spellings import SPREADSHEET_ERRORS

MOST_SHARED_TEXT_BYTES: Final = 512 * 1024 * 1024
_BYTES_OF_A_TEXT: Final = 56
"""The memory that Python needs for a text in addition to its characters."""
_MOST_REMEMBERED: Final = 100_000

_ESCAPED: Final = re.compile(r"_x([0-9A-Fa-f]{4})_")
"""A character that XML can't represent: `_x000D_` is a carriage return. `_x005F_` escapes an underscore."""

_EPOCH_1900: Final = dt.datetime(1899, 12, 30)
_EPOCH_1904: Final = dt.datetime(1904, 1, 1)
_FIRST_OF_MARCH_1900: Final = 61
"""Earlier day numbers are one lower, because spreadsheets count a 29 February 1900."""
_DAYS: Final = 2_958_466
"""The day number of 10000-01-01, the first day that spreadsheets do not support."""
_MILLISECONDS_A_DAY: Final = 86_400_000


def read_shared_texts(pieces: Iterable[bytes]) -> list[str]:
    """Return the texts that cells refer to by number. Runs of rich text are joined; phonetic readings are left out."""
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
    """Replace escapes such as `_x000D_` by their characters; halves of surrogate pairs stay as they are."""
    if "_x" not in text:
        return text
    return _ESCAPED.sub(lambda found: found[0] if 0xD800 <= (code := int(found[1], 16)) < 0xE000 else chr(code), text)


class CellTexts:
    """Converts the cells of one workbook to text. Converted numbers and dates are cached, because most recur."""

    def __init__(self, shared: list[str], styles: list[Style], *, dates_from_1904: bool) -> None:
        self._shared = shared
        self._styles = styles
        self._epoch = _EPOCH_1904 if dates_from_1904 else _EPOCH_1900
        self._remembered: dict[tuple[str, str | None], str] = {}

    def of_value(self, kind: str | None, style: str | None, value: str) -> str:
        """Return the text of a cell's value. `kind` is its type (`t`), `style` the number of its style (`s`)."""
        if kind is None or kind == "n":
            if style is None and len(value) < 16 and value[0] in "123456789":
                # most amounts are plain digits and need no conversion: this saves 30 % of reading numbers (2026-11)
                digits = value.replace(".", "", 1)
                if digits.isdigit() and digits.isascii() and (digits is value or value[-1] not in "0."):
                    return value
            key = (value, style)
            text = self._remembered.get(key)
            if text is None:
                text = self._number(value, PLAIN if style is None else self._style(style))
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
        """Return the text of a cell without a value: a formula that was not calculated, an error, or None."""
        if kind == "e":
            return "#VALUE!"
        if has_formula and kind != "str":
            return UNSTORED_FORMULA
        return "" if has_formula else None

    @staticmethod
    def of_runs(runs: list[str]) -> str:
        """Return the text of a cell that contains its text, in one run or, with rich text, in several."""
        return unescaped(runs[0] if len(runs) == 1 else "".join(runs))

    def _shared_text(self, value: str) -> str:
        at = whole_number(value.strip())
        if not 0 <= at < len(self._shared):
            raise WorkbookXmlError(f"a cell refers to the shared text {value[:20]!r}, of which there is none")
        return self._shared[at]

    def _style(self, style: str) -> Style:
        at = whole_number(style)
        return self._styles[at] if 0 <= at < len(self._styles) else PLAIN

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
        text = number_text(value, number)
        if style.is_percent:  # the value in percent, as the workbook shows it
            return f"{format(Decimal(text).scaleb(2).normalize(), 'f')}%"
        if style.zip_digits and text.isdigit():
            text = text.zfill(style.zip_digits)
            return f"{text[:-4]}-{text[-4:]}" if style.zip_digits > 5 else text
        return style.currency + text


def number_text(value: str, number: float) -> str:
    """Return a number as people write it: whole numbers without a point, `1.1` for the double 1.1000000000000001.

    A number that a spreadsheet rounded and wrote with an exponent keeps the exponent, because an id has lost digits.
    """
    if value.isascii() and value.removeprefix("-").isdigit() and not value.lstrip("-").startswith("0"):
        return value
    return text_of(number) if abs(number) < 1e15 else f"{number:.15g}".upper()


def _of_serial(days: float, epoch: dt.datetime) -> str:
    """Return the date and time of a day number (lmn-format Values); for a number below 1, only the time."""
    whole = int(days)
    # a double represents a day number to about a microsecond: rounding to milliseconds restores the intended time
    milliseconds = min(int((days - whole) * _MILLISECONDS_A_DAY + 0.5), _MILLISECONDS_A_DAY - 1)
    if whole < _FIRST_OF_MARCH_1900 - 1 and epoch == _EPOCH_1900:
        whole += 1
    try:
        moment = epoch + dt.timedelta(days=whole, milliseconds=milliseconds)
    except OverflowError:
        return number_text("", days)
    return moment.time().isoformat() if days < 1 else text_of(moment)


def _of_span(days: float) -> str:
    """Return a duration as the format `[h]:mm:ss` shows it: 26:30:00."""
    minutes, seconds = divmod(round(days * 86_400), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}"


def _of_iso(value: str) -> str:
    """Return an ISO date and time (2024-03-05T00:00:00) in the form of other date cells."""
    try:
        return text_of(dt.datetime.fromisoformat(value))
    except ValueError:
        return value
