"""Reads a drop's CSV back into typed columns, by Arrow's reader, which has nothing in common with what wrote it."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pcsv

from pipeline.contracts.contract import ExportContract


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
