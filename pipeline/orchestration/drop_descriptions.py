"""What is said of staged drops: the manifest of each, and the facts of its report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
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
from pipeline.report.gather import gather_facts, gather_operator_facts, measure_run
from pipeline.report.sources import MeasuredTable
from pipeline.state.runs import RunRecords

REJECTS = "rejects"


def manifests_of(
    built: BuiltRun,
    drops: Sequence[StagedDrop],
    audit: AuditResult,
    findings: Sequence[Finding],
    changes: Mapping[int, WrittenChanges],
    pages: Mapping[int, Mapping[str, Any]],
) -> list[dict[str, Any]]:
    """Write the manifest of each drop, in their order."""
    data_as_of = _data_as_of(built.engine.read("account_core", ["organization_id", "data_as_of"]))
    return [
        build_manifest(
            drop,
            built.contracts,
            as_of=built.run.plan.as_of,
            data_as_of=data_as_of.get(drop.organization_id, built.run.plan.as_of),
            settings=built.run.plan.published_settings,
            inputs=built.build.inputs,
            checks=audit.of_organization(drop.organization_id),
            guards=[finding.as_dict() for finding in own],
            accepted=[asdict(finding.accepted) for finding in own if finding.accepted],
            changes=written.as_dict() if (written := changes.get(drop.organization_id)) else None,
            page=pages.get(drop.organization_id),
            cuts=built.cuts,
            personal_data=built.personal_data,
        )
        for drop in drops
        for own in [findings_of(findings, drop.organization_id, built.run.plan.crm_organization_id)]
    ]


def reports_of(
    built: BuiltRun,
    drops: Sequence[StagedDrop],
    manifests: Sequence[Mapping[str, Any]],
    diffs: Mapping[int, DropDiff],
    sources: Sequence[MeasuredTable],
    audit: AuditResult,
    metrics: pa.Table,
    verdict: Verdict,
    findings: Sequence[Finding],
    plots: Mapping[int, Sequence[Plot]],
) -> list[RunFacts]:
    """Gather the facts of every report while the staged files are where they are; `plots` are those of each drop."""
    with built.run.progress.step("report", "reports") as step:
        rejects = built.engine.read(REJECTS, REJECTS_SCHEMA.names)
        measured = measure_run(
            built.run.plan,
            sources,
            rejects,
            metrics,
            audit,
            verdict.run,
            findings=findings,
            held_back=verdict.held_back,
            records=RunRecords(built.run.workspace.runs).newest_first(),
            shows_values=built.run.settings.keeps_personal_data,
        )
        place = built.destination.place
        facts = [
            gather_facts(
                measured,
                place,
                drop.organization_id,
                drop,
                manifest,
                built.contracts,
                diffs.get(drop.organization_id),
                plots[drop.organization_id],
            )
            for drop, manifest in zip(drops, manifests, strict=True)
        ]
        step.summary = plural(len(facts), "report")
    return [*facts, gather_operator_facts(measured)]


def _data_as_of(account_core: pa.Table) -> dict[int, datetime]:
    """Return each organization's `data_as_of` (D3), the same in all its rows."""
    latest = account_core.group_by("organization_id").aggregate([("data_as_of", "max")])
    return dict(zip(latest["organization_id"].to_pylist(), latest["data_as_of_max"].to_pylist(), strict=True))
