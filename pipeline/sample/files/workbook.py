"""Excel workbooks whose bytes depend on their cells alone.

openpyxl writes the time of saving into a workbook's properties and its zip entries; both are set to a fixed time here.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Final

from openpyxl import Workbook
from openpyxl.utils.datetime import CALENDAR_MAC_1904

Cell = str | int | float | bool | date | datetime | None

_ZIP_TIME: Final = (1980, 1, 1, 0, 0, 0)
_SAVED: Final = re.compile(rb"(<dcterms:(created|modified)[^>]*>)[^<]*(</dcterms:)")


def write_workbook(path: Path, title: str, rows: Iterable[Sequence[Cell]], *, since_1904: bool = False) -> None:
    """Write one sheet of `rows` (the first one holds the headers); `since_1904` counts days as old Macs did."""
    workbook = Workbook(write_only=True)
    if since_1904:
        workbook.epoch = CALENDAR_MAC_1904
    sheet = workbook.create_sheet(title)
    for row in rows:
        sheet.append(list(row))
    saved = io.BytesIO()
    workbook.save(saved)
    with zipfile.ZipFile(saved) as source, zipfile.ZipFile(path, "w") as target:
        for name in source.namelist():
            content = source.read(name)
            if name == "docProps/core.xml":
                content = _SAVED.sub(rb"\g<1>2000-01-01T00:00:00Z\g<3>", content)
            entry = zipfile.ZipInfo(name, _ZIP_TIME)
            entry.compress_type = zipfile.ZIP_DEFLATED
            target.writestr(entry, content)
