"""Reading a sample's files with libraries that ingest does not use."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pyarrow as pa
from pyarrow import csv

WORKBOOKS = {
    "lmn_contacts": "Contacts Export.xlsx",
    "lmn_leads": "Leads List.xlsx",
    "lmn_estimates": "LE Estimates List.xlsx",
    "lmn_jobsites": "Jobsite Export (1).xlsx",
}


def read_csv(path: Path) -> pa.Table:
    """Read a CSV with every column as text; only an empty field without quotes is null."""
    header = path.read_text(encoding="utf-8").partition("\n")[0].replace('"', "").split(",")
    options = csv.ConvertOptions(
        column_types=dict.fromkeys(header, pa.string()), strings_can_be_null=True, quoted_strings_can_be_null=False
    )
    return csv.read_csv(path, parse_options=csv.ParseOptions(newlines_in_values=True), convert_options=options)


def read_workbook(path: Path) -> list[dict[str, object]]:
    """Read the rows of a workbook by header, with cells as openpyxl reads them, including the empty row."""
    rows = openpyxl.load_workbook(path).worksheets[0].iter_rows(values_only=True)
    headers = [str(header) for header in next(rows)]
    return [dict(zip(headers, row, strict=True)) for row in rows]
