"""The workbook form of a drop's lists, on request: for people who open them rather than load them.

Numbers, dates and instants (UTC) are typed cells. Ids are texts, even if they are whole numbers, so that spreadsheets
neither round them nor drop leading zeros. A text is never a formula, whatever it begins with.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa

from pipeline.common.saved_workbook import save_workbook

if TYPE_CHECKING:
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.worksheet._write_only import WriteOnlyWorksheet

XLSX_LISTS: Final = frozenset({"at_risk_accounts", "neglected_accounts"})
"""The exports that get a workbook: lists that people work through."""

MAX_CELL: Final = 32_767
"""The most characters in a cell of a workbook; a longer text is cut, and only CSV and Parquet have all of it."""

_MAX_SHEET_NAME: Final = 31
_TEXT: Final = "@"
_DAY: Final = "yyyy-mm-dd"
_INSTANT: Final = "yyyy-mm-dd hh:mm:ss"
_UNWRITABLE: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
"""Characters that XML can't hold."""


def write_xlsx(table: pa.Table, path: Path) -> None:
    """Write the rows of `table`, in their order, as a workbook of one sheet with a frozen header."""
    from openpyxl import Workbook

    workbook = Workbook(write_only=True)
    sheet = workbook.create_sheet(path.name.partition(".")[0][:_MAX_SHEET_NAME])
    sheet.freeze_panes = "A2"
    writers = [_writer(sheet, field.type) for field in table.schema]
    sheet.append([_text_cell(sheet, name) for name in table.schema.names])
    for batch in table.to_batches():
        for row in zip(*(column.to_pylist() for column in batch.columns), strict=True):
            sheet.append([write(value) for write, value in zip(writers, row, strict=True)])
    save_workbook(workbook, path)


def _writer(sheet: WriteOnlyWorksheet, kind: pa.DataType) -> Callable[[Any], Any]:
    """Return the function that makes a cell of a value of this type."""
    if pa.types.is_string(kind) or pa.types.is_int64(kind):
        return lambda value: None if value is None else _text_cell(sheet, str(value))
    if pa.types.is_timestamp(kind):
        return lambda value: None if value is None else _formatted(sheet, value.replace(tzinfo=None), _INSTANT)
    if pa.types.is_date(kind):
        return lambda value: None if value is None else _formatted(sheet, value, _DAY)
    if pa.types.is_decimal(kind):
        return lambda value: None if value is None else _formatted(sheet, value, "0." + "0" * kind.scale)
    return lambda value: value


def _text_cell(sheet: WriteOnlyWorksheet, text: str) -> WriteOnlyCell:
    """Make a cell that is a text, even if it begins with a formula sign."""
    cell = _formatted(sheet, _UNWRITABLE.sub("\ufffd", text)[:MAX_CELL], _TEXT)
    cell.data_type = "s"
    return cell


def _formatted(sheet: WriteOnlyWorksheet, value: Any, number_format: str) -> WriteOnlyCell:
    from openpyxl.cell import WriteOnlyCell

    cell = WriteOnlyCell(sheet, value)
    cell.number_format = number_format
    return cell
