"""The contracts of the exports, read from dbt: the YAML beside each exported model is its only column list.

From what is read here derive the Parquet schema, the audit's column checks, the manifest's schema, the Open Data
Contract Standard files and the data dictionary. How two contracts compare is in `contract_versions.py`, what people
read of them in `contract_pages.py`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import yaml

from pipeline.common.errors import WarehouseError

CRM_TENANT: Final = "crm"
"""The tenant of an export that has no organization in its rows: the whole of it belongs to `crm_organization_id`."""

_SIMPLE_TYPES: Final[dict[str, pa.DataType]] = {
    "bigint": pa.int64(),
    "integer": pa.int32(),
    "boolean": pa.bool_(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us", tz="UTC"),
    "text": pa.string(),
}
_VARCHAR: Final = re.compile(r"varchar\((\d+)\)")
_NUMERIC: Final = re.compile(r"numeric\((\d+),\s*(\d+)\)")
_VERSION: Final = re.compile(r"\d+\.\d+\.\d+")


@dataclass(frozen=True)
class ContractColumn:
    """One column of an export.

    `data_type` is dbt's (bigint, integer, boolean, date, timestamp, text, varchar(n), numeric(p,s)); `range` is closed
    at both ends, either of which may be open (None); `source` names the source column or `computed`; `rules` are the
    ids of the rules that decide the value; `classification` is `personal` where the value names or describes a person.
    Of such a column, `personal_members` names the members of its JSON objects that do, where the others do not, and
    `personal_where` the value of another column in whose rows it does. A column that is not `exported` is in the mart
    and not in the drop.
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
        if self.data_type in _SIMPLE_TYPES:
            return _SIMPLE_TYPES[self.data_type]
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
        """The digits of a numeric(p,s), all told."""
        found = _NUMERIC.fullmatch(self.data_type)
        return int(found[1]) if found else None

    @property
    def scale(self) -> int | None:
        """The digits of a numeric(p,s) after the point."""
        found = _NUMERIC.fullmatch(self.data_type)
        return int(found[2]) if found else None

    def as_dict(self) -> dict[str, Any]:
        """Describe the column as the manifest of a drop does; what is not set is absent."""
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
    """The contract of one export: `columns` in their order, those of the mart that are not exported included.

    `primary_key` holds within an organization. `tenant` is the column by which the mart is cut into drops, or `crm`.
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
        """Those of them that are of the primary key."""
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
        """Describe what a reader of a drop may rely on, as plain JSON; `contract_from_dict` reads it again."""
        return {
            "export": self.name,
            "contract_version": self.version,
            "primary_key": list(self.primary_key),
            "tenant": self.tenant,
            "schema": [column.as_dict() for column in self.exported_columns],
        }


def contract_from_dict(described: Mapping[str, Any]) -> ExportContract:
    """Read a contract from `ExportContract.as_dict()` or from a file's entry in the manifest of a drop."""
    return ExportContract(
        name=described["export"],
        version=described["contract_version"],
        description="",
        primary_key=tuple(described["primary_key"]),
        tenant=described.get("tenant", ""),
        columns=tuple(
            ContractColumn(
                name=column["name"],
                data_type=column["type"],
                nullable=column["nullable"],
                allowed=tuple(column["allowed"]) if "allowed" in column else None,
                range=_range(column["range"]) if "range" in column else None,
                is_json=column.get("json", False),
                classification=column.get("classification"),
                rules=tuple(column.get("rules", ())),
            )
            for column in described["schema"]
        ),
    )


def contracts_from_manifest(manifest: Mapping[str, Any]) -> tuple[ExportContract, ...]:
    """Read every exported model of dbt's manifest (the content of its `manifest.json`), in the order of their names.

    Raises WarehouseError where a model is exported and its YAML does not make a contract.
    """
    models = [node for node in manifest["nodes"].values() if node["resource_type"] == "model"]
    return _contracts((model, model.get("patch_path") or model["original_file_path"]) for model in models)


def contracts_from_yaml(files: Mapping[str, str]) -> tuple[ExportContract, ...]:
    """Read every exported model of dbt's YAML files (text by path) without dbt, in the order of their names.

    For a state of the project that dbt has not parsed, such as another git commit.
    """
    return _contracts(
        (_as_manifest_node(model), path)
        for path, text in files.items()
        for model in (yaml.load(text, Loader=yaml.CSafeLoader) or {}).get("models", [])
    )


def contracts_in_folder(models: Path) -> tuple[ExportContract, ...]:
    """Read every exported model whose YAML lies under the folder `models`."""
    paths = sorted(models.rglob("*.yml"))
    texts = {str(path.relative_to(models.parent)): path.read_text(encoding="utf-8") for path in paths}
    return contracts_from_yaml(texts)


def _as_manifest_node(model: Mapping[str, Any]) -> dict[str, Any]:
    """Give a model of a YAML file the shape that it has in dbt's manifest."""
    return {**model, "columns": {column["name"]: column for column in model.get("columns", [])}}


def _contracts(models: Iterable[tuple[Mapping[str, Any], str]]) -> tuple[ExportContract, ...]:
    found = [_contract(model, where) for model, where in models if meta_of(model).get("export")]
    return tuple(sorted(found, key=lambda contract: contract.name))


def meta_of(node: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the `config.meta` of a model or column; dbt also keeps the older `meta`."""
    return (node.get("config") or {}).get("meta") or node.get("meta") or {}


def _contract(model: Mapping[str, Any], where: str) -> ExportContract:
    meta = meta_of(model)
    missing = [name for name in ("version", "primary_key", "tenant") if name not in meta]
    if missing:
        raise _fault(f"the export {model['name']} has no {', '.join(missing)} in config.meta", where)
    contract = ExportContract(
        name=model["name"],
        version=str(meta["version"]),
        description=_paragraph(model.get("description")),
        primary_key=tuple(meta["primary_key"]),
        tenant=meta["tenant"],
        columns=tuple(_column(column, f"{where}: {model['name']}") for column in model["columns"].values()),
    )
    _check(contract, where)
    return contract


def _column(column: Mapping[str, Any], where: str) -> ContractColumn:
    meta = meta_of(column)
    constraints = {constraint["type"] for constraint in column.get("constraints") or []}
    allowed = meta.get("allowed")
    return ContractColumn(
        name=column["name"],
        data_type=_data_type(column, where),
        nullable="not_null" not in constraints,
        description=_paragraph(column.get("description")),
        source=meta.get("source"),
        rules=tuple(str(rule) for rule in meta.get("rules", ())),
        allowed=None if allowed is None else tuple(str(value) for value in allowed),
        range=_range(meta["range"]) if "range" in meta else None,
        is_json=bool(meta.get("json", False)),
        classification=meta.get("classification"),
        personal_members=tuple(meta.get("personal_members", ())),
        personal_where=tuple(*meta["personal_where"].items()) if "personal_where" in meta else None,
        exported=bool(meta.get("exported", True)),
    )


def _data_type(column: Mapping[str, Any], where: str) -> str:
    written = str(column.get("data_type") or "").lower().replace(" ", "")
    if not (written in _SIMPLE_TYPES or _VARCHAR.fullmatch(written) or _NUMERIC.fullmatch(written)):
        raise WarehouseError(
            f"the column {column['name']} has the data_type {column.get('data_type')!r}",
            where=where,
            remedy=f"use one of {', '.join(_SIMPLE_TYPES)}, varchar(n), numeric(p,s)",
        )
    return written


def _range(ends: Sequence[Any]) -> tuple[Decimal | None, Decimal | None]:
    low, high = (None if end is None else Decimal(str(end)) for end in ends)
    return low, high


def _paragraph(text: str | None) -> str:
    return " ".join((text or "").split())


def _check(contract: ExportContract, where: str) -> None:
    """Refuse a contract that contradicts itself."""
    if not _VERSION.fullmatch(contract.version):
        raise _fault(f"{contract.name} has the version {contract.version!r}, which is not MAJOR.MINOR.PATCH", where)
    names = {column.name for column in contract.columns}
    if contract.tenant != CRM_TENANT and contract.tenant not in names:
        raise _fault(f"{contract.name} has no column {contract.tenant!r} to cut it by organization", where)
    required = {column.name for column in contract.exported_columns if not column.nullable}
    for key in contract.primary_key:
        if key not in required:
            raise _fault(f"the primary key {key!r} of {contract.name} is not an exported not-null column", where)


def _fault(what: str, where: str) -> WarehouseError:
    return WarehouseError(
        what, where=where, remedy="complete the model's YAML, like models/marts/accounts/accounts.yml"
    )
