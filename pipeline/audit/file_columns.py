"""Compares the columns of a staged Parquet file with its contract. Files of one schema share the result."""

from __future__ import annotations

import difflib
import functools
from dataclasses import dataclass

import pyarrow as pa

from pipeline.contracts.contract import ExportContract


@dataclass(frozen=True)
class DescribedColumn:
    """A column that a file and its contract have in common: both types and nullabilities."""

    name: str
    wanted: str
    """The type as the contract names it, and as Parquet has it."""
    contract_type: str
    found_type: str
    contract_nullable: bool
    found_nullable: bool


@dataclass(frozen=True)
class FileColumns:
    """The columns that a file has, and those that it should have."""

    contract: ExportContract
    schema: pa.Schema

    @functools.cached_property
    def expected_names(self) -> list[str]:
        """The columns of the contract."""
        return [column.name for column in self.contract.exported_columns]

    @functools.cached_property
    def found_names(self) -> list[str]:
        """The columns of the file."""
        return list(self.schema.names)

    @functools.cached_property
    def described(self) -> list[DescribedColumn]:
        """The columns of the contract that the file has, with both descriptions."""
        found = {field.name: field for field in self.schema}
        return [
            DescribedColumn(
                column.name,
                f"{column.data_type} as {column.arrow_type}",
                str(column.arrow_type),
                str(found[column.name].type),
                column.nullable,
                found[column.name].nullable,
            )
            for column in self.contract.exported_columns
            if column.name in found
        ]

    @functools.cached_property
    def valid_names(self) -> frozenset[str]:
        """The columns that the file has exactly once, in the contract's type."""
        return frozenset(
            column.name
            for column in self.described
            if self.found_names.count(column.name) == 1 and column.found_type == column.contract_type
        )

    @functools.cached_property
    def fault(self) -> str | None:
        """What is wrong with the columns (missing, extra, moved, retyped); None if nothing is."""
        expected, found = self.expected_names, self.found_names
        common_expected = [name for name in expected if name in found]
        common_found = [name for name in found if name in expected]
        in_place: set[str] = set()
        for block in difflib.SequenceMatcher(None, common_expected, common_found, autojunk=False).get_matching_blocks():
            in_place.update(common_expected[block.a : block.a + block.size])
        lines = {
            "missing": [name for name in expected if name not in found],
            "extra": [name for name in found if name not in expected],
            "moved": [
                f"{name} (from {expected.index(name) + 1} to {found.index(name) + 1})"
                for name in common_found
                if name not in in_place
            ],
            "retyped": [
                f"{column.name} (is {column.found_type}, should be {column.wanted})"
                for column in self.described
                if column.found_type != column.contract_type
            ],
            "repeated": sorted({name for name in found if found.count(name) > 1}),
        }
        return "; ".join(f"{kind}: {', '.join(names)}" for kind, names in lines.items() if names) or None
