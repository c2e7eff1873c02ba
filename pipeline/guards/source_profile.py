"""What a guard knows of a source table: counts, and a few rows' cells. Kept with each run, to compare."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True, kw_only=True)
class SampledRows:
    """What a sample of a table's rows shows, the same rows week after week.

    `cells` holds those of up to 40 rows by a hash of their keys: of a flag, day or instant the cell, `true` or
    `2025-01-15`, of a text about people its length, of anything else a hash; `cell_form` is another number where a
    version wrote them otherwise. All else is of about 4,000 rows. `words` counts the cells of each word of a column
    that has a few. `referring` counts the ids of a column that name rows of another table, `unknown_ids` those of
    them whose row is not there. `pairs` counts the rows that have a column and the one that it is never below,
    `reversed_pairs` those in which it is; `copies` the cells of a column that another table has, too, `unlike_copies`
    those that are others there. `periods` counts the rows by the four weeks in which they came to be, numbered from
    2000 on, of one in `sampled_one_in` rows of `sampled_tenants` organizations, and `busy_users` those of each user
    who has one in a hundred of them or more. `keys` are the lowest hashes of its keys, in order. `garbled_texts`
    counts the cells of a column in which most letters beyond the English ones are garbled, `test_rows` the accounts
    that are named as tests. `tenants_words` counts the cells of each word of those organizations that have enough
    rows, `lost_tenants` the percent of an organization's ids whose row is not there, where it is most.
    """

    cells: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    cell_form: int = 1
    words: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    referring: Mapping[str, int] = field(default_factory=dict)
    unknown_ids: Mapping[str, int] = field(default_factory=dict)
    lost_tenants: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    pairs: Mapping[str, int] = field(default_factory=dict)
    reversed_pairs: Mapping[str, int] = field(default_factory=dict)
    copies: Mapping[str, int] = field(default_factory=dict)
    unlike_copies: Mapping[str, int] = field(default_factory=dict)
    periods: Mapping[str, int] = field(default_factory=dict)
    sampled_one_in: int = 1
    sampled_tenants: int = 0
    busy_users: Mapping[str, int] = field(default_factory=dict)
    keys: tuple[int, ...] = ()
    garbled_texts: Mapping[str, int] = field(default_factory=dict)
    test_rows: int = 0
    tenants_words: Mapping[str, Mapping[str, Mapping[str, int]]] = field(default_factory=dict)


@dataclass(frozen=True)
class TableProfile(SampledRows):
    """One source table as it was read.

    `is_cut_off`: a file of it ends in the middle of a row. `headers` are the wanted columns that have a header,
    `aliases` the headers by which one is found that are not its name; `values` counts each column's cells that are
    not null, `unread` those that could not be read, `trues` a flag's that are true, `amounts` those of money that are
    not 0; `magnitudes` is the mean power of ten of these: 3.0 where they are about 1000. `unknown` maps headers that
    no column wants to their file; `lacking` the columns that only earlier files have to the last one; `swapped` those
    whose days and months a spreadsheet has likely swapped to their file; `deleted` counts the rows that a column
    without a place in the schema marks as deleted. `far_days` counts the days with a time, such as an account's
    `renewal_date`, that are before 2000 or after 2100. `newest` is the latest recorded instant in it, in UTC without
    zone. `longest` is the length of a long text's longest cells in characters, `at_longest` how many are of that
    length. `twins` counts, among `compared_rows`, those that repeat another in all but their id. `fingerprint` is the
    same for the same content, None without rows.
    """

    source: str
    table: str
    is_configured: bool
    read: int = 0
    loaded: int = 0
    rejected: int = 0
    is_cut_off: bool = False
    columns: tuple[str, ...] = ()
    headers: tuple[str, ...] = ()
    aliases: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    values: Mapping[str, int] = field(default_factory=dict)
    unread: Mapping[str, int] = field(default_factory=dict)
    trues: Mapping[str, int] = field(default_factory=dict)
    amounts: Mapping[str, int] = field(default_factory=dict)
    magnitudes: Mapping[str, float] = field(default_factory=dict)
    unknown: Mapping[str, str] = field(default_factory=dict)
    lacking: Mapping[str, str] = field(default_factory=dict)
    swapped: Mapping[str, str] = field(default_factory=dict)
    deleted: Mapping[str, int] = field(default_factory=dict)
    far_days: Mapping[str, int] = field(default_factory=dict)
    newest: datetime | None = None
    longest: Mapping[str, int] = field(default_factory=dict)
    at_longest: Mapping[str, int] = field(default_factory=dict)
    compared_rows: int = 0
    twins: int = 0
    fingerprint: str | None = None

    @property
    def name(self) -> str:
        """The table as a person names it: `crm.accounts`."""
        return f"{self.source}.{self.table}"

    def as_dict(self) -> dict[str, Any]:
        """Return the profile as JSON values; `from_dict` reads them."""
        return {**asdict(self), "newest": self.newest and self.newest.isoformat()}

    @classmethod
    def from_dict(cls, value: Mapping[str, Any]) -> TableProfile:
        """Read what `as_dict` returned; fields of a later version are passed over."""
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
    """The tables of a run as they were read, and the instant that the run speaks of (UTC)."""

    tables: Sequence[TableProfile]
    as_of: datetime
