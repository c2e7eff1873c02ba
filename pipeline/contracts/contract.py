"""The contracts of the exports: the YAML file of each exported model is its only list of columns.

The Parquet schema, the audit's column checks, the manifest's schema, the Open Data Contract Standard files and the data
dictionary derive from these classes. `read_contracts.py` reads contracts, `compatibility.py` compares them, `pages.py`
writes the pages about them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any, Final

import pyarrow as pa

CRM_TENANT: Final = "crm"
"""The tenant of an export without organizations: all its rows belong to `crm_organization_id`."""

SIMPLE_TYPES: Final[dict[str, pa.DataType]] = {
    "bigint": pa.int64(),
    "integer": pa.int32(),
    "boolean": pa.bool_(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us", tz="UTC"),
    "text": pa.string(),
}
_VARCHAR: Final = re.compile(r"varchar\((\d+)\)")
_NUMERIC: Final = re.compile(r"numeric\((\d+),\s*(\d+)\)")


def is_data_type(written: str) -> bool:
    """Return whether a contract may have this type: `bigint`, `varchar(40)`, `numeric(12,2)`."""
    return bool(written in SIMPLE_TYPES or _VARCHAR.fullmatch(written) or _NUMERIC.fullmatch(written))


@dataclass(frozen=True)
class ContractColumn:
    """One column of an export.

    `data_type` is dbt's type (bigint, integer, boolean, date, timestamp, text, varchar(n), numeric(p,s)); `range` has
    the lowest and the highest value, None for no limit; `source` names the source column or `computed`; `rules` are the
    ids of the rules that decide the value; `classification` is `personal` if the value names or describes a person. If
    only some members of a column's JSON objects are personal, `personal_members` names them; if only some rows are,
    `personal_where` is the column and value that select them. A column that is not `exported` is in the mart but not in
    the drop.
    """

    name: str
    data_type: str
    nullable: bool = True
    description: str = ""
    source: str | None = None
    rules: tuple[str, ...] = ()
    allowed: tuple[str, ...] | None = None
    range: tuple[Decimal | None, Decimal | None] | None = None
    is_json: bool = False
    classification: str | None = None
    personal_members: tuple[str, ...] = ()
    personal_where: tuple[str, str] | None = None
    exported: bool = True

    @property
    def arrow_type(self) -> pa.DataType:
        """The type of the column in the drop's Parquet file."""
        if self.data_type in SIMPLE_TYPES:
            return SIMPLE_TYPES[self.data_type]
        if self.precision is not None:
            return pa.decimal128(self.precision, self.scale)
        return pa.string()

    @property
    def is_personal(self) -> bool:
        """Whether the value names or describes a person."""
        return self.classification == "personal"

    @property
    def max_length(self) -> int | None:
        """The most characters that a varchar(n) may have."""
        found = _VARCHAR.fullmatch(self.data_type)
        return int(found[1]) if found else None

    @property
    def precision(self) -> int | None:
        """The digits of a numeric(p,s), on both sides of the point."""
        found = _NUMERIC.fullmatch(self.data_type)
        return int(found[1]) if found else None

    @property
    def scale(self) -> int | None:
        """The digits of a numeric(p,s) after the point."""
        found = _NUMERIC.fullmatch(self.data_type)
        return int(found[2]) if found else None

    def as_dict(self) -> dict[str, Any]:
        """Describe the column as the manifest of a drop does, without properties that are not set."""
        described: dict[str, Any] = {"name": self.name, "type": self.data_type, "nullable": self.nullable}
        if self.allowed is not None:
            described["allowed"] = list(self.allowed)
        if self.range is not None:
            described["range"] = [None if end is None else str(end) for end in self.range]
        if self.is_json:
            described["json"] = True
        if self.classification is not None:
            described["classification"] = self.classification
        return described


@dataclass(frozen=True)
class ExportContract:
    """The contract of one export: `columns` in their order, including those of the mart that are not exported.

    `primary_key` is unique within an organization. `tenant` is the column by which the mart is split into drops, or
    `crm`.
    """

    name: str
    version: str
    description: str
    primary_key: tuple[str, ...]
    tenant: str
    columns: tuple[ContractColumn, ...]

    @property
    def exported_columns(self) -> tuple[ContractColumn, ...]:
        """The columns of the drop, in their order."""
        return tuple(column for column in self.columns if column.exported)

    @property
    def personal_columns(self) -> tuple[ContractColumn, ...]:
        """The columns of the drop that name or describe a person."""
        return tuple(column for column in self.exported_columns if column.is_personal)

    @property
    def personal_keys(self) -> frozenset[str]:
        """The personal columns in the primary key."""
        return frozenset(column.name for column in self.personal_columns if column.name in self.primary_key)

    @property
    def arrow_schema(self) -> pa.Schema:
        """The schema of the drop's Parquet file."""
        return pa.schema([pa.field(c.name, c.arrow_type, nullable=c.nullable) for c in self.exported_columns])

    @property
    def mart_schema(self) -> pa.Schema:
        """The schema of the rows of a mart that no model builds: instants are in UTC, without a zone."""
        instant = pa.timestamp("us")
        return pa.schema([(c.name, instant if c.data_type == "timestamp" else c.arrow_type) for c in self.columns])

    def column(self, name: str) -> ContractColumn:
        """Return the column `name`; KeyError if there is none."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(f"{self.name}.{name}")

    def as_dict(self) -> dict[str, Any]:
        """Describe what a reader of a drop may rely on, as plain JSON; `contract_from_dict` reads it.

        Every description shares one list of columns, so that the manifests of many drops take less memory.
        """
        return {
            "export": self.name,
            "contract_version": self.version,
            "primary_key": list(self.primary_key),
            "tenant": self.tenant,
            "schema": self._described_columns,
        }

    @cached_property
    def _described_columns(self) -> list[dict[str, Any]]:
        return [column.as_dict() for column in self.exported_columns]
