"""The facts of a whole run, measured once for all its reports, and what of them belongs to one organization."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Final

import pyarrow as pa

from pipeline.audit.results import AuditResult, Check
from pipeline.common.errors import WarehouseError
from pipeline.guards.findings import Finding
from pipeline.report.counts import metrics_of_run, reject_reasons
from pipeline.report.facts import MetricFacts, RejectReason
from pipeline.report.sources import MeasuredTable
from pipeline.run_plan import RunPlan
from pipeline.state.runs import RunRecord, without_rows

ORGANIZATION: Final = re.compile(r"organization (\d+)\b")
"""How the dimension of a metric, or a line of a check's problem, names its organization."""


@dataclass(frozen=True)
class RunOutcome:
    """How a run ended."""

    audit: AuditResult | None = None
    """The audit's result; None if the run stopped before the audit."""
    problem: WarehouseError | None = None
    """Why the run publishes nothing; None if it publishes."""
    findings: Sequence[Finding] = ()
    held_back: Mapping[int, WarehouseError] = field(default_factory=dict)
    """The organizations whose drops are held back, with the reason."""
    unread: Sequence[str] = ()
    """The sources that had not been read when the run stopped."""

    @property
    def checks(self) -> tuple[Check, ...]:
        """The checks of the audit; none if there was no audit."""
        return self.audit.checks if self.audit else ()


@dataclass(frozen=True)
class MeasuredRun:
    """The facts of a whole run."""

    plan: RunPlan
    sources: tuple[MeasuredTable, ...]
    rejects: tuple[RejectReason, ...]
    metrics: tuple[MetricFacts, ...]
    outcome: RunOutcome
    records: tuple[RunRecord, ...] = ()
    """The runs before this one."""

    @cached_property
    def passed(self) -> Mapping[int, Check]:
        """The checks that no organization fails, by position, as every organization's report shows them."""
        return {
            place: _of_organization(check, 0)
            for place, check in enumerate(self.outcome.checks)
            if check.passed and not check.failed_by_organization and not check.samples
        }

    def checks_of(self, organization_id: int) -> tuple[Check, ...]:
        """Return the results of all checks, reduced to one organization."""
        return tuple(
            self.passed.get(place) or _of_organization(check, organization_id)
            for place, check in enumerate(self.outcome.checks)
        )

    @cached_property
    def own_metrics(self) -> Mapping[int, Sequence[MetricFacts]]:
        """The metrics whose dimension names an organization, by organization."""
        own: dict[int, list[MetricFacts]] = {}
        for metric in self.metrics:
            if owner := ORGANIZATION.match(metric.dimension):
                own.setdefault(int(owner[1]), []).append(metric)
        return own


def measure_run(
    plan: RunPlan,
    sources: Sequence[MeasuredTable],
    rejects: pa.Table,
    metrics: pa.Table,
    outcome: RunOutcome,
    records: Sequence[RunRecord] = (),
    *,
    shows_values: bool = True,
) -> MeasuredRun:
    """Measure a run, once for all its reports.

    `sources` come from `measure_sources`. `rejects` and `metrics` are the marts `rejects` and `run_metrics` (with the
    history), empty if the run did not get that far. Without `shows_values`, drops withhold personal data, so neither
    rejected values nor rows quoted by the problem are shown.
    """
    problem = outcome.problem
    if problem is not None and not shows_values:
        problem = WarehouseError("\n".join(without_rows(problem.lines)), remedy=problem.remedy)
    return MeasuredRun(
        plan,
        tuple(sources),
        tuple(reject_reasons(rejects, shows_values=shows_values)),
        tuple(metrics_of_run(metrics, plan.as_of)),
        replace(outcome, problem=problem),
        tuple(records),
    )


def _of_organization(check: Check, organization_id: int) -> Check:
    """Reduce a check's result to one organization, without the total number of rows."""
    failed = check.failed_by_organization.get(organization_id, 0)
    passed = check.passed or (not failed and bool(check.failed_by_organization))
    return replace(
        check,
        passed=passed,
        rows=0,
        failed=failed,
        failed_by_organization={organization_id: failed} if failed else {},
        samples=tuple(row for row in check.samples if row.organization_id == organization_id),
        problem=None if passed or check.problem is None else _problem_of(check.problem, organization_id),
    )


def _problem_of(problem: str, organization_id: int) -> str:
    """Return the lines of a problem about one organization; the first line of each part names its organization."""
    kept = []
    is_ours = False
    for line in problem.splitlines():
        if named := ORGANIZATION.match(line):
            is_ours = int(named[1]) == organization_id
        if is_ours:
            kept.append(line)
    return "\n".join(kept) or "It failed on the run as a whole; the operator's report says how."
