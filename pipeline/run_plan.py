"""The plan of a run: its instant, its year and its decisions (D1 and the dbt vars)."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final

import yaml

from pipeline.common.errors import WarehouseError
from pipeline.common.instants import instant_text, parse_instant
from pipeline.paths import DBT_PROJECT
from pipeline.settings import Settings


@dataclass(frozen=True)
class RunPlan:
    """`as_of` is an instant in UTC; `decisions` are the dbt vars in force, including defaults."""

    as_of: datetime
    selected_year: int
    decisions: dict[str, Any]
    overridden: tuple[str, ...]

    @classmethod
    def of(cls, settings: Settings, started: datetime) -> RunPlan:
        """Plan a run that started at `started`, which is its `as_of` unless the settings give one.

        WarehouseError for an unknown decision, an invalid value, or an `as_of` in the future (D38).
        """
        as_of = settings.as_of or parse_instant(started)
        if as_of > parse_instant(started) + timedelta(days=1):  # D38: the only decision that depends on the clock
            raise WarehouseError(
                f"{instant_text(as_of)} is more than a day ahead",
                where="--as-of",
                remedy="give an instant in the past, or fix this machine's clock",
            )
        return cls(as_of, settings.selected_year or as_of.year, decide(settings.var), tuple(sorted(settings.var)))

    @property
    def crm_organization_id(self) -> int:
        """The organization of all rows without one (D24)."""
        return int(self.decisions["crm_organization_id"])

    @property
    def dbt_variables(self) -> dict[str, Any]:
        """The variables of dbt's call: the run's own and the overridden decisions."""
        as_of = self.as_of.strftime("%Y-%m-%d %H:%M:%S")
        return {"as_of": as_of, "selected_year": self.selected_year, **self.chosen_decisions}

    @property
    def chosen_decisions(self) -> dict[str, Any]:
        """The overridden decisions."""
        return {name: self.decisions[name] for name in self.overridden}

    @property
    def published_settings(self) -> dict[str, Any]:
        """What the manifest says of the settings."""
        return {"selected_year": self.selected_year, **self.decisions}

    def to_json(self) -> dict[str, Any]:
        """Return the plan as JSON values; `from_json` reads them."""
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


_OWN_OPTION: Final = {"as_of": "--as-of", "selected_year": "--selected-year"}
_CHOICES: Final = {"price_preference": ("total_price", "total_price_with_tax")}
_AMOUNTS: Final = {"segment_a_percent": 100, "segment_b_percent": 100, "default_hourly_cost": 9_999_999_999}
"""The decisions that may have a fraction, with the largest value of each."""
_DECIMALS: Final = {"default_hourly_cost": 2, "segment_a_percent": 4, "segment_b_percent": 4}
"""The most decimals that a decision may have: a finer value would be rounded to its column's type, or written like
1e-05, which two engines read as a binary float."""
_LARGEST_SPAN: Final = {"_days": 36_500, "_hours": 876_000, "_minutes": 52_560_000}
"""A hundred years, by the unit in a decision's name: a longer span would exceed the calendar."""
_LARGEST_NUMBER: Final = 2**63 - 1


def decide(overrides: Mapping[str, Any]) -> dict[str, Any]:
    """Return every decision: its default from `dbt_project.yml`, or the value in `overrides`, as text or as a value.

    WarehouseError for an unknown name or an invalid value: numbers must not be negative, spans are at most a hundred
    years, and only decisions without a default may be null.
    """
    project = yaml.safe_load((DBT_PROJECT / "dbt_project.yml").read_text(encoding="utf-8"))
    defaults = {name: value for name, value in project["vars"].items() if name not in _OWN_OPTION}
    for name in overrides:
        _check_name(name, defaults)
    return {**defaults, **{name: _checked(name, given, defaults[name]) for name, given in overrides.items()}}


def _check_name(name: str, known: Mapping[str, Any]) -> None:
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


def _checked(name: str, given: Any, default: Any) -> Any:
    """Parse a value given as text (`180`, `true`, `null`) as dbt would, and refuse an invalid one."""
    try:
        value = yaml.safe_load(given) if isinstance(given, str) else given
    except (yaml.YAMLError, ValueError):  # ValueError for an invalid date
        value = given
    if name in _CHOICES:
        is_allowed, allowed = value in _CHOICES[name], " or ".join(_CHOICES[name])
    elif name in _AMOUNTS:
        is_allowed, allowed = _is_number(value, (int, float), _AMOUNTS[name]), f"a number from 0 to {_AMOUNTS[name]:,}"
        if name in _DECIMALS:
            is_allowed = is_allowed and _decimals(value) <= _DECIMALS[name]
            allowed += f" with {_DECIMALS[name]} decimals at most"
    elif isinstance(default, list):
        is_allowed = isinstance(value, list) and bool(value) and all(isinstance(name, str) and name for name in value)
        allowed = f"a list of names, such as [{', '.join(default)}]"
    elif isinstance(default, bool):
        is_allowed, allowed = isinstance(value, bool), "true or false"
    else:
        largest = next((span for unit, span in _LARGEST_SPAN.items() if unit in name), _LARGEST_NUMBER)
        is_allowed, allowed = _is_number(value, int, largest), f"a whole number from 0 to {largest:,}"
        if default is None:
            is_allowed, allowed = is_allowed or value is None, f"{allowed}, or null"
    if not is_allowed:
        raise WarehouseError(f"can't be {given}", where=f"--var {name}", remedy=f"give {allowed}")
    return value


def _decimals(value: float) -> int:
    """Return the number of decimals in the shortest form of a number."""
    exponent = Decimal(repr(value)).normalize().as_tuple().exponent
    return -exponent if isinstance(exponent, int) else 0


def _is_number(value: Any, kind: type[int | float] | tuple[type[int | float], ...], largest: int) -> bool:
    return isinstance(value, kind) and not isinstance(value, bool) and 0 <= value <= largest
