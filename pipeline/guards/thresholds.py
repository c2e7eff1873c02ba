"""Reads the guards from `guards.yml`, and the changed thresholds from the settings."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from pipeline.common.errors import WarehouseError

_TABLE = Path(__file__).with_name("guards.yml")


@dataclass(frozen=True)
class Guard:
    """One guard: its text, the remedy of a finding, and its thresholds by name."""

    name: str
    says: str
    remedy: str
    thresholds: Mapping[str, Decimal]


def guards(overrides: Mapping[str, Mapping[str, Any]] | None = None) -> dict[str, Guard]:
    """Return all guards by name, with the thresholds that `overrides` (the setting `guards`) changes.

    Raises WarehouseError for an unknown guard or threshold, and for a value that is not a number of 0 or more.
    """
    known = dict(_defaults())
    for name, changes in (overrides or {}).items():
        guard = known[_known(name, known, "guards", "guard")]
        if not isinstance(changes, Mapping):
            raise WarehouseError(
                "is not a table of thresholds",
                where=f"guards.{name}",
                remedy="write it like guards.rows = {warn_fall = 30}",
            )
        changed = {
            _known(each, guard.thresholds, f"guards.{name}", "threshold"): _number(value, f"guards.{name}.{each}")
            for each, value in changes.items()
        }
        known[name] = Guard(name, guard.says, guard.remedy, {**guard.thresholds, **changed})
    return known


@cache
def _defaults() -> dict[str, Guard]:
    table = yaml.load(_TABLE.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    return {
        name: Guard(
            name,
            entry["says"],
            entry["remedy"],
            {each: Decimal(value) for each, value in entry.get("thresholds", {}).items()},
        )
        for name, entry in table.items()
    }


def _known(name: str, known: Mapping[str, Any], where: str, noun: str) -> str:
    if name in known:
        return name
    near = difflib.get_close_matches(name, known, n=1)
    hint = f"; the nearest is {near[0]}" if near else ""
    choices = ", ".join(known) or "none"
    raise WarehouseError(f"there is no {noun} {name!r}{hint}", where=where, remedy=f"choose one of: {choices}")


def _number(value: Any, where: str) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal) or not 0 <= value < 10**9:
        raise WarehouseError(f"can't be {value!r}", where=where, remedy="give a number of 0 or more")
    return Decimal(str(value))
