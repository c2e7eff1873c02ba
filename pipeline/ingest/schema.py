"""The classes that describe source tables and their columns: types, keys, headers. `tables.py` lists the tables."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Final

import pyarrow as pa


class Kind(Enum):
    """The type of a column: how its cells are read, and the Arrow type they become."""

    ID = "id"
    """A whole number of 64 bits: the platform's keys and references."""
    KEY = "key"
    """Text that identifies a row or refers to one: trimmed, blank is null; a number becomes its integer text."""
    TRIMMED = "trimmed"
    """LMN's text: trimmed, inner line breaks kept, blank is null."""
    TEXT = "text"
    """Text, kept unchanged."""
    CODE = "code"
    """A postal code or a telephone number: trimmed text, which tools may have turned into a number."""
    TAGS = "tags"
    """A list of texts, from a JSON array, a PostgreSQL array or a comma list; kept as a compact JSON array."""
    MONEY = "money"
    """US dollars, numeric(12,2)."""
    RATE = "rate"
    """US dollars per unit, numeric(12,2); never less than 0."""
    NUMBER = "number"
    """Any other amount, numeric(18,4)."""
    SCORE = "score"
    """A score, numeric(7,2)."""
    YEAR = "year"
    """A calendar year or another small whole number."""
    BOOL = "bool"
    DATE = "date"
    """A day between 2000-01-01 and 2100-12-31 (D6)."""
    TIMESTAMP = "timestamp"
    """A time in UTC, without zone, in microseconds."""


ROW_COLUMN: Final = "_row"
"""The column of the landing zone with a row's number in its source."""
TENANT: Final = "organization_id"
"""The column that names the organization that a row belongs to."""
ARROW_TYPES: Final[dict[Kind, pa.DataType]] = {
    Kind.ID: pa.int64(),
    Kind.KEY: pa.string(),
    Kind.TRIMMED: pa.string(),
    Kind.TEXT: pa.string(),
    Kind.CODE: pa.string(),
    Kind.TAGS: pa.string(),
    Kind.MONEY: pa.decimal128(12, 2),
    Kind.RATE: pa.decimal128(12, 2),
    Kind.NUMBER: pa.decimal128(18, 4),
    Kind.SCORE: pa.decimal128(7, 2),
    Kind.YEAR: pa.int32(),
    Kind.BOOL: pa.bool_(),
    Kind.DATE: pa.date32(),
    Kind.TIMESTAMP: pa.timestamp("us"),
}


@dataclass(frozen=True)
class Column:
    """One column of a source table. `allowed` values are compared trimmed, in any case, and kept in lower case."""

    name: str
    kind: Kind
    required: bool = False
    aliases: tuple[str, ...] = ()
    allowed: tuple[str, ...] = ()

    @property
    def arrow_type(self) -> pa.DataType:
        """The Arrow type that the column has in the landing zone."""
        return ARROW_TYPES[self.kind]

    @property
    def headers(self) -> tuple[str, ...]:
        """All headers that name this column, the usual one first."""
        return self.aliases or (self.name,)


@dataclass(frozen=True)
class SourceTable:
    """One table of a source system.

    Rows are deduplicated by `key`: the row with the latest `updated_at` wins, or else the last one read. If rows share
    a value of a column in `unique`, only the winning row keeps it; if the column is in `unique_rows`, the losing rows
    are dropped. A row without a value in any of the columns `one_of` is rejected. With `row_numbers`, each row's number
    in the order of reading is kept as `_row`, for rules that depend on the order of a file (at-risk R12, D21).
    """

    source: str
    name: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    unique: tuple[str, ...] = ()
    unique_rows: tuple[str, ...] = ()
    one_of: tuple[str, ...] = ()
    row_numbers: bool = False
    recognised_by: tuple[tuple[str, ...], ...] = field(default=())
    """For LMN's tables: sets of headers. A file with all headers of one set is a file of this table."""

    @property
    def qualified_name(self) -> str:
        """The table's name in the raw schema: `crm__accounts`."""
        return f"{self.source}__{self.name}"

    @property
    def shown_name(self) -> str:
        """The table's full name in messages: `crm.accounts`."""
        return f"{self.source}.{self.name}"

    @property
    def has_tenant(self) -> bool:
        """Whether each row belongs to a tenant. Keys and ids are unique within one tenant only."""
        return TENANT in self.key

    @property
    def tenant_sql(self) -> str:
        """SQL of the tenant that a row belongs to: null in a table whose rows name no tenant."""
        return TENANT if self.has_tenant else "null"

    @property
    def by_key_alone(self) -> SourceTable:
        """The table without its unique columns, for deduplicating one part: a later part may correct the winner."""
        return replace(self, unique=(), unique_rows=())

    @property
    def arrow_schema(self) -> pa.Schema:
        """The schema of the table in the landing zone."""
        fields = [pa.field(c.name, c.arrow_type, nullable=not c.required) for c in self.columns]
        if self.row_numbers:
            fields.append(pa.field(ROW_COLUMN, pa.int64(), nullable=False))
        return pa.schema(fields)
