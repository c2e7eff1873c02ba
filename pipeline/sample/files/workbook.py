"""The workbooks of a sample, one sheet each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from pathlib import Path

from openpyxl import Workbook
from openpyxl.utils.datetime import CALENDAR_MAC_1904

from pipeline.common.saved_workbook import save_workbook

Cell = str | int | float | bool | date | datetime | None


def write_workbook(path: Path, title: str, rows: Iterable[Sequence[Cell]], *, since_1904: bool = False) -> None:
    """Write one sheet of `rows`, the headers first; with `since_1904` dates count from 1904, as on old Macs."""
    workbook = Workbook(write_only=True)
    if since_1904:
        workbook.epoch = CALENDAR_MAC_1904
    sheet = workbook.create_sheet(title)
    for row in rows:
        sheet.append(list(row))
    save_workbook(workbook, path)
