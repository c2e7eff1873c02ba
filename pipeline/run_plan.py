"""What a run is about: its instant, its year and the decisions that hold in it (D1 and the dbt vars)."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from pipeline.common.instants import parse_instant
from pipeline.decisions import decide
from pipeline.settings import Settings


@dataclass(frozen=True)
class RunPlan:
    """`as_of` is an instant in UTC; `decisions` are the dbt vars that hold, defaults included."""

    as_of: datetime
    selected_year: int
    decisions: dict[str, Any]
    overridden: tuple[str, ...]

    @classmethod
    def of(cls, settings: Settings, started: datetime) -> RunPlan:
        """Plan a run that started at `started`, which is its `as_of` unless the settings give one.

        WarehouseError for a decision that there is not, or that can't be so.
        """
        as_of = settings.as_of or parse_instant(started)
        return cls(as_of, settings.selected_year or as_of.year, decide(settings.var), tuple(sorted(settings.var)))

    @property
    def crm_organization_id(self) -> int:
        """The organization of all rows that name none (D24)."""
        return int(self.decisions["crm_organization_id"])

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
