"""Gathers the facts of a run's quality report: once for the run, then what each organization may know.

No count, value or date of one organization reaches another's report. For source tables that several organizations
share, each report only covers its own rows; totals of reads and rejects are in the operator's report, which stays with
the run's state and is in no drop.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from functools import cached_property
from typing import Any

import pyarrow as pa

from pipeline.audit.results import AuditResult, Check
from pipeline.common.errors import WarehouseError
from pipeline.common.instants import named_instant, run_name
from pipeline.contracts.contract import ExportContract
from pipeline.drops.catalog import drop_before, latest_name, organization_place
from pipeline.drops.diff import DropDiff
from pipeline.drops.manifest import drop_name
from pipeline.drops.stage import StagedDrop
from pipeline.guards.findings import Finding, findings_of
from pipeline.report.counts import count_exports, metrics_of_run, reject_reasons
from pipeline.report.facts import (
    MetricFacts,
    Plot,
    PreviousDrop,
    Problem,
    RejectReason,
    RunFacts,
    SourceFacts,
)
from pipeline.report.sources import MeasuredTable
from pipeline.report.trends import measures_of, trends_of
from pipeline.run_plan import RunPlan
from pipeline.state.runs import RunRecord, without_rows
from pipeline.storage.place import Place

_LOAD_METRICS = ("rows_read", "rows_loaded", "rows_rejected", "rejects")
"""Metrics that the report shows by source table, if it may."""


_ORGANIZATION = re.compile(r"organization (\d+)\b")


@dataclass(frozen=True)
class MeasuredRun:
    """The facts of a whole run, for all reports."""

    plan: RunPlan
    sources: tuple[MeasuredTable, ...]
    rejects: tuple[RejectReason, ...]
    metrics: tuple[MetricFacts, ...]
    audit: AuditResult | None
    problem: WarehouseError | None
    unread: tuple[str, ...]
    findings: tuple[Finding, ...] = ()
    held_back: Mapping[int, WarehouseError] = field(default_factory=dict)
    records: tuple[RunRecord, ...] = ()
    """The runs before this one."""

    @cached_property
    def passed(self) -> Mapping[int, Check]:
        """The checks that no organization fails, by position, in the form of any organization's report."""
        checks = self.audit.checks if self.audit else ()
        return {
            place: _of_organization(check, 0)
            for place, check in enumerate(checks)
            if check.passed and not check.failed_by_organization and not check.samples
        }

    def checks_of(self, organization_id: int) -> tuple[Check, ...]:
        """Reduce the results of all checks to one organization."""
        checks = self.audit.checks if self.audit else ()
        return tuple(
            self.passed.get(place) or _of_organization(check, organization_id) for place, check in enumerate(checks)
        )

    @cached_property
    def own_metrics(self) -> Mapping[int, Sequence[MetricFacts]]:
        """The metrics whose dimension names an organization, by it."""
        own: dict[int, list[MetricFacts]] = {}
        for metric in self.metrics:
            if owner := _ORGANIZATION.match(metric.dimension):
                own.setdefault(int(owner[1]), []).append(metric)
        return own


def measure_run(
    plan: RunPlan,
    sources: Sequence[MeasuredTable],
    rejects: pa.Table,
    metrics: pa.Table,
    audit: AuditResult | None,
    problem: WarehouseError | None = None,
    unread: tuple[str, ...] = (),
    findings: Sequence[Finding] = (),
    held_back: Mapping[int, WarehouseError] | None = None,
    records: Sequence[RunRecord] = (),
    shows_values: bool = True,
) -> MeasuredRun:
    """Measure a run, once for all its reports.

    `sources` come from `measure_sources`; `rejects` and `metrics` are the marts of these names (`run_metrics`, with the
    history), or empty if the run did not get that far; `problem` is why it publishes nothing, `unread` names the
    sources that had not been read by then. Without `shows_values`, drops withhold personal data: then neither rejected
    values nor rows that a problem quotes are shown.
    """
    if problem is not None and not shows_values:
        problem = WarehouseError("\n".join(without_rows(problem.lines)), remedy=problem.remedy)
    return MeasuredRun(
        plan,
        tuple(sources),
        tuple(reject_reasons(rejects, shows_values=shows_values)),
        tuple(metrics_of_run(metrics, plan.as_of)),
        audit,
        problem,
        unread,
        tuple(findings),
        held_back or {},
        tuple(records),
    )


def gather_facts(
    run: MeasuredRun,
    place: Place,
    organization_id: int,
    staged: StagedDrop | None,
    manifest: Mapping[str, Any] | None,
    contracts: Sequence[ExportContract],
    diff: DropDiff | None = None,
    plots: Sequence[Plot] = (),
) -> RunFacts:
    """Gather the facts of an organization's report, before its drop is published.

    `staged` and `manifest` are None if the run failed before there were any; `place` contains the drops. `diff` says
    how the drop differs from the one that was published last; `plots` are those of the staged files.
    """
    is_crm = organization_id == run.plan.crm_organization_id
    visible = [table for table in run.sources if is_crm or table.landed.table.has_tenant]
    sources = tuple(
        table.facts_of(organization_id) if table.landed.table.has_tenant else table.facts()
        for table in visible
        if not table.landed.table.has_tenant or organization_id in table.tenants or not table.landed.is_configured
    )
    counted = {(source.source, source.table) for source in sources if source.rejected is not None}
    previous = drop_before(place, organization_id, run.plan.as_of)
    own = run.held_back.get(organization_id)
    sources = tuple(_with_newest_before(sources, run.records, organization_id, previous))
    facts = RunFacts(
        name="" if manifest is None else drop_name(manifest),
        organization_id=organization_id,
        as_of=run.plan.as_of,
        data_as_of=None if manifest is None else datetime.fromisoformat(manifest["data_as_of"]),
        is_published=run.problem is None and own is None,
        problem=_problem_without_rows(run) or _problem(own),
        latest=None if run.problem is None and own is None else latest_name(organization_place(place, organization_id)),
        previous=_previous(previous),
        content_hash=None if manifest is None else str(manifest["content_hash"]),
        settings=_settings(run.plan),
        sources=sources,
        rejects=tuple(reason for reason in run.rejects if (reason.source, reason.table) in counted),
        checks=run.checks_of(organization_id),
        exports=() if staged is None else tuple(count_exports(staged, previous, contracts)),
        metrics=tuple(_metrics_of(run, organization_id, is_crm=is_crm)),
        plots=tuple(plots),
        unread=run.unread,
        guards=tuple(findings_of(run.findings, organization_id, run.plan.crm_organization_id)),
        diff=diff,
        trends=() if staged is None else trends_of(run.records, organization_id, run.plan.as_of, measures_of(staged)),
    )
    return facts if facts.is_published else replace(facts, name=_failed_name(facts))


def figures_to_keep(facts: RunFacts) -> dict[str, Any]:
    """Return the figures for the record of this run, with which the reports of later runs compare."""
    newest = {f"{one.source}.{one.table}": one.newest.isoformat() for one in facts.sources if one.newest is not None}
    return {"measures": {trend.name: str(trend.now) for trend in facts.trends}, "newest": newest}


def _with_newest_before(
    sources: Sequence[SourceFacts], records: Sequence[RunRecord], organization_id: int, previous: Place | None
) -> Iterator[SourceFacts]:
    """Add to each source its newest row at the time of the previous drop, if that run recorded it."""
    made = [record for record in records if previous and _made(record, organization_id, previous.name)]
    kept = max(made, key=lambda record: record.finished_at).figures if made else {}
    newest = kept.get("organizations", {}).get(str(organization_id), {}).get("newest", {})
    for source in sources:
        text = newest.get(f"{source.source}.{source.table}")
        yield replace(source, newest_before=None if text is None else datetime.fromisoformat(text))


def _made(record: RunRecord, organization_id: int, drop: str) -> bool:
    return any(one.organization_id == organization_id and one.drop == drop for one in record.organizations)


def gather_operator_facts(run: MeasuredRun) -> RunFacts:
    """Gather the facts of the operator's report: every source, reject, check and metric, of all organizations."""
    facts = RunFacts(
        name=run_name(run.plan.as_of),
        organization_id=None,
        as_of=run.plan.as_of,
        data_as_of=None,
        is_published=run.problem is None,
        problem=_problem(run.problem),
        latest=None,
        previous=None,
        content_hash=None,
        settings=_settings(run.plan),
        sources=tuple(table.facts() for table in run.sources),
        rejects=run.rejects,
        checks=() if run.audit is None else run.audit.checks,
        exports=(),
        metrics=tuple(metric for metric in run.metrics if metric.metric not in _LOAD_METRICS),
        plots=(),
        unread=run.unread,
        guards=run.findings,
        held_back=tuple(sorted(run.held_back)),
    )
    return facts if facts.is_published else replace(facts, name=_failed_name(facts))


def _metrics_of(run: MeasuredRun, organization_id: int, *, is_crm: bool) -> Iterator[MetricFacts]:
    """Select the metrics of an organization: those that name it, and the CRM's for the CRM's organization."""
    for metric in run.metrics if is_crm else run.own_metrics.get(organization_id, ()):
        owner = _ORGANIZATION.match(metric.dimension)
        if owner and int(owner[1]) == organization_id:
            yield replace(metric, dimension=metric.dimension[owner.end() :].lstrip(", ") or "all")
        elif (
            not owner and is_crm and metric.metric not in _LOAD_METRICS and not metric.dimension.startswith("platform.")
        ):
            yield metric


def _of_organization(check: Check, organization_id: int) -> Check:
    """Reduce a check's result to one organization, without the number of rows of all."""
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
    """Keep the lines of a problem about one organization; the first line of each part names it."""
    kept = []
    is_ours = False
    for line in problem.splitlines():
        if named := _ORGANIZATION.match(line):
            is_ours = int(named[1]) == organization_id
        if is_ours:
            kept.append(line)
    return "\n".join(kept) or "It failed on the run as a whole; the operator's report says how."


def _previous(drop: Place | None) -> PreviousDrop | None:
    return None if drop is None else PreviousDrop(drop.name, named_instant(drop.name))


def _problem(error: WarehouseError | None) -> Problem | None:
    return None if error is None else Problem(tuple(error.lines), error.remedy)


def _problem_without_rows(run: MeasuredRun) -> Problem | None:
    """Return why nothing was published, without a message that may quote another organization's rows."""
    problem = _problem(run.problem)
    if problem is None:
        return None
    if run.audit is None:
        return replace(problem, lines=("The run stopped before any drop was staged; the operator's report says why.",))
    if run.audit.ok:
        return problem
    return replace(problem, lines=("An error in the audit of any organization keeps all drops of the run back.",))


def _settings(plan: RunPlan) -> tuple[tuple[str, str], ...]:
    words = {"None": "unset", "True": "true", "False": "false"}  # in the form of the setting
    texts = {name: str(value) for name, value in plan.published_settings.items()}
    return tuple((name, words.get(value, value)) for name, value in texts.items())


def _failed_name(facts: RunFacts) -> str:
    """Name the report of a run that published nothing after its content: the same failure gives the same report."""
    document = json.dumps(asdict(facts), default=str, sort_keys=True)
    digest = hashlib.sha256(document.encode()).hexdigest()
    return f"{run_name(facts.as_of)}-failed-{digest[:8]}"
