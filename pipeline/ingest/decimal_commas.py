"""Finds columns in which 12.000 is ambiguous, because other amounts are like 1.234,50, or none has decimals."""

from __future__ import annotations

from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from pipeline.ingest.schema import Column, Kind
from pipeline.ingest.typed_columns import TypedColumn, unpacked
from pipeline.ingest.values.numbers import DECIMAL_SIZES, EITHER_AMOUNT

_FIRST_ROWS: Final = 1024
"""Most columns show within these rows whether their points separate decimals."""


class DecimalCommas:
    """The columns of one file in which 12.000 may mean 12 thousand and is therefore rejected; elsewhere it is 12.

    An amount with a decimal comma (which is itself rejected: lmn-format, Values) makes its own column ambiguous, as
    well as every column whose points are always followed by three digits. In a column of money, 12.000 is also
    ambiguous if there are amounts such as 850 (a tool that writes three decimals writes 850.000), and in a file with
    semicolons between cells, where decimal commas are usual. `date_order.OrderOfFile` does the same for dates (D41).
    """

    def __init__(self) -> None:
        self._with_commas: set[str] = set()
        self._with_decimals: set[str] = set()
        self._open: set[str] = set()
        """Columns with amounts such as 12.000. If a column is also in `_with_decimals`, they are not ambiguous."""
        self._money: set[str] = set()
        self._whole_money: set[str] = set()
        self.has_semicolons = False
        """Whether semicolons separate the file's cells."""
        self.in_force: frozenset[str] = frozenset()

    def examine(self, column: Column, raw: pa.Array, typed: TypedColumn) -> None:
        """Examine the next amounts of a column, as written (`raw`) and as read (`typed`)."""
        if column.kind not in DECIMAL_SIZES or pa.types.is_primitive(raw.type):
            return
        if typed.has_decimal_comma:
            self._with_commas.add(column.name)
        if column.name not in self._with_decimals:
            self._look_at_points(column, unpacked(raw.slice(0, _FIRST_ROWS)), typed.array.slice(0, _FIRST_ROWS))
        if column.name not in self._with_decimals and len(raw) > _FIRST_ROWS:
            self._look_at_points(column, unpacked(raw), typed.array)

    def _look_at_points(self, column: Column, raw: pa.Array, typed: pa.Array) -> None:
        if not (pa.types.is_string(raw.type) or pa.types.is_binary(raw.type)):
            return
        is_amount = pc.is_valid(typed)
        has_point = pc.and_(is_amount, pc.fill_null(pc.match_substring(raw, "."), False))
        if pc.any(has_point).as_py():
            is_either = pc.fill_null(pc.match_substring_regex(raw, EITHER_AMOUNT), False)
            shows_decimals = pc.any(pc.and_not(has_point, is_either)).as_py()
            (self._with_decimals if shows_decimals else self._open).add(column.name)
        if column.kind is Kind.MONEY:
            self._money.add(column.name)
            if pc.any(pc.and_not(is_amount, has_point)).as_py():
                self._whole_money.add(column.name)

    def settle(self) -> bool:
        """Decide after the whole file which columns are ambiguous; return whether the file must be read again."""
        in_doubt = self._open - self._with_decimals
        if not self._with_commas - self._with_decimals:  # a comma in a column with decimal points is a typing error
            in_doubt &= self._money if self.has_semicolons else self._whole_money
        found = frozenset(self._with_commas | in_doubt)
        must_repeat = found != self.in_force
        self.in_force = found
        return must_repeat
