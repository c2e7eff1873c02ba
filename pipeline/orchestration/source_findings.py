"""The source guard in a run: compares the landed tables with the last publication, and stops the run if needed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch

from pipeline.common.progress import Progress
from pipeline.guards.findings import Acceptance, Finding, GuardError, accept
from pipeline.guards.source_guard import UnreadFile, judge_sources
from pipeline.guards.source_profile import SourceState, TableProfile
from pipeline.guards.thresholds import guards
from pipeline.ingest.landing.landed_table import LandedTable
from pipeline.ingest.landing.profile import MadeProfiles, profile_tables
from pipeline.orchestration.resources import RunContext
from pipeline.run_plan import RunPlan
from pipeline.settings import Settings
from pipeline.state.runs import RunRecords
from pipeline.state.workspace import Workspace


@dataclass(frozen=True)
class SourceJudgement:
    """The result of the source guard: the tables' profiles, and the findings with their acceptances."""

    tables: tuple[TableProfile, ...]
    findings: tuple[Finding, ...]


def judge_run_sources(
    settings: Settings,
    plan: RunPlan,
    workspace: Workspace,
    landed: Sequence[LandedTable],
    accepted: Sequence[Acceptance] = (),
    made: MadeProfiles | None = None,
) -> SourceJudgement:
    """Judge the landed tables against those of the run that published last, with this run's acceptances.

    `made` are the profiles that this run has already made.
    """
    last = RunRecords(workspace.runs).last_published(plan.as_of)
    before = None if last is None else SourceState([*map(TableProfile.from_dict, last.sources)], last.as_of)
    tables = profile_tables(landed, plan.as_of, made)
    unread = [
        file
        for table in landed
        for file in _unread(table)
        if not any(fnmatch(file.name, pattern) for pattern in settings.ignore_files)
    ]
    found = judge_sources(SourceState(tables, plan.as_of), before, unread, guards(settings.guards))
    judged, _ = accept(found, accepted)
    return SourceJudgement(tuple(tables), judged)


def _unread(table: LandedTable) -> Iterator[UnreadFile]:
    source = table.table.source
    yield from (UnreadFile(source, name, why) for name, why in table.unread_files)
    for reading in table.readings:
        for sheet in reading.unread_sheets:
            why = "the sheet looks like another part of the table, but only the table's first sheet is read"
            yield UnreadFile(source, f"{reading.file}, sheet '{sheet}'", why, "warn")
        for cells in reading.merged_cells:
            why = "only the first of merged cells has a value: the rows below it were read without one"
            yield UnreadFile(source, f"{reading.file}, cells {cells}", why, "warn")
        if reading.headers_without_cells:
            why = (
                "every line has too few cells for this header: if the missing cell is another one, columns are mixed up"
            )
            yield UnreadFile(source, f"{reading.file}, {', '.join(reading.headers_without_cells)}", why, "warn")
        if reading.columns_apart:
            why = "these columns follow an empty column: if they belong to another table, their values are wrong"
            yield UnreadFile(source, f"{reading.file}, {', '.join(reading.columns_apart)}", why, "warn")


def stop_where_needed(findings: Sequence[Finding]) -> None:
    """Raise GuardError if a finding stops the run."""
    if any(finding.stops for finding in findings):
        raise GuardError(findings)


def show_findings(findings: Sequence[Finding], progress: Progress) -> None:
    """Show the findings that do not stop the run: accepted ones one by one, warnings in one line per guard."""
    for finding in findings:
        if finding.accepted is not None:
            progress.view.noted(*str(finding).split("\n"))
    warned = [finding for finding in findings if finding.level == "warn" and finding.accepted is None]
    for guard in dict.fromkeys(finding.guard for finding in warned):
        of_guard = [finding for finding in warned if finding.guard == guard]
        places = "; ".join(f"{_whose(finding)}{finding.place}{finding.figures}" for finding in of_guard)
        progress.view.noted(f"guard {guard} warns, {of_guard[0].says}: {places}")


def _whose(finding: Finding) -> str:
    return "" if finding.organization_id is None else f"organization {finding.organization_id}, "


def guard_sources(run: RunContext, landed: Sequence[LandedTable]) -> SourceJudgement:
    """Judge the sources as a step of the run; WarehouseError if a finding stops it."""
    with run.progress.step("guard", "tables") as step:
        judgement = judge_run_sources(run.settings, run.plan, run.workspace, landed, run.accepted, run.profiles)
        show_findings(judgement.findings, run.progress)
        warned = sum(finding.level == "warn" and finding.accepted is None for finding in judgement.findings)
        accepted = sum(finding.accepted is not None for finding in judgement.findings)
        step.summary = f"{len(judgement.tables)} source tables, {warned} with a warning"
        step.summary += f", {accepted} accepted" if accepted else ""
        stop_where_needed(judgement.findings)
    return judgement
