"""What of the warehouse a run must compute again: all of it, or what depends on the sources that have changed.

Every model is a function of the raw tables, the run's variables and the project's files. So where the variables and
files are as in the last build, a model whose raw tables are too has its rows already.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.dbt.runner import project_fingerprint
from pipeline.engines import RawTable
from pipeline.run_plan import RunPlan
from pipeline.storage.local_files import write_whole


@dataclass(frozen=True)
class Build:
    """What the marts of an engine were built from: `raw` gives the fingerprint of each raw table."""

    plan: RunPlan
    target: str
    project: str
    raw: Mapping[str, str]

    @classmethod
    def of(cls, plan: RunPlan, target: str, tables: Sequence[RawTable]) -> Build:
        """Describe the build that a run is about to make."""
        return cls(plan, target, project_fingerprint(target), {table.name: table.fingerprint for table in tables})

    def changed_since(self, last: Build | None) -> list[str] | None:
        """List the raw tables that have changed since the last build; None where everything must be built."""
        if last is None or not last.raw:
            return None
        if (self.plan, self.target, self.project) != (last.plan, last.target, last.project):
            return None
        return sorted(name for name, fingerprint in self.raw.items() if last.raw.get(name) != fingerprint)

    def without_raw(self) -> Build:
        """Describe a build of which only a part was made: the next one starts anew."""
        return Build(self.plan, self.target, self.project, {})

    def write(self, path: Path) -> None:
        """Record the build, whole or not at all."""
        content: dict[str, Any] = {
            "plan": self.plan.to_json(),
            "target": self.target,
            "project": self.project,
            "raw": dict(self.raw),
        }
        write_whole(path, json.dumps(content, indent=1))

    @classmethod
    def read(cls, path: Path) -> Build | None:
        """Read the record of the last build; None where there is none, or only a part of it."""
        try:
            content = json.loads(path.read_text())
            return cls(RunPlan.from_json(content["plan"]), content["target"], content["project"], dict(content["raw"]))
        except (FileNotFoundError, ValueError, KeyError, TypeError):
            return None


def selection(changed: Sequence[str]) -> list[str]:
    """Select, in dbt's words, what depends on the changed raw tables (`crm__accounts` is the source `crm.accounts`)."""
    return ["--select", *("source:" + name.replace("__", ".", 1) + "+" for name in changed)]
