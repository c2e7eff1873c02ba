"""The CSV form of a drop: UTF-8, LF, RFC 4180 quoting, a header; null empty and unquoted, the empty string `""`.

Booleans are true and false, decimals carry their full scale, instants look like `2025-01-15T00:00:00Z` (a fraction only
where it is not zero). DuckDB writes it whatever the engine that computed, so that the bytes are one writer's; Arrow
reads it, which has nothing in common with that writer.

On request its spreadsheet-safe form stands beside it, because a spreadsheet runs cells as formulas. A text cell that
could be taken for one gets an apostrophe in front (OWASP, CSV injection): one that begins with a control character
(tab, carriage return and line feed among them), or whose first visible character is `=`, `+`, `-`, `@` or a variant of
these (a Japanese input method makes full-width ones, and spreadsheets read them). Columns of another type are
untouched, so numbers stay numbers.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pcsv

from pipeline.common.scratch_database import quoted, quoted_text, scratch_connection
from pipeline.contracts.contract import ExportContract


def write_csv(table: pa.Table, path: Path) -> None:
    """Write the rows of `table`, in their order; timestamps are in UTC."""
    plain = table.cast(pa.schema([field.with_type(_without_zone(field.type)) for field in table.schema]))
    cells = ", ".join(_cell(field) for field in plain.schema)
    with scratch_connection() as connection:
        connection.register("rows_in_order", plain)
        connection.execute(
            f"copy (select {cells} from rows_in_order) to {quoted_text(str(path))} "
            "(format csv, header, delimiter ',', nullstr '', quote '\"', escape '\"')"
        )


def _without_zone(kind: pa.DataType) -> pa.DataType:
    return pa.timestamp("us") if pa.types.is_timestamp(kind) else kind


def _cell(field: pa.Field) -> str:
    name = quoted(field.name)
    if not pa.types.is_timestamp(field.type):
        return name
    return (
        f"case when {name} is null then null "
        f"when date_part('microseconds', {name}) % 1000000 = 0 then strftime({name}, '%Y-%m-%dT%H:%M:%SZ') "
        f"else strftime({name}, '%Y-%m-%dT%H:%M:%S.%fZ') end as {name}"
    )


def read_csv(path: Path, contract: ExportContract) -> pa.Table | str:
    """Read the file as its contract types it; a text that says why it can't be read."""
    columns = {column.name: column.arrow_type for column in contract.exported_columns}
    header = _header(path)
    if header != list(columns):
        return "the header is not the manifest's list of columns"
    try:
        return pcsv.read_csv(
            path,
            # a row must fit a block, and a cell of JSON can be as long as the file
            read_options=pcsv.ReadOptions(block_size=max(path.stat().st_size, 1)),
            parse_options=pcsv.ParseOptions(newlines_in_values=True),
            convert_options=pcsv.ConvertOptions(
                column_types=columns,
                null_values=[""],
                strings_can_be_null=True,
                quoted_strings_can_be_null=False,
                true_values=["true"],
                false_values=["false"],
                timestamp_parsers=[pcsv.ISO8601],
            ),
        )
    except (pa.ArrowException, OSError, ValueError) as error:
        return f"can't be read as its contract says ({' '.join(str(error).split())[:200]})"


def _header(path: Path) -> list[str]:
    with path.open("rb") as file:
        line = file.readline(1_000_000)
    return line.decode("utf-8", "replace").rstrip("\n").split(",")


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
