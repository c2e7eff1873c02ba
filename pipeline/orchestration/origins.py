"""What each published drop was made from, kept in the state folder (`origins/`) for as long as the drop is retained.

It names the landed tables, the state of earlier runs and the run's plan: enough to rebuild the drop from the landing
zone, even if the sources have changed.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.common.errors import WarehouseError
from pipeline.common.instants import run_name
from pipeline.dbt.runner import project_fingerprint
from pipeline.ingest.landing.landed_table import LandedTable
from pipeline.ingest.landing.record import SOURCES, read_record, write_record
from pipeline.run_plan import RunPlan
from pipeline.state.history import RunHistory
from pipeline.state.workspace import Workspace
from pipeline.storage.local_files import write_whole

_ORIGIN = "origin.json"


@dataclass(frozen=True)
class Origin:
    """What a run's drops were made from: `drops` are their names by organization, `exports` is their destination."""

    folder: Path
    plan: RunPlan
    program: str
    exports: str
    drops: Mapping[int, str]
    duplicates: tuple[Path, ...]
    metrics: tuple[Path, ...]

    def landed(self) -> list[LandedTable]:
        """Read the landed tables; WarehouseError if the record is damaged."""
        return [table for source in SOURCES for table in read_record(self.folder / f"landed-{source}.json")]


class Origins:
    """The origins of a state folder."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._folder = workspace.origins

    def keep(
        self, run_id: str, plan: RunPlan, exports: str, landed: Sequence[LandedTable], drops: Mapping[int, str]
    ) -> None:
        """Record what a run's drops are made from."""
        history = RunHistory(self._workspace.state)
        folder = self._folder / f"{run_name(plan.as_of)}-{run_id[:8]}"
        folder.mkdir(parents=True, exist_ok=True)
        for source in SOURCES:
            write_record(folder / f"landed-{source}.json", [table for table in landed if table.table.source == source])
        content: dict[str, Any] = {
            "plan": plan.to_json(),
            "program": project_fingerprint("duckdb"),
            "exports": exports,
            "drops": {str(organization_id): name for organization_id, name in drops.items()},
            "duplicates": [str(path) for path in history.duplicates_before(plan.as_of)],
            "metrics": [str(path) for path in history.metrics_before(plan.as_of)],
        }
        write_whole(folder / _ORIGIN, json.dumps(content, indent=1))

    def all(self) -> list[Origin]:
        """List the origins, earliest instant first, without damaged ones."""
        found = (_read(path) for path in sorted(self._folder.glob(f"[!.]*/{_ORIGIN}")))
        return [origin for origin in found if origin is not None]

    def of(self, organization_id: int, drop: str) -> Origin:
        """Return the origin of a drop; WarehouseError if it is not known here."""
        for origin in reversed(self.all()):
            if origin.drops.get(organization_id) == drop:
                return origin
        raise WarehouseError(
            f"the origin of {drop} is unknown",
            where=str(self._folder),
            remedy="name the state folder of the run that published it, --state; drops of version 1.0 have no origin",
        )

    def expired(self, exports: str, published: Mapping[int, Collection[str]]) -> list[Origin]:
        """List the origins without a drop that is still published at `exports`; those of other destinations stay."""
        return [
            origin
            for origin in self.all()
            if origin.exports == exports
            and not any(name in published.get(one, ()) for one, name in origin.drops.items())
        ]

    def remove(self, origins: Sequence[Origin]) -> None:
        """Remove origins."""
        for origin in origins:
            shutil.rmtree(origin.folder, ignore_errors=True)


def _read(path: Path) -> Origin | None:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        return Origin(
            folder=path.parent,
            plan=RunPlan.from_json(content["plan"]),
            program=str(content["program"]),
            exports=str(content["exports"]),
            drops={int(one): str(name) for one, name in content["drops"].items()},
            duplicates=tuple(map(Path, content["duplicates"])),
            metrics=tuple(map(Path, content["metrics"])),
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
