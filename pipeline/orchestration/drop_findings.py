"""The drift guard in a run: compares each staged drop with the one published last."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pyarrow as pa

from pipeline.contracts.contract import ExportContract
from pipeline.drops.catalog import (
    absent_organizations,
    baseline_drop,
    latest_manifest,
    organization_place,
)
from pipeline.drops.find_drop import OpenDrop, open_drop, treated_alike
from pipeline.drops.personal_data import PersonalData
from pipeline.drops.stage import StagedDrop
from pipeline.guards.drift_guard import judge_drift, judge_gone_organization, judge_kept_rows
from pipeline.guards.drop_figures import DropFiles, measure_drift
from pipeline.guards.findings import Acceptance, Finding, accept
from pipeline.guards.first_drop import judge_first_drops, measure_first_drops
from pipeline.guards.kept_rows import measure_kept_rows
from pipeline.guards.thresholds import guards
from pipeline.guards.two_truths import judge_truths
from pipeline.orchestration.resources import RunContext
from pipeline.run_plan import RunPlan
from pipeline.settings import Settings
from pipeline.storage.place import Place

_ORGANIZATION = re.compile(r"organization (\d+)")
"""The dimension of a metric that counts an organization as a whole."""


@contextmanager
def opened_baselines(
    place: Place,
    drops: Sequence[StagedDrop],
    as_of: datetime,
    contracts: Sequence[ExportContract],
    personal_data: PersonalData,
) -> Iterator[dict[int, OpenDrop]]:
    """Open, for each staged drop, the published one to compare it with; an organization's first has none.

    Its personal columns are treated like the staged drop's, as far as possible.
    """
    with ExitStack() as opened:
        found = {}
        for drop in drops:
            if (before := baseline_drop(organization_place(place, drop.organization_id), as_of)) is not None:
                baseline = opened.enter_context(open_drop(before))
                found[drop.organization_id] = opened.enter_context(treated_alike(baseline, personal_data, contracts))
        yield found


def staged_files(drop: StagedDrop, plan: RunPlan) -> DropFiles:
    """Return a staged drop's Parquet files by export."""
    names = [file.name for file in drop.files if file.name.endswith(".parquet")]
    return DropFiles({Path(name).stem: drop.folder / name for name in names}, plan.as_of, plan.selected_year)


def judge_drops(
    run: RunContext, place: Place, drops: Sequence[StagedDrop], baselines: Mapping[int, OpenDrop]
) -> tuple[Finding, ...]:
    """Judge the staged drops against their baselines, with the acceptances of this run."""
    known = guards(run.settings.guards)
    found: list[Finding] = []
    now, earlier = {}, {}
    for drop in drops:
        if (before := baselines.get(drop.organization_id)) is not None and not _is_same(drop, before):
            now[drop.organization_id], earlier[drop.organization_id] = staged_files(drop, run.plan), before.files
            drift = measure_drift(now[drop.organization_id], before.files)
            found += judge_drift(drop.organization_id, drift, known)
    is_windowed = run.plan.decisions["communication_window_days"] is not None
    for organization_id, kept in measure_kept_rows(now, earlier).items():
        found += judge_kept_rows(organization_id, kept, known, is_windowed=is_windowed)
    if first := [drop.organization_id for drop in drops if drop.organization_id not in baselines]:
        figures = measure_first_drops({drop.organization_id: staged_files(drop, run.plan) for drop in drops})
        found += judge_first_drops(figures, first, known)
    for gone in absent_organizations(place, {drop.organization_id for drop in drops}):
        manifest = latest_manifest(place, gone)
        files = manifest["files"] if manifest else ()
        accounts = next((file["rows"] for file in files if file["name"] == "account_core.parquet"), 0)
        found.append(judge_gone_organization(gone, accounts, known))
    judged, _ = accept(found, run.accepted)
    return judged


def judge_metrics(run: RunContext, metrics: pa.Table) -> tuple[Finding, ...]:
    """Return findings about the two truths of each organization in a run's metrics."""
    counts = {
        (int(organization[1]), row["metric"]): row["value"]
        for row in metrics.to_pylist()
        if (organization := _ORGANIZATION.fullmatch(row["dimension"])) is not None
    }
    return tuple(judge_truths(counts, guards(run.settings.guards)["two_truths"]))


def judge_one_drop(
    settings: Settings, plan: RunPlan, drop: StagedDrop, before: OpenDrop, accepted: Sequence[Acceptance]
) -> tuple[Finding, ...]:
    """Judge a staged drop with some exports against the same exports of an earlier one."""
    now = staged_files(drop, plan)
    kept = {name: path for name, path in before.files.parquet.items() if name in now.parquet}
    drift = measure_drift(now, replace(before.files, parquet=kept))
    judged, _ = accept(judge_drift(drop.organization_id, drift, guards(settings.guards)), accepted)
    return judged


def _is_same(drop: StagedDrop, before: OpenDrop) -> bool:
    """Return whether a staged drop has the bytes of a published one."""
    published = {file["name"]: file["sha256"] for file in before.manifest["files"]}
    return {file.name: file.sha256 for file in drop.files} == published
