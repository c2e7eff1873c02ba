"""How one file, or one table of a database, was read. It is stored with the part, and `warehouse check` shows it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True)
class FileReading:
    """How `file` was read, and how many rows it has. Facts that do not apply to its format are None or empty."""

    file: str
    rows: int
    encoding: str | None = None
    separator: str | None = None
    header_line: int | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    """Each column with the header that names it."""
    left_out: Mapping[str, str | None] = field(default_factory=dict)
    """Each header that names no column, with the absent column that it resembles most, if any."""
    date_order: str | None = None
    """The order in which dates like 3/5/2024 were read (D41)."""
    date_order_reason: str | None = None
    unread_sheets: tuple[str, ...] = ()
    """A workbook's sheets that look like its table but were not read."""
    merged_cells: tuple[str, ...] = ()
    """Merged cells across rows of the table; only their first cell has a value."""
    columns_apart: tuple[str, ...] = ()
    """The headers of columns that an empty column separates from the table, and that may belong to another table."""
    headers_without_cells: tuple[str, ...] = ()
    """The last headers, if all rows are shorter than the line of headers."""
    swapped_days: tuple[str, ...] = ()
    """Date columns in which a spreadsheet program has probably swapped day and month."""
    deleted_rows: Mapping[str, int] = field(default_factory=dict)
    """The number of rows that are marked as deleted, by the header of the column that marks them."""

    def as_dict(self) -> dict[str, Any]:
        """Return the reading as JSON values; `from_dict` reads them."""
        return asdict(self)

    @classmethod
    def from_dict(cls, value: Mapping[str, Any]) -> FileReading:
        """Read what `as_dict` returned."""
        names = ("unread_sheets", "merged_cells", "columns_apart", "headers_without_cells", "swapped_days")
        lists = {name: tuple(value.get(name, ())) for name in names}  # earlier versions lack some
        return cls(**{**value, **lists})
