"""The source guard as a step of the page: each guard is a check of the source tables that it applies to."""

from collections.abc import Iterator

import dagster as dg

from pipeline.ingest.landing.record import SOURCES, landed_tables
from pipeline.orchestration.asset_checks import EXPORTS, asset_of, guard_check_specs, guard_results
from pipeline.orchestration.resources import RunContext, reported_failure
from pipeline.orchestration.source_findings import judge_run_sources, stop_where_needed
from pipeline.orchestration.stopped import stopped_in_words


def build_source_checks() -> dg.AssetChecksDefinition:
    """Make the step that judges the source tables; models wait for its checks that may stop a run."""
    specs = [spec for spec in guard_check_specs(()) if spec.asset_key.path[0] != EXPORTS]

    @dg.multi_asset_check(name="source_guard", specs=specs, can_subset=True)
    def source_guard(
        context: dg.AssetCheckExecutionContext, run: dg.ResourceParam[RunContext]
    ) -> Iterator[dg.AssetCheckResult]:
        """Judge the landed tables against the last publication; for a selection of tables, only these."""
        selected = [spec for spec in specs if spec.key in context.selected_asset_check_keys]
        keys = {(spec.asset_key, spec.name) for spec in selected}
        sources = [source for source in SOURCES if run.workspace.landed(source).exists()]
        with stopped_in_words(run), reported_failure(run, lambda: landed_tables(run.workspace, sources)):
            landed = landed_tables(run.workspace, sources)
            judged = judge_run_sources(run.settings, run.plan, run.workspace, landed, run.accepted).findings
            findings = [finding for finding in judged if (asset_of(finding), finding.guard) in keys]
            yield from guard_results(findings, selected)
            stop_where_needed(findings)

    return source_guard
