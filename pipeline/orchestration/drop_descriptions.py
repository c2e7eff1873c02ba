"""Describes staged drops: the manifest of each, and the facts of its report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import pyarrow as pa

from pipeline.audit import AuditResult
from pipeline.common.formats import plural
from pipeline.drops.diff import DropDiff
from pipeline.drops.manifest import build_manifest
from pipeline.drops.stage import StagedDrop
from pipeline.drops.write_changes import WrittenChanges
from pipeline.guards.findings import Finding, findings_of
from pipeline.ingest.rejects import REJECTS_SCHEMA
from pipeline.orchestration.built_run import BuiltRun
from pipeline.orchestration.verdict import Verdict
from pipeline.report.facts import Plot, RunFacts
from pipeline.report.gather import gather_facts, gather_operator_facts
from pipeline.report.measured_run import RunOutcome, measure_run
from pipeline.report.sources import MeasuredTable
from pipeline.state.runs import RunRecords

REJECTS = "rejects"


@dataclass(frozen=True)
class JudgedDrops:
    """The staged drops of a run with the results of the audit and of all guards."""

    drops: Sequence[StagedDrop]
    audit: AuditResult
    findings: Sequence[Finding]
    verdict: Verdict


@dataclass(frozen=True)
class DescribedDrops:
    """The manifests of staged drops in their order, and by organization what changed and the plots."""

    manifests: Sequence[Mapping[str, Any]]
    diffs: Mapping[int, DropDiff]
    plots: Mapping[int, Sequence[Plot]]


def manifests_of(
    built: BuiltRun,
    judged: JudgedDrops,
    changes: Mapping[int, WrittenChanges],
    pages: Mapping[int, Mapping[str, Any]],
) -> list[dict[str, Any]]:
    """Build the manifest of each drop, in their order."""
    data_as_of = _data_as_of(built.engine.read("account_core", ["organization_id", "data_as_of"]))
    return [
        build_manifest(
            drop,
            built.contracts,
            as_of=built.run.plan.as_of,
            data_as_of=data_as_of.get(drop.organization_id, built.run.plan.as_of),
            settings=built.run.plan.published_settings,
            inputs=built.build.inputs,
            checks=judged.audit.of_organization(drop.organization_id),
            guards=[finding.as_dict() for finding in own],
            accepted=[asdict(finding.accepted) for finding in own if finding.accepted],
            changes=written.as_dict() if (written := changes.get(drop.organization_id)) else None,
            page=pages.get(drop.organization_id),
            cuts=built.cuts,
            personal_data=built.personal_data,
        )
        for drop in judged.drops
        for own in [findings_of(judged.findings, drop.organization_id, built.run.plan.crm_organization_id)]
    ]


def reports_of(
    built: BuiltRun,
    judged: JudgedDrops,
    described: DescribedDrops,
    sources: Sequence[MeasuredTable],
    metrics: pa.Table,
) -> list[RunFacts]:
    """Gather the facts of every report while the staged files are still in their folders, the operator's last."""
    with built.run.progress.step("report", "reports") as step:
        measured = measure_run(
            built.run.plan,
            sources,
            built.engine.read(REJECTS, REJECTS_SCHEMA.names),
            metrics,
            RunOutcome(judged.audit, judged.verdict.run, judged.findings, judged.verdict.held_back),
            RunRecords(built.run.workspace.runs).newest_first(),
            shows_values=built.run.settings.keeps_personal_data,
        )
        facts = [
            gather_facts(
                measured,
                built.destination.place,
                drop.organization_id,
                drop,
                manifest,
                built.contracts,
                described.diffs.get(drop.organization_id),
                described.plots[drop.organization_id],
            )
            for drop, manifest in zip(judged.drops, described.manifests, strict=True)
        ]
        step.summary = plural(len(facts), "report")
    return [*facts, gather_operator_facts(measured)]


def _data_as_of(account_core: pa.Table) -> dict[int, datetime]:
    """Return each organization's `data_as_of` (D3), the same in all its rows."""
    latest = account_core.group_by("organization_id").aggregate([("data_as_of", "max")])
    return dict(zip(latest["organization_id"].to_pylist(), latest["data_as_of_max"].to_pylist(), strict=True))
