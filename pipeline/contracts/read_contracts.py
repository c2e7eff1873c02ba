"""Reads the contracts of the exports from dbt's manifest, from YAML files, or from a drop's manifest."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import yaml

from pipeline.common.errors import WarehouseError
from pipeline.contracts.contract import CRM_TENANT, SIMPLE_TYPES, ContractColumn, ExportContract, is_data_type

_VERSION: Final = re.compile(r"\d+\.\d+\.\d+")


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

    WarehouseError if the YAML of an exported model is not a valid contract.
    """
    models = [node for node in manifest["nodes"].values() if node["resource_type"] == "model"]
    return _contracts((model, model.get("patch_path") or model["original_file_path"]) for model in models)


def contracts_from_yaml(files: Mapping[str, str]) -> tuple[ExportContract, ...]:
    """Read every exported model of dbt's YAML files (text by path) without dbt, in the order of their names.

    This is for states of the project that dbt has not parsed, such as another git commit.
    """
    return _contracts(
        (_as_manifest_node(model), path)
        for path, text in files.items()
        for model in (yaml.load(text, Loader=yaml.CSafeLoader) or {}).get("models", [])
    )


def contracts_in_folder(models: Path) -> tuple[ExportContract, ...]:
    """Read every exported model with a YAML file in the folder `models`."""
    paths = sorted(models.rglob("*.yml"))
    texts = {str(path.relative_to(models.parent)): path.read_text(encoding="utf-8") for path in paths}
    return contracts_from_yaml(texts)


def _as_manifest_node(model: Mapping[str, Any]) -> dict[str, Any]:
    """Return a model of a YAML file in the form of dbt's manifest."""
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
    if not is_data_type(written):
        raise WarehouseError(
            f"the column {column['name']} has the data_type {column.get('data_type')!r}",
            where=where,
            remedy=f"use one of {', '.join(SIMPLE_TYPES)}, varchar(n), numeric(p,s)",
        )
    return written


def _range(ends: Sequence[Any]) -> tuple[Decimal | None, Decimal | None]:
    low, high = (None if end is None else Decimal(str(end)) for end in ends)
    return low, high


def _paragraph(text: str | None) -> str:
    return " ".join((text or "").split())


def _check(contract: ExportContract, where: str) -> None:
    """Raise WarehouseError if a contract contradicts itself."""
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
