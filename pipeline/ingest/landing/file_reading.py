"""How one file, or one table of a database, was read: stored with its part, shown by `warehouse check`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True)
class FileReading:
    """What was found out about `file`, in which `rows` rows were read; None where its format has no such thing.

    `columns` maps each column to the header by which it was found, `left_out` each header that no column wants to the
    absent column that it is most like, if it is like one. Dates like 3/5/2024 were read in `date_order`, because of
    `date_order_reason` (D41). `unread_sheets` are a workbook's sheets that look like its table and were not read,
    `merged_cells` those of its table's rows, of which the first alone has a value, `columns_apart` the headers of
    columns that an empty one parts from the table, and which may be another's, `headers_without_cells` those before
    which all lines end; `swapped_days` are columns in whose dates a spreadsheet has likely swapped day and month;
    `deleted_rows` counts, by the header that marks them, the rows that the source keeps although they are deleted.
    """

    file: str
    rows: int
    encoding: str | None = None
    separator: str | None = None
    header_line: int | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    left_out: Mapping[str, str | None] = field(default_factory=dict)
    date_order: str | None = None
    date_order_reason: str | None = None
    unread_sheets: tuple[str, ...] = ()
    merged_cells: tuple[str, ...] = ()
    columns_apart: tuple[str, ...] = ()
    headers_without_cells: tuple[str, ...] = ()
    swapped_days: tuple[str, ...] = ()
    deleted_rows: Mapping[str, int] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON values; `from_dict` reads them."""
        return asdict(self)

    @classmethod
    def from_dict(cls, value: Mapping[str, Any]) -> FileReading:
        """Read what `as_dict` returned."""
        names = ("unread_sheets", "merged_cells", "columns_apart", "headers_without_cells", "swapped_days")
        lists = {name: tuple(value.get(name, ())) for name in names}  # earlier versions: none
        return cls(**{**value, **lists})
