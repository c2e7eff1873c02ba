"""`warehouse plan`: everything that a run does up to the drift guard, and what it would change."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from pipeline.common.errors import WarehouseError
from pipeline.common.progress import Progress
from pipeline.common.startup import quick_imports
from pipeline.drops.diff import DropDiff, diff_lines
from pipeline.guards.findings import Finding, findings_of, read_acceptances
from pipeline.orchestration.resources import RunContext, helpers_started_early
from pipeline.orchestration.run import current_user, execute_job
from pipeline.run_plan import RunPlan
from pipeline.settings import Settings
from pipeline.state.workspace import Workspace


@dataclass(frozen=True)
class PlannedDrop:
    """The drop that a run would publish for an organization: its rows by export, or why it would be held back.

    `diff` is None for an organization that has no drop yet.
    """

    organization_id: int
    rows: dict[str, int]
    diff: DropDiff | None
    held_back: WarehouseError | None
    findings: tuple[Finding, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return the plan as JSON values; the difference is that of `warehouse diff --json`."""
        problem = self.held_back
        return {
            "organization_id": self.organization_id,
            "held_back": problem
            and {
                "what": problem.what,
                "details": list(problem.details),
                "where": problem.where,
                "remedy": problem.remedy,
            },
            "findings": [finding.as_dict() for finding in self.findings],
            "rows": self.rows,
            "diff": self.diff.as_dict() if self.diff else None,
        }


def plan_warehouse(settings: Settings, progress: Progress, accept: Sequence[str] = ()) -> list[PlannedDrop]:
    """Read, build and judge as a run does; WarehouseError if a run would stop for all organizations.

    The next run reuses what this one has read and built, if its stamp still matches.
    """
    accepted = read_acceptances(accept, current_user())
    settings.require_source()
    workspace = Workspace(settings.state)
    with workspace.turn(progress.view.noted):
        plan = RunPlan.of(settings, datetime.now(UTC))
        with helpers_started_early(settings.target, workspace) as helpers:
            run = RunContext(settings, plan, workspace, progress, helpers, publishes=False, accepted=accepted)
            with quick_imports():
                from pipeline.contracts.read_contracts import contracts_from_manifest
                from pipeline.dbt.runner import parsed_project
                from pipeline.orchestration.definitions import MODELS_JOB
                from pipeline.orchestration.drops import open_release
            execute_job(run, MODELS_JOB)
            contracts = contracts_from_manifest(parsed_project(settings.target, spare=workspace.dbt_target).manifest)
            with open_release(run, uuid.uuid4().hex, contracts) as release:
                judged = release.plan()
    findings = [*judged.sources.findings, *judged.findings]
    return [
        PlannedDrop(
            drop.organization_id,
            rows={file.export: file.rows for file in drop.files if file.name.endswith(".parquet")},
            diff=judged.diffs.get(drop.organization_id),
            held_back=judged.verdict.problem_of(drop.organization_id),
            findings=tuple(findings_of(findings, drop.organization_id, plan.crm_organization_id)),
        )
        for drop in judged.drops
    ]


def plan_lines(planned: Sequence[PlannedDrop]) -> list[str]:
    """Format a plan for a terminal: one difference per organization, as in `warehouse diff`."""
    lines = []
    for drop in planned:
        fate = "would be held back" if drop.held_back else "would be published"
        lines += [f"Organization {drop.organization_id} {fate}"]
        if drop.held_back:
            lines += [f"  {line}" for line in drop.held_back.lines]
        if drop.diff is None:
            lines += ["  its first drop, there is nothing to compare with"]
            lines += [f"  {export}: {rows:,}" for export, rows in sorted(drop.rows.items())]
        elif drop.diff.is_empty:
            lines += [f"  nothing would change: the rows are those of {drop.diff.before}"]
        else:
            lines += diff_lines(drop.diff)
        lines += [""]
    return [*lines, "Nothing was published."]
