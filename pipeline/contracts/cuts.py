"""Narrow cuts: optional selections of an export's columns and rows in a drop, defined in a `cuts.yml`.

Each has the export's key, `account_id`, `account_name` and the listed columns, for the rows that its filter selects.
Its contract is derived from the export's, so that no column type is defined twice.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import duckdb
import pyarrow as pa
import yaml

from pipeline.common.errors import WarehouseError
from pipeline.common.scratch_database import scratch_connection
from pipeline.contracts.business_rules import BusinessRule, RuleBook
from pipeline.contracts.contract import ExportContract

SHIPPED_CUTS: Final = Path(__file__).with_name("cuts.yml")
"""The split of account_core that comes with the warehouse."""

IN_EVERY_CUT: Final = ("account_id", "account_name")

_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,99}")
_KEYS: Final = {"cut", "of", "says", "columns", "filter"}
_REQUIRED: Final = ("cut", "of", "says", "columns")


@dataclass(frozen=True)
class Cut:
    """A selection from the export `of`: some of its columns, and the rows for which `filter` (DuckDB's SQL) is true."""

    name: str
    of: ExportContract
    columns: tuple[str, ...]
    filter: str | None = None
    description: str = ""

    @cached_property
    def contract(self) -> ExportContract:
        """The cut's contract, derived from the export's."""
        columns = tuple(self.of.column(name) for name in self.columns)
        return replace(self.of, name=self.name, description=self.description, columns=columns)

    @cached_property
    def rules(self) -> RuleBook:
        """The audit's additional rule: the cut's rows are exactly the selected rows of its export."""
        columns = ", ".join(["drop_organization_id", *self.columns])
        ours = f"select {columns} from {self.name}"
        theirs = f"select {columns} from {self.of.name}" + (f" where ({self.filter})" if self.filter else "")
        differing = f"(({ours}) except all ({theirs})) union all (({theirs}) except all ({ours}))"
        rule = BusinessRule(
            export=self.name,
            name="rows_are_the_exports",
            severity="error",
            says=f"the rows are those of {self.of.name}" + (f" of which {self.filter}" if self.filter else ""),
            holds="drop_organization_id is null",  # true for no row, so that every differing row fails
            frame="differing",
        )
        return RuleBook(self.name, (rule,), {"differing": differing})

    def rows(self, export: pa.Table) -> pa.Table:
        """Return the selected rows of the export, in their order; columns that the table lacks are left to the audit.

        duckdb.Error if the filter is not valid for the table.
        """
        kept = export
        if self.filter is not None:
            with scratch_connection() as connection:
                connection.execute("set timezone = 'UTC'")
                connection.register(self.of.name, export.append_column(_POSITION, pa.array(range(export.num_rows))))
                positions = connection.sql(
                    f"select {_POSITION} from {self.of.name} where ({self.filter}) order by {_POSITION}"
                )
                kept = export.take(positions.to_arrow_table()[_POSITION])
        return kept.select([name for name in self.columns if name in export.column_names])

    def as_dict(self) -> dict[str, Any]:
        """Describe the cut as the manifest of a drop does: its contract, its export and its filter."""
        return {**self.contract.as_dict(), "of": self.of.name, **({"filter": self.filter} if self.filter else {})}


_POSITION: Final = "cuts_position"


def read_cuts(path: Path, contracts: Sequence[ExportContract]) -> tuple[Cut, ...]:
    """Read the cuts of a file; WarehouseError, with the file and the cut, if one is invalid."""
    try:
        content = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
        entries = [dict(entry) for entry in content["cuts"]]
    except OSError as error:
        raise _fault(f"can't be read ({error.strerror})", str(path)) from None
    except (yaml.YAMLError, UnicodeDecodeError, KeyError, TypeError, ValueError):
        raise _fault("is not a list of `cuts`", str(path)) from None
    exports = {contract.name: contract for contract in contracts}
    cuts = tuple(_cut(entry, exports, str(path)) for entry in entries)
    names = [cut.name for cut in cuts]
    for name in names:
        if names.count(name) > 1 or name in exports:
            raise _fault(f"{name} is the name of another cut or export", str(path))
    return cuts


def described_cuts(manifest: Mapping[str, Any], contracts: Sequence[ExportContract]) -> tuple[Cut, ...]:
    """Return the cuts that a drop's manifest lists; `contracts` are those of their exports."""
    exports = {contract.name: contract for contract in contracts}
    found = {
        entry["export"]: Cut(
            entry["export"],
            exports[entry["of"]],
            tuple(column["name"] for column in entry["schema"]),
            entry.get("filter"),
        )
        for entry in manifest.get("cuts", ())
    }
    return tuple(found.values())


def _cut(entry: Mapping[str, Any], exports: Mapping[str, ExportContract], path: str) -> Cut:
    where = f"{path}: {entry.get('cut', 'a cut without a name')}"
    missing = [key for key in _REQUIRED if not entry.get(key)]
    if missing or (unknown := sorted(map(str, set(entry) - _KEYS))):
        raise _fault(f"has no {', '.join(missing)}" if missing else f"has the unknown key {', '.join(unknown)}", where)
    if not _NAME.fullmatch(str(entry["cut"])):
        raise _fault("the name must consist of lower-case letters, digits and underscores", where)
    export = exports.get(str(entry["of"]))
    if export is None:
        raise _fault(f"there is no export {entry['of']!r}", where)
    named = entry["columns"] if isinstance(entry["columns"], list) else [entry["columns"]]
    columns = tuple(dict.fromkeys([*export.primary_key, *IN_EVERY_CUT, *map(str, named)]))
    known = {column.name for column in export.exported_columns}
    if strange := [name for name in columns if name not in known]:
        raise _fault(f"{export.name} has no column {', '.join(strange)}", where)
    condition = None if entry.get("filter") is None else " ".join(str(entry["filter"]).split())
    cut = Cut(str(entry["cut"]), export, columns, condition, " ".join(str(entry["says"]).split()))
    try:
        cut.rows(export.arrow_schema.empty_table())
    except duckdb.Error as error:
        raise _fault(f"the filter is invalid: {str(error).splitlines()[0]}", where) from None
    return cut


def _fault(what: str, where: str) -> WarehouseError:
    return WarehouseError(what, where=where, remedy="see docs/cuts.md for the form of a cuts.yml")
