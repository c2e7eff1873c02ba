"""Records what an engine's models were built from, as a stamp in the database itself, and decides what to build again.

Every model is a function of the raw tables, the run's variables and the project's files. So if variables and files are
the same as in the last build, a model whose raw tables are unchanged already has its rows, unless another program has
changed them. The state folder only records which engine has built last, and that engine's mark of its build.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from pipeline.common.errors import WarehouseError
from pipeline.dbt.runner import project_fingerprint
from pipeline.engines import Engine, RawTable
from pipeline.run_plan import RunPlan
from pipeline.storage.local_files import write_whole


@dataclass(frozen=True)
class Build:
    """What the marts of an engine were built from.

    `raw` has the fingerprint of each raw table, or none if only a part of the models was built; `inputs` names the
    files of every source table (`landing.record.named_inputs`); `build_id` differs for every build.
    """

    plan: RunPlan
    target: str
    project: str
    raw: Mapping[str, str]
    inputs: Sequence[Mapping[str, Any]] = ()
    build_id: str = field(default_factory=lambda: uuid.uuid4().hex)

    @classmethod
    def of(
        cls, plan: RunPlan, target: str, tables: Sequence[RawTable], inputs: Sequence[Mapping[str, Any]] = ()
    ) -> Build:
        """Describe the build that a run is about to make."""
        raw = {table.name: table.fingerprint for table in tables}
        return cls(plan, target, project_fingerprint(target), raw, tuple(inputs))

    def changed_since(self, last: Build | None) -> list[str] | None:
        """List the raw tables that have changed since the last build; None if everything must be built."""
        if last is None or not last.raw:
            return None
        if (self.plan, self.target, self.project) != (last.plan, last.target, last.project):
            return None
        return sorted(name for name, fingerprint in self.raw.items() if last.raw.get(name) != fingerprint)

    def without_raw(self) -> Build:
        """Return the description of a partial build, after which the next build builds everything."""
        return replace(self, raw={})

    def require_current(self, landed: Mapping[str, str]) -> None:
        """Raise WarehouseError if the models are older than the sources (fingerprints of landed tables) or the code."""
        if self.project != project_fingerprint(self.target):
            raise _too_old("the models have changed since they were built")
        if not self.raw:
            raise _too_old("only a part of the models was built from these sources")
        newer = sorted(name.replace("__", ".", 1) for name, mark in landed.items() if self.raw.get(name) != mark)
        if newer:
            raise _too_old(f"the models are older than the sources: {', '.join(newer)} changed since they were built")

    def stamp(self, engine: Engine, path: Path) -> None:
        """Stamp the build into the engine's database, and record where it is."""
        content = {
            "build_id": self.build_id,
            "plan": self.plan.to_json(),
            "target": self.target,
            "project": self.project,
            "raw": dict(self.raw),
            "inputs": list(self.inputs),
        }
        BuildRecord(engine.name, engine.stamp(json.dumps(content, ensure_ascii=False))).write(path)

    @classmethod
    def last(cls, engine: Engine, path: Path) -> Build | None:
        """Read the stamp of the last build; None if there is none, or another program has changed what was built."""
        record = BuildRecord.read(path)
        if record is None or record.target != engine.name:
            return None
        stamped = engine.stamped(record.mark)
        if stamped is None:
            return None
        try:
            content = json.loads(stamped)
            return cls(
                RunPlan.from_json(content["plan"]),
                content["target"],
                content["project"],
                dict(content["raw"]),
                tuple(content["inputs"]),
                content["build_id"],
            )
        except (ValueError, KeyError, TypeError):  # another version wrote it
            return None


@dataclass(frozen=True)
class BuildRecord:
    """Which engine has built last in a state folder, and its mark of the build (`Engine.stamp`)."""

    target: str
    mark: str

    def write(self, path: Path) -> None:
        """Write the record atomically."""
        write_whole(path, json.dumps({"target": self.target, "mark": self.mark}))

    @classmethod
    def read(cls, path: Path) -> BuildRecord | None:
        """Read the record; None if there is none."""
        try:
            content = json.loads(path.read_text())
            return cls(str(content["target"]), str(content["mark"]))
        except (FileNotFoundError, ValueError, KeyError, TypeError):
            return None


def _too_old(what: str) -> WarehouseError:
    return WarehouseError(what, remedy="materialise all models, then the drops; or run the complete job")


def selection(changed: Sequence[str]) -> list[str]:
    """Select, in dbt's syntax, everything downstream of raw tables (`crm__accounts` is the source `crm.accounts`)."""
    return ["--select", *("source:" + name.replace("__", ".", 1) + "+" for name in changed)]
