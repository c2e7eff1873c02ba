"""What the guards know about a source table: counts, and cells of a few rows. Each run records it for the next ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True, kw_only=True)
class SampledRows:
    """Figures of a sample of a table's rows: about 4,000 rows, the same ones week after week."""

    cells: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """By column, the cells of up to 40 rows by a hash of the rows' keys: of a flag, date or timestamp the cell itself
    (`true`, `2025-01-15`), of a text about people its length, of anything else a hash."""
    cell_form: int = 1
    """The version of the form of `cells`: cells of different forms are not compared."""
    words: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    """By column with a limited vocabulary, the number of cells with each word."""
    referring: Mapping[str, int] = field(default_factory=dict)
    """By column, the number of ids that refer to another table."""
    unknown_ids: Mapping[str, int] = field(default_factory=dict)
    """By column, the number of those ids that match no row."""
    lost_tenants: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    """By column and organization, the percentage of ids that match no row, if it is more than half."""
    pairs: Mapping[str, int] = field(default_factory=dict)
    """By column that is never below another, the number of rows that have values in both."""
    reversed_pairs: Mapping[str, int] = field(default_factory=dict)
    """By column, the number of those rows in which it is below the other."""
    copies: Mapping[str, int] = field(default_factory=dict)
    """By column, the number of cells that another table also has."""
    unlike_copies: Mapping[str, int] = field(default_factory=dict)
    """By column, the number of those cells that differ in the other table."""
    periods: Mapping[str, int] = field(default_factory=dict)
    """The number of rows by the period of four weeks in which they were created, numbered from 2000-01-01."""
    sampled_one_in: int = 1
    """One in how many of the table's rows `periods` counts."""
    sampled_tenants: int = 0
    """How many organizations the rows in `periods` belong to."""
    busy_users: Mapping[str, int] = field(default_factory=dict)
    """The number of rows of each user who has at least one in a hundred of the rows in `periods`."""
    keys: tuple[int, ...] = ()
    """The lowest hashes of the table's keys, in order."""
    garbled_texts: Mapping[str, int] = field(default_factory=dict)
    """By column in which most non-English letters are garbled, the number of garbled cells."""
    test_rows: int = 0
    """The number of accounts that are named as tests."""
    tenants_words: Mapping[str, Mapping[str, Mapping[str, int]]] = field(default_factory=dict)
    """By column and organization, if it has enough rows, the number of cells with each word."""


@dataclass(frozen=True)
class TableProfile(SampledRows):
    """One source table as it was read. Counts are rows or cells of the whole table."""

    source: str
    table: str
    is_configured: bool
    read: int = 0
    loaded: int = 0
    rejected: int = 0
    is_cut_off: bool = False
    """Whether a file of the table ends in the middle of a row."""
    columns: tuple[str, ...] = ()
    headers: tuple[str, ...] = ()
    """The columns of the schema for which every file has a header."""
    aliases: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """By column, the headers that name it, if they differ from the column's name."""
    values: Mapping[str, int] = field(default_factory=dict)
    """By column, the number of cells that are not null."""
    unread: Mapping[str, int] = field(default_factory=dict)
    """By column, the number of cells that could not be read."""
    trues: Mapping[str, int] = field(default_factory=dict)
    """By flag, the number of cells that are true."""
    amounts: Mapping[str, int] = field(default_factory=dict)
    """By column of amounts, the number of cells that are not 0."""
    magnitudes: Mapping[str, float] = field(default_factory=dict)
    """By column, the mean power of ten of those amounts: 3.0 if they are about 1000."""
    unknown: Mapping[str, str] = field(default_factory=dict)
    """The headers that name no column of the schema, with their file."""
    lacking: Mapping[str, str] = field(default_factory=dict)
    """The columns that only earlier files of the table have, with the last file."""
    swapped: Mapping[str, str] = field(default_factory=dict)
    """The date columns in which a spreadsheet program has probably swapped day and month, with their file."""
    deleted: Mapping[str, int] = field(default_factory=dict)
    """By header outside the schema, the number of rows that it marks as deleted."""
    far_days: Mapping[str, int] = field(default_factory=dict)
    """By column of timestamps, the number of cells before 2000 or after 2100."""
    newest: datetime | None = None
    """The latest recorded time in the table that is not after `as_of`, in UTC without zone."""
    longest: Mapping[str, int] = field(default_factory=dict)
    """By column of long texts, the length of the longest cells in characters."""
    at_longest: Mapping[str, int] = field(default_factory=dict)
    """By column of long texts, the number of cells of that length."""
    compared_rows: int = 0
    """The number of rows among which repeated rows were searched."""
    twins: int = 0
    """The number of those rows that repeat another except for its id."""
    fingerprint: str | None = None
    """Equal for equal content; None without rows."""

    @property
    def name(self) -> str:
        """The table's full name: `crm.accounts`."""
        return f"{self.source}.{self.table}"

    def as_dict(self) -> dict[str, Any]:
        """Return the profile as JSON values; `from_dict` reads them."""
        return {**asdict(self), "newest": self.newest and self.newest.isoformat()}

    @classmethod
    def from_dict(cls, value: Mapping[str, Any]) -> TableProfile:
        """Read what `as_dict` returned, ignoring fields of later versions."""
        known = {name: value[name] for name in cls.__dataclass_fields__ if name in value}
        newest = known.get("newest")
        return cls(
            **{
                **known,
                "columns": tuple(known.get("columns", ())),
                "headers": tuple(known.get("headers", ())),
                "keys": tuple(known.get("keys", ())),
                "aliases": {column: tuple(names) for column, names in known.get("aliases", {}).items()},
                "newest": newest and datetime.fromisoformat(newest),
            }
        )


@dataclass(frozen=True)
class SourceState:
    """The tables of a run as they were read, and the run's `as_of` (UTC)."""

    tables: Sequence[TableProfile]
    as_of: datetime
