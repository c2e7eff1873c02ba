"""A failure during publication leaves `latest` unchanged; one after it is reported but does not fail the run."""

from __future__ import annotations

import errno
import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from pipeline.audit import AuditResult
from pipeline.common.errors import WarehouseError
from pipeline.contracts.contract import ExportContract
from pipeline.dbt.build_record import Build
from pipeline.drops.destination import open_destination
from pipeline.drops.publication_log import PublicationLog
from pipeline.drops.publish_to_folder import FolderDestination
from pipeline.drops.stage import StagedDrop
from pipeline.engines import NOBODY, HeldBack, WrittenMart
from pipeline.orchestration.audited_drops import AuditedDrops
from pipeline.orchestration.built_run import BuiltRun
from pipeline.orchestration.put_in_place import put_in_place
from pipeline.orchestration.source_findings import SourceJudgement
from pipeline.orchestration.verdict import Verdict
from pipeline.run_plan import RunPlan
from pipeline.settings import Settings
from pipeline.state.history import DUPLICATES, DUPLICATES_SCHEMA, METRICS, METRICS_SCHEMA, RunHistory
from tests.drops.made_drops import AS_OF, manifest_of
from tests.orchestration.runs import Listener, run_context

HISTORY = {DUPLICATES: DUPLICATES_SCHEMA.empty_table(), METRICS: METRICS_SCHEMA.empty_table()}


class Marts:
    """An engine that records whether its marts are visible to readers."""

    is_committed = False

    def commit(
        self, contracts: Sequence[ExportContract], held_back: HeldBack = NOBODY, written: Sequence[WrittenMart] = ()
    ) -> None:
        self.is_committed = True


class Run:
    """A run with a staged and audited drop for each of two organizations."""

    def __init__(self, folder: Path, stage: Callable[..., StagedDrop]) -> None:
        self.exports = folder / "exports"
        settings = Settings(exports=str(self.exports), state=folder / "state")
        self.listener = Listener()
        run = run_context(settings, self.listener, plan=RunPlan(AS_OF, 2025, {"crm_organization_id": 1}, ()))
        destination = open_destination(settings, run.workspace)
        self.history = RunHistory(settings.state)
        self.engine = Marts()
        self.drops = [stage(destination.staging_folder(number, "run"), number) for number in (1, 2)]
        self.built = BuiltRun(
            run=run,
            run_id="run",
            engine=self.engine,  # type: ignore[arg-type]
            contracts=(),
            landed=(),
            build=Build(run.plan, "duckdb", "project", {}),
            destination=destination,
        )

    def publish(self) -> list[Any]:
        manifests = [manifest_of(drop) for drop in self.drops]
        published, _, _ = put_in_place(self.built, self.audited(manifests))
        return published

    def audited(self, manifests: list[dict[str, Any]]) -> AuditedDrops:
        return AuditedDrops(self.drops, AuditResult(()), manifests, [], HISTORY, SourceJudgement((), ()), (), Verdict())

    @property
    def latest(self) -> list[str]:
        return sorted(path.parent.name for path in self.exports.glob("*/latest"))


@pytest.fixture
def run(tmp_path: Path, stage: Callable[..., StagedDrop]) -> Run:
    return Run(tmp_path, stage)


def full(*_: object) -> None:
    raise OSError(errno.ENOSPC, "No space left on device", "x")


def full_for_the_second(put: Callable[..., Any]) -> Callable[..., Any]:
    return lambda self, drop, manifest: full() if drop.organization_id == 2 else put(self, drop, manifest)


@pytest.mark.parametrize("fails", ["the second drop", "the history", "the reports", "the marts"])
def test_a_failure_before_the_last_step_leaves_latest_unchanged(
    fails: str, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    match fails:
        case "the second drop":
            monkeypatch.setattr(FolderDestination, "put", full_for_the_second(FolderDestination.put))
        case "the history":
            monkeypatch.setattr(RunHistory, "keep", full)
        case "the reports":
            monkeypatch.setattr("pipeline.orchestration.put_in_place.write_reports", full)
        case "the marts":
            monkeypatch.setattr(run.engine, "commit", full)
    with pytest.raises(OSError, match="No space left"):
        run.publish()
    assert run.latest == []
    assert not run.engine.is_committed


def test_the_history_is_kept_before_anybody_reads_the_drop(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(FolderDestination, "point", full)
    with pytest.raises(OSError, match="No space left"):
        run.publish()
    assert len(list(run.history.folder.glob("*/*.parquet"))) == 2


def test_a_failed_cleanup_is_reported_but_no_failure(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise WarehouseError("permission denied", where="exports/1")

    monkeypatch.setattr("pipeline.orchestration.put_in_place.prune", refuse)
    assert len(run.publish()) == 2
    assert run.latest == ["1", "2"]
    assert any("could not be removed:\nexports/1: permission denied" in line for line in run.listener.lines)


def test_a_run_of_an_older_instant_publishes_beside_latest(run: Run, stage: Callable[..., StagedDrop]) -> None:
    """D38."""
    run.publish()
    older = AS_OF - timedelta(weeks=1)
    context = replace(run.built.run, plan=replace(run.built.run.plan, as_of=older))
    run.built = replace(run.built, run=context)
    run.drops = [stage(run.built.destination.staging_folder(1, "again"), 1)]
    put_in_place(run.built, run.audited([manifest_of(run.drops[0], as_of=older)]))
    assert sorted(path.name[:8] for path in (run.exports / "1").glob("2025*")) == ["20250108", "20250115"]
    assert (run.exports / "1" / "latest").readlink().name.startswith("20250115")
    assert any("latest stays at 20250115" in line for line in run.listener.lines)


def test_each_organizations_log_has_only_its_own_publication(run: Run) -> None:
    run.publish()
    for organization_id in (1, 2):
        log = PublicationLog(run.built.run.workspace.publications, run.built.destination.place, organization_id)
        assert log.faults() == []
        published = json.loads(log.lines()[-1])
        assert (published["event"], published["organization_id"]) == ("published", organization_id)
