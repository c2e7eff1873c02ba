"""Reads the descriptions of all marts and their columns from the models' YAML, for comments in databases."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from pipeline.contracts.contract import ExportContract
from pipeline.paths import PROJECT_ROOT


@dataclass(frozen=True)
class MartDescription:
    """A mart's description, and those of its columns by their names."""

    text: str
    columns: Mapping[str, str]


def mart_descriptions(contracts: Sequence[ExportContract] = ()) -> dict[str, MartDescription]:
    """Return the description of every mart by its name; exports have their contract's description."""
    exports = {contract.name: described(contract) for contract in contracts}
    return {**_described_models(PROJECT_ROOT / "models"), **exports}


def described(contract: ExportContract) -> MartDescription:
    """Return a contract's descriptions of its mart."""
    return MartDescription(contract.description, {column.name: column.description for column in contract.columns})


@functools.cache
def _described_models(models: Path) -> dict[str, MartDescription]:
    """Read the YAML of the marts and of the monitoring models, because some of these are marts."""
    found = {}
    for path in sorted([*(models / "marts").rglob("*.yml"), *(models / "monitoring").rglob("*.yml")]):
        content = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader) or {}
        for model in content.get("models", ()):
            columns = {column["name"]: _line(column.get("description")) for column in model.get("columns", ())}
            found[model["name"]] = MartDescription(_line(model.get("description")), columns)
    return found


def _line(text: str | None) -> str:
    return " ".join((text or "").split())
