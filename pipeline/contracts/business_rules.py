"""Reads the business rules of `expectations/`, a YAML file per export; the README there explains their form."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal, cast

import yaml

from pipeline.common.errors import WarehouseError

Severity = Literal["error", "warn"]

_FIELDS: Final = {"rule", "severity", "says", "ids", "rows", "when", "holds"}
_REQUIRED: Final = ("rule", "severity", "says", "holds")


@dataclass(frozen=True)
class BusinessRule:
    """One rule of an export; `frame` is None if it checks the export's own rows."""

    export: str
    name: str
    severity: Severity
    says: str
    holds: str
    when: str | None = None
    frame: str | None = None
    ids: tuple[str, ...] = ()


@dataclass(frozen=True)
class RuleBook:
    """The rules of one export, and the SQL of its frames by their names."""

    export: str
    rules: tuple[BusinessRule, ...]
    frames: dict[str, str]


def read_rule_books(folder: Path, exports: Collection[str] | None = None) -> dict[str, RuleBook]:
    """Read the files in `expectations/`, for some exports or for all; each file has the name of its export."""
    paths = [path for path in sorted(folder.glob("*.yml")) if exports is None or path.stem in exports]
    return {path.stem: _read(path) for path in paths}


def _read(path: Path) -> RuleBook:
    where = f"{path.parent.name}/{path.name}"
    try:
        content = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader) or {}
    except yaml.YAMLError as error:
        raise _fault(f"is not YAML: {error}", where) from error
    try:
        frames = {name: " ".join(sql.split()) for name, sql in (content.get("frames") or {}).items()}
        rules = tuple(_rule(path.stem, entry, frames, where) for entry in content.get("rules") or [])
    except (AttributeError, TypeError) as error:
        raise _fault("is not a list of `rules` and, by their names, `frames`", where) from error
    names = [rule.name for rule in rules]
    repeated = {name for name in names if names.count(name) > 1}
    if repeated:
        raise _fault(f"the rule {', '.join(sorted(repeated))} occurs twice", where)
    return RuleBook(path.stem, rules, frames)


def _rule(export: str, entry: dict[str, Any], frames: dict[str, str], where: str) -> BusinessRule:
    name = entry.get("rule", "without a name")
    missing = [field for field in _REQUIRED if not entry.get(field)]
    if missing:
        raise _fault(f"the rule {name} has no {', '.join(missing)}", where)
    unknown = set(entry) - _FIELDS
    if unknown:
        raise _fault(f"the rule {name} has the unknown field {', '.join(sorted(unknown))}", where)
    if entry["severity"] not in ("error", "warn"):
        raise _fault(f"the rule {name} has the severity {entry['severity']!r}, not error or warn", where)
    if entry.get("rows") is not None and entry["rows"] not in frames:
        raise _fault(f"the rule {name} needs the rows {entry['rows']!r}, which no frame defines", where)
    return BusinessRule(
        export=export,
        name=name,
        severity=cast(Severity, entry["severity"]),
        says=" ".join(str(entry["says"]).split()),
        holds=" ".join(str(entry["holds"]).split()),
        when=" ".join(str(entry["when"]).split()) if entry.get("when") else None,
        frame=entry.get("rows"),
        ids=tuple(str(rule) for rule in entry.get("ids", ())),
    )


def _fault(what: str, where: str) -> WarehouseError:
    return WarehouseError(what, where=where, remedy="see expectations/README.md")
