"""Reads contracts from a drop, a file (model YAML or ODCS), a folder of models, or a git ref."""

from __future__ import annotations

import io
import json
import re
import subprocess
import tarfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import yaml

from pipeline.common.errors import WarehouseError
from pipeline.contracts.contract import ExportContract
from pipeline.contracts.read_contracts import (
    contract_from_dict,
    contracts_from_manifest,
    contracts_from_yaml,
    contracts_in_folder,
)
from pipeline.contracts.shared_schemas import with_own_schemas

_MODELS: Final = "models"


def contracts_of_drop(manifest: Mapping[str, Any]) -> tuple[ExportContract, ...]:
    """Read the contracts that a drop was published under from its manifest."""
    by_export = {file["export"]: file for file in manifest["files"]}
    return tuple(contract_from_dict(by_export[name]) for name in sorted(by_export))


def contracts_of_state(argument: str, project: Path) -> tuple[tuple[ExportContract, ...], bool]:
    """Return the contracts that an argument refers to, and whether they are those of all exports."""
    path = Path(argument)
    if (path / "manifest.json").is_file():
        path = path / "manifest.json"
    if path.is_dir():
        contracts, whole = contracts_in_folder(path), True
    elif path.is_file():
        contracts, whole = _from_file(path)
    else:
        contracts, whole = contracts_from_yaml(_yaml_at_ref(argument, project)), True
    if not contracts:
        raise _unknown(argument, "contains no contract of an export")
    return contracts, whole


def _from_file(path: Path) -> tuple[tuple[ExportContract, ...], bool]:
    try:
        text = path.read_text(encoding="utf-8")
        content = json.loads(text) if path.suffix == ".json" else yaml.load(text, Loader=yaml.CSafeLoader)
    except (ValueError, yaml.YAMLError) as error:
        raise _unknown(str(path), f"cannot be read: {error}") from error
    if not isinstance(content, dict):
        raise _unknown(str(path), "contains no contract of an export")
    try:
        if "files" in content:
            return contracts_of_drop(with_own_schemas(content)), True
        if "nodes" in content:
            return contracts_from_manifest(content), True
        if content.get("kind") == "DataContract":
            return contracts_from_odcs(content), False
        return contracts_from_yaml({path.name: text}), False
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise _unknown(
            str(path), f"does not have the format of such a file ({type(error).__name__}: {error})"
        ) from error


def contracts_from_odcs(content: Mapping[str, Any]) -> tuple[ExportContract, ...]:
    """Read the contracts of an Open Data Contract Standard file, as `pages.py` writes it."""
    return tuple(_from_odcs(content, table) for table in content.get("schema", []))


def _from_odcs(content: Mapping[str, Any], table: Mapping[str, Any]) -> ExportContract:
    properties = table["properties"]
    keys = sorted((p["primaryKeyPosition"], p["name"]) for p in properties if p.get("primaryKey"))
    custom = {entry["property"]: entry["value"] for entry in table.get("customProperties", [])}
    described = {
        "export": table["name"],
        "contract_version": content["version"],
        "primary_key": [name for _, name in keys],
        "tenant": custom.get("tenant", ""),
        "schema": [_odcs_column(column) for column in properties],
    }
    return contract_from_dict(described)


def _odcs_column(column: Mapping[str, Any]) -> dict[str, Any]:
    options = column.get("logicalTypeOptions", {})
    described = {"name": column["name"], "type": column["physicalType"], "nullable": not column.get("required", False)}
    for quality in column.get("quality", []):
        if quality.get("metric") == "invalidValues":
            described["allowed"] = [str(value) for value in quality["arguments"]["validValues"]]
    if "minimum" in options or "maximum" in options:
        described["range"] = [options.get("minimum"), options.get("maximum")]
    if options.get("format") == "json":
        described["json"] = True
    return described


def _yaml_at_ref(ref: str, project: Path) -> dict[str, str]:
    """Read the YAML files of the models at a git ref."""
    known = re.fullmatch(r"[\w./~^@{}][\w./~^@{}-]*", ref) is not None
    command = ["git", "-C", str(project), "archive", "--format=tar", ref, _MODELS]
    try:
        archive = subprocess.run(command, capture_output=True, check=False) if known else None  # noqa: S603 (checked)
    except FileNotFoundError:
        raise _unknown(ref, "is neither a drop, a file nor a folder of models, and git is not installed") from None
    if archive is None or archive.returncode != 0:
        raise _unknown(ref, "is neither a drop, a file, a folder of models nor a git ref with models")
    with tarfile.open(fileobj=io.BytesIO(archive.stdout)) as tar:
        members = [member for member in tar.getmembers() if member.isfile() and member.name.endswith(".yml")]
        files = {member.name: tar.extractfile(member) for member in members}
        return {name: file.read().decode() for name, file in files.items() if file is not None}


def _unknown(argument: str, what: str) -> WarehouseError:
    return WarehouseError(
        what,
        where=argument,
        remedy="name a drop's folder, a model's YAML, dbt's manifest.json, an .odcs.yaml file or a git ref",
    )
