"""What a run is about: its instant, its year and the decisions that hold in it (D1 and the dbt vars)."""

from __future__ import annotations

import difflib
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import yaml

from pipeline.dbt_runner import DBT_PROJECT
from pipeline.errors import WarehouseError
from pipeline.settings import Settings, parse_instant

_OWN_OPTION = {"as_of": "--as-of", "selected_year": "--selected-year"}


@dataclass(frozen=True)
class RunPlan:
    """`as_of` is an instant in UTC; `decisions` are the dbt vars that hold, defaults included."""

    as_of: datetime
    selected_year: int
    decisions: dict[str, Any]
    overridden: tuple[str, ...]

    @classmethod
    def of(cls, settings: Settings, started: datetime) -> RunPlan:
        """Plan a run that started at `started`, which is its `as_of` unless the settings give one."""
        as_of = settings.as_of or parse_instant(started)
        assert isinstance(as_of, datetime)
        project = yaml.safe_load((DBT_PROJECT / "dbt_project.yml").read_text())
        defaults = {name: value for name, value in project["vars"].items() if name not in _OWN_OPTION}
        for name in settings.var:
            _check_name(name, defaults)
        decisions = {**defaults, **{name: _value(value) for name, value in settings.var.items()}}
        return cls(as_of, settings.selected_year or as_of.year, decisions, tuple(sorted(settings.var)))

    @property
    def dbt_variables(self) -> dict[str, Any]:
        """The variables of dbt's call: the run's own and the overridden decisions."""
        chosen = {name: self.decisions[name] for name in self.overridden}
        return {"as_of": self.as_of.strftime("%Y-%m-%d %H:%M:%S"), "selected_year": self.selected_year, **chosen}

    @property
    def published_settings(self) -> dict[str, Any]:
        """What the manifest says of the settings."""
        return {"selected_year": self.selected_year, **self.decisions}

    def to_json(self) -> dict[str, Any]:
        """Give the plan as JSON values; `from_json` reads them."""
        return {**asdict(self), "as_of": self.as_of.isoformat(), "overridden": list(self.overridden)}

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> RunPlan:
        """Read what `to_json` gave."""
        return cls(
            datetime.fromisoformat(value["as_of"]),
            value["selected_year"],
            value["decisions"],
            tuple(value["overridden"]),
        )


def _check_name(name: str, known: dict[str, Any]) -> None:
    if name in _OWN_OPTION:
        raise WarehouseError("has an option of its own", where=f"--var {name}", remedy=f"use {_OWN_OPTION[name]}")
    if name not in known:
        near = difflib.get_close_matches(name, known, n=1)
        hint = f"; the nearest is {near[0]}" if near else ""
        raise WarehouseError(
            f"there is no such decision{hint}",
            where=f"--var {name}",
            remedy="choose one of " + ", ".join(sorted(known)),
        )


def _value(value: Any) -> Any:
    """Read a value given as text (`180`, `true`, `null`) as dbt would."""
    return yaml.safe_load(value) if isinstance(value, str) else value
