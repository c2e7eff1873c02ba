"""Chooses the reader for a file by its suffix."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from pipeline.ingest.readers import OpenTable
from pipeline.settings import CodePage

FORMATS: Final = (".csv", ".parquet", ".xlsx")


def open_file(path: Path, where: str, known_headers: Sequence[str], code_page: CodePage = "auto") -> OpenTable:
    """Open a file according to its suffix. `known_headers` help to find the line of headers.

    Raises WarehouseError, which calls the file `where`, if the file can't be read.
    """
    match path.suffix.lower():
        case ".parquet":
            from pipeline.ingest.readers.parquet import ParquetFile

            return ParquetFile(path, where)
        case ".xlsx":
            from pipeline.ingest.readers.xlsx import XlsxFile

            return XlsxFile(path, where, known_headers)
        case _:
            from pipeline.ingest.readers.csv_file import CsvFile

            return CsvFile(path, where, known_headers, code_page)
