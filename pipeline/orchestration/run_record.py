"""The record of a run: its plan, what it published and held back, for the next run's guards and for people."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict
from datetime import UTC, datetime

from pipeline.drops.manifest import drop_name
from pipeline.drops.publish_to_folder import PublishedDrop
from pipeline.engines import WrittenMart
from pipeline.guards.findings import findings_of
from pipeline.orchestration.audited_drops import AuditedDrops
from pipeline.orchestration.built_run import BuiltRun
from pipeline.report.gather import figures_to_keep
from pipeline.state.run_history import run_history, run_history_contract
from pipeline.state.runs import OrganizationOutcome, RunRecord, RunRecords, without_rows


def record_of(
    built: BuiltRun, audited: AuditedDrops, published: Sequence[PublishedDrop], late: Collection[int] = ()
) -> RunRecord:
    """Describe a run's plan and what it published and held back, for the next run's guards and for people.

    `late` are the organizations whose `latest` stayed (D38).
    """
    verdict, found = audited.verdict, [*audited.sources.findings, *audited.findings]
    names = {drop.organization_id: drop_name(drop.manifest) for drop in published}
    new = {drop.organization_id for drop in published if drop.is_new}
    outcomes = tuple(
        OrganizationOutcome(
            one,
            names.get(one),
            is_new=one in new,
            why=tuple(without_rows(verdict.held_back[one].lines)[:3]) if one in verdict.held_back else (),
            findings=tuple(
                finding.as_dict() for finding in findings_of(found, one, built.run.plan.crm_organization_id)
            ),
            is_latest=one not in late,
        )
        for one in [*names, *sorted(verdict.held_back)]
    )
    return RunRecord(
        run_id=built.run_id,
        finished_at=datetime.now(UTC),
        as_of=built.run.plan.as_of,
        verdict="held back" if verdict.run else "partly held back" if verdict.held_back else "published",
        organizations=outcomes,
        sources=tuple(table.as_dict() for table in audited.sources.tables) if published else (),
        findings=tuple(finding.as_dict() for finding in found),
        accepted=tuple(asdict(each) for each in built.run.accepted),
        figures={
            "rows": {str(drop.organization_id): _rows(drop) for drop in published},
            "warned_checks": len(audited.audit.warnings),
            "organizations": {
                str(facts.organization_id): figures_to_keep(facts)
                for facts in audited.reports
                if facts.organization_id in names
            },
        },
        problem=None if verdict.run is None else "\n".join(without_rows(verdict.run.lines)),
        build=built.build.build_id,
        selected_year=built.run.plan.selected_year,
    )


def history_mart(built: BuiltRun, *records: RunRecord) -> WrittenMart:
    """Return the history of runs as a mart: these records and the stored ones."""
    kept = RunRecords(built.run.workspace.runs).newest_first()
    return WrittenMart(run_history_contract(), run_history([*records, *kept]))


def _rows(drop: PublishedDrop) -> dict[str, int]:
    return {file["export"]: file["rows"] for file in drop.manifest["files"] if file["name"].endswith(".parquet")}
