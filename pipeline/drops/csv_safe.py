"""The spreadsheet-safe CSV: the same rows for people who open a CSV in a spreadsheet, which runs cells as formulas.

A text cell that a spreadsheet could take for a formula gets an apostrophe in front (OWASP, CSV injection): one that
begins with a control character (tab, carriage return and line feed among them), or whose first visible character is
`=`, `+`, `-`, `@` or a variant of these (a Japanese input method makes full-width ones, and spreadsheets read them).
Columns of another type are untouched, so numbers stay numbers. The exact CSV stands beside this one.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from pipeline.drops.csv_file import write_csv

SAFE_SUFFIX: Final = "safe.csv"

_STARTS: Final = "=+\\-@＝＋－＠﹦﹢﹣﹫⁼₌⁺₊﬩"
"""The formula signs and every character that Unicode holds for a form of one (NFKC)."""
_UNSEEN: Final = r"\s\x{a0}\x{ad}\x{1680}\x{180e}\x{2000}-\x{200f}\x{2028}-\x{202f}\x{205f}-\x{206f}\x{3000}\x{feff}"
_FORMULA: Final = rf"^(?:[\x00-\x1f\x7f]|[{_UNSEEN}]*[{_STARTS}])"


def write_safe_csv(table: pa.Table, path: Path) -> None:
    """Write the rows of `table`, in their order, with no cell that a spreadsheet would run."""
    write_csv(neutralised(table), path)


def neutralised(table: pa.Table) -> pa.Table:
    """Put an apostrophe before every text cell that could be a formula."""
    columns = [_neutralised(column) if pa.types.is_string(column.type) else column for column in table.columns]
    return pa.table(columns, names=table.column_names)


def _neutralised(column: pa.ChunkedArray) -> pa.ChunkedArray:
    if column.null_count == len(column):
        return column
    is_formula = pc.match_substring_regex(column, _FORMULA)
    return pc.if_else(is_formula, pc.binary_join_element_wise(pa.scalar("'"), column, pa.scalar("")), column)
