"""`warehouse config`: shows every setting's value and where it comes from, with secrets hidden."""

from __future__ import annotations

import json
import os
import tomllib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pydantic import SecretStr

from pipeline.settings import Settings
from pipeline.storage.urls import is_url, parse_url

HIDDEN: Final = "(hidden)"


@dataclass(frozen=True)
class SettingInForce:
    """One setting: its value as JSON, without secrets, and where it comes from."""

    name: str
    value: Any
    origin: str


def settings_in_force(settings: Settings, given: Collection[str]) -> list[SettingInForce]:
    """Return every setting; `given` are the names of those given on the command line."""
    in_file = set(_in_file())
    return [
        SettingInForce(name, shown(getattr(settings, name)), _origin(name, given, in_file))
        for name in Settings.model_fields
    ]


def _in_file() -> Mapping[str, Any]:
    path = Path("warehouse.toml")
    return tomllib.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


def _origin(name: str, given: Collection[str], in_file: Collection[str]) -> str:
    variable = f"WAREHOUSE_{name.upper()}"
    if name in given:
        return f"--{name.replace('_', '-')}"
    if os.environ.get(variable):
        return variable
    return "warehouse.toml" if name in in_file else "default"


def shown(value: Any) -> Any:
    """Return a value as JSON, without secrets and passwords in URLs."""
    if isinstance(value, SecretStr):
        return HIDDEN
    if isinstance(value, Mapping):
        return {str(name): shown(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [shown(each) for each in value]
    if isinstance(value, str) and is_url(value):
        return parse_url(value, where="", form="a URL").shown
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)


def config_lines(found: Collection[SettingInForce]) -> Iterator[str]:
    """Return the settings as lines, first those that are not defaults."""
    ordered = sorted(found, key=lambda setting: setting.origin == "default")
    width = max(len(setting.name) for setting in found)
    for setting in ordered:
        value = setting.value if isinstance(setting.value, str) else json.dumps(setting.value, ensure_ascii=False)
        yield f"{setting.name:<{width}}  {'(unset)' if setting.value is None else value}  [{setting.origin}]"
