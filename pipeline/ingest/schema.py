"""Describes source tables and their columns: types, keys, headers. The tables themselves are in `tables.py`."""

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
    """Text that identifies or refers: trimmed, blank is null; a number cell is its integer text."""
    TRIMMED = "trimmed"
    """LMN's text: trimmed, inner line breaks kept, blank is null."""
    TEXT = "text"
    """Text carried whole."""
    CODE = "code"
    """A postal code or a telephone number: trimmed text, of which tools may have made a number."""
    TAGS = "tags"
    """A list of texts, from a JSON array, a Postgres array or a comma list; kept as a compact JSON array."""
    MONEY = "money"
    """US dollars, numeric(12,2)."""
    RATE = "rate"
    """US dollars for a unit of something, numeric(12,2); never less than 0."""
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
    """An instant in UTC, without zone, in microseconds."""


ROW_COLUMN: Final = "_row"
TENANT: Final = "organization_id"
"""The column of the landing zone that keeps a row's number in its source."""
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
        """Every header that names this column, the usual one first."""
        return self.aliases or (self.name,)


@dataclass(frozen=True)
class SourceTable:
    """One table of a source system.

    Rows are deduplicated by `key`: the latest `updated_at` wins, else the last one read. Of each column in `unique`
    only the winning row keeps its value, unless it is in `unique_rows`, where the losing row goes. A row that has none
    of the columns `one_of` is refused. `row_numbers` keeps the row's place in the order of reading as `_row`, for the
    rules that go by file order (at-risk R12, D21).
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
    """LMN: the sets of headers, any of which marks a file as this table."""

    @property
    def qualified_name(self) -> str:
        """The name of the table in the raw schema, as in `crm__accounts`."""
        return f"{self.source}__{self.name}"

    @property
    def shown_name(self) -> str:
        """The table as a person names it: `crm.accounts`."""
        return f"{self.source}.{self.name}"

    @property
    def has_tenant(self) -> bool:
        """Whether each row belongs to a tenant: keys and ids hold within one."""
        return TENANT in self.key

    @property
    def tenant_sql(self) -> str:
        """The SQL of whose a row is: null in a table whose rows name no tenant."""
        return TENANT if self.has_tenant else "null"

    @property
    def by_key_alone(self) -> SourceTable:
        """The table without its unique columns. So a part is judged by itself: a later one may correct the winner."""
        return replace(self, unique=(), unique_rows=())

    @property
    def arrow_schema(self) -> pa.Schema:
        """The schema of the table in the landing zone."""
        fields = [pa.field(c.name, c.arrow_type, nullable=not c.required) for c in self.columns]
        if self.row_numbers:
            fields.append(pa.field(ROW_COLUMN, pa.int64(), nullable=False))
        return pa.schema(fields)
