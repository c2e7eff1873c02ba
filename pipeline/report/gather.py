"""Gathers the facts of a run's quality reports: each organization's, and the operator's.

No count, value or date of one organization reaches another's report. For source tables that several organizations
share, each report only covers its own rows; the totals of read and rejected rows are in the operator's report, which
stays with the run's state and is in no drop.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any

from pipeline.common.errors import WarehouseError
from pipeline.common.instants import named_instant, run_name
from pipeline.contracts.contract import ExportContract
from pipeline.drops.catalog import drop_before, latest_name, organization_place
from pipeline.drops.diff import DropDiff
from pipeline.drops.manifest import drop_name
from pipeline.drops.stage import StagedDrop
from pipeline.guards.findings import findings_of
from pipeline.report.counts import count_exports
from pipeline.report.facts import MetricFacts, Plot, PreviousDrop, Problem, RunFacts, SourceFacts
from pipeline.report.measured_run import ORGANIZATION, MeasuredRun
from pipeline.report.trends import measures_of, trends_of
from pipeline.run_plan import RunPlan
from pipeline.state.runs import RunRecord
from pipeline.storage.place import Place

_LOAD_METRICS = ("rows_read", "rows_loaded", "rows_rejected", "rejects")
"""Metrics that the report shows by source table instead."""


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

    `staged` and `manifest` are None if the run stopped before its drops were staged; `place` contains the drops. `diff`
    says how the drop differs from the last published one; `plots` are those of the staged files.
    """
    outcome, is_crm = run.outcome, organization_id == run.plan.crm_organization_id
    previous = drop_before(place, organization_id, run.plan.as_of)
    own = outcome.held_back.get(organization_id)
    is_published = outcome.problem is None and own is None
    sources = tuple(_with_newest_before(_sources_of(run, organization_id), run.records, organization_id, previous))
    counted = {(source.source, source.table) for source in sources if source.rejected is not None}
    facts = RunFacts(
        name="" if manifest is None else drop_name(manifest),
        organization_id=organization_id,
        as_of=run.plan.as_of,
        data_as_of=None if manifest is None else datetime.fromisoformat(manifest["data_as_of"]),
        is_published=is_published,
        problem=_problem_without_rows(run) or _problem(own),
        latest=None if is_published else latest_name(organization_place(place, organization_id)),
        previous=_previous(previous),
        content_hash=None if manifest is None else str(manifest["content_hash"]),
        settings=_settings(run.plan),
        sources=sources,
        rejects=tuple(reason for reason in run.rejects if (reason.source, reason.table) in counted),
        checks=run.checks_of(organization_id),
        exports=() if staged is None else tuple(count_exports(staged, previous, contracts)),
        metrics=tuple(_metrics_of(run, organization_id, is_crm=is_crm)),
        plots=tuple(plots),
        unread=tuple(outcome.unread),
        guards=tuple(findings_of(outcome.findings, organization_id, run.plan.crm_organization_id)),
        diff=diff,
        trends=() if staged is None else trends_of(run.records, organization_id, run.plan.as_of, measures_of(staged)),
    )
    return facts if facts.is_published else replace(facts, name=_failed_name(facts))


def _sources_of(run: MeasuredRun, organization_id: int) -> Iterator[SourceFacts]:
    """Yield the facts of the source tables that an organization may see.

    Tables whose rows name no organization belong to the CRM's organization; of the others, each sees its own rows.
    """
    for table in run.sources:
        if not table.landed.table.has_tenant:
            if organization_id == run.plan.crm_organization_id:
                yield table.facts()
        elif organization_id in table.tenants or not table.landed.is_configured:
            yield table.facts_of(organization_id)


def figures_to_keep(facts: RunFacts) -> dict[str, Any]:
    """Return the figures for the record of this run, with which the reports of later runs compare."""
    newest = {f"{one.source}.{one.table}": one.newest.isoformat() for one in facts.sources if one.newest is not None}
    return {"measures": {trend.name: str(trend.now) for trend in facts.trends}, "newest": newest}


def _with_newest_before(
    sources: Iterator[SourceFacts], records: Sequence[RunRecord], organization_id: int, previous: Place | None
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
    outcome = run.outcome
    facts = RunFacts(
        name=run_name(run.plan.as_of),
        organization_id=None,
        as_of=run.plan.as_of,
        data_as_of=None,
        is_published=outcome.problem is None,
        problem=_problem(outcome.problem),
        latest=None,
        previous=None,
        content_hash=None,
        settings=_settings(run.plan),
        sources=tuple(table.facts() for table in run.sources),
        rejects=run.rejects,
        checks=outcome.checks,
        exports=(),
        metrics=tuple(metric for metric in run.metrics if metric.metric not in _LOAD_METRICS),
        plots=(),
        unread=tuple(outcome.unread),
        guards=tuple(outcome.findings),
        held_back=tuple(sorted(outcome.held_back)),
    )
    return facts if facts.is_published else replace(facts, name=_failed_name(facts))


def _metrics_of(run: MeasuredRun, organization_id: int, *, is_crm: bool) -> Iterator[MetricFacts]:
    """Yield the metrics of an organization: those that name it, and for the CRM's organization those of the CRM."""
    for metric in run.metrics if is_crm else run.own_metrics.get(organization_id, ()):
        owner = ORGANIZATION.match(metric.dimension)
        if owner and int(owner[1]) == organization_id:
            yield replace(metric, dimension=metric.dimension[owner.end() :].lstrip(", ") or "all")
        elif (
            not owner and is_crm and metric.metric not in _LOAD_METRICS and not metric.dimension.startswith("platform.")
        ):
            yield metric


def _previous(drop: Place | None) -> PreviousDrop | None:
    return None if drop is None else PreviousDrop(drop.name, named_instant(drop.name))


def _problem(error: WarehouseError | None) -> Problem | None:
    return None if error is None else Problem(tuple(error.lines), error.remedy)


def _problem_without_rows(run: MeasuredRun) -> Problem | None:
    """Return why nothing was published, without a message that may quote another organization's rows."""
    problem = _problem(run.outcome.problem)
    if problem is None:
        return None
    if run.outcome.audit is None:
        return replace(problem, lines=("The run stopped before any drop was staged; the operator's report says why.",))
    if run.outcome.audit.ok:
        return problem
    return replace(problem, lines=("An error in the audit of any organization holds back all drops of the run.",))


def _settings(plan: RunPlan) -> tuple[tuple[str, str], ...]:
    words = {"None": "unset", "True": "true", "False": "false"}  # as written in the settings
    texts = {name: str(value) for name, value in plan.published_settings.items()}
    return tuple((name, words.get(value, value)) for name, value in texts.items())


def _failed_name(facts: RunFacts) -> str:
    """Return a name for the report of a run that published nothing, from its content: equal failures share a report."""
    document = json.dumps(asdict(facts), default=str, sort_keys=True)
    digest = hashlib.sha256(document.encode()).hexdigest()
    return f"{run_name(facts.as_of)}-failed-{digest[:8]}"
