"""A run without its process blocks nothing, Dagster's storage is bounded, an operator's settings stay."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest
import yaml
from dagster._core.definitions.run_request import InstigatorType
from dagster._core.events import DagsterEventType, EngineEventData

from pipeline.orchestration.page.home import end_dead_runs, forget_old_runs, write_instance

STARTED, CANCELING = dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.CANCELING


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[dg.DagsterInstance]:
    write_instance(tmp_path / "home")
    with dg.DagsterInstance.from_config(str(tmp_path / "home")) as instance:
        yield instance


@pytest.fixture
def job() -> dg.JobDefinition:
    @dg.asset(check_specs=[dg.AssetCheckSpec("whole", asset="table")])
    def table() -> Iterator[dg.AssetCheckResult | dg.MaterializeResult]:
        print("words")
        yield dg.MaterializeResult(metadata={"dagster/row_count": 3})
        yield dg.AssetCheckResult(passed=True)

    return dg.Definitions([table], jobs=[dg.define_asset_job("one"), dg.define_asset_job("two")]).resolve_job_def("one")


def begun(instance: dg.DagsterInstance, job: dg.JobDefinition, pid: int | None, status: dg.DagsterRunStatus) -> str:
    """Create a run started by a process, as Dagster records it; return its id."""
    run = instance.create_run_for_job(job, status=status)
    if pid is not None:
        instance.report_engine_event(f"Started process for run (pid: {pid}).", run, EngineEventData.in_process(pid))
    return run.run_id


def status_of(instance: dg.DagsterInstance, run_id: str) -> dg.DagsterRunStatus:
    run = instance.get_run_by_id(run_id)
    assert run is not None
    return run.status


def test_a_run_whose_process_was_killed_is_ended_with_the_reason(
    instance: dg.DagsterInstance, job: dg.JobDefinition
) -> None:
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]) as process:
        run_id = begun(instance, job, process.pid, STARTED)
        assert end_dead_runs(instance) == []
        process.kill()
    assert end_dead_runs(instance) == [run_id]
    assert status_of(instance, run_id) is dg.DagsterRunStatus.FAILURE
    (failure,) = instance.all_logs(run_id, of_type=DagsterEventType.RUN_FAILURE)
    assert failure.dagster_event is not None
    assert "process is gone" in (failure.dagster_event.message or "")


def test_a_run_that_was_to_be_cancelled_is_cancelled(instance: dg.DagsterInstance, job: dg.JobDefinition) -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as ended:
        run_id = begun(instance, job, ended.pid, CANCELING)
    assert end_dead_runs(instance) == [run_id]
    assert status_of(instance, run_id) is dg.DagsterRunStatus.CANCELED


def test_a_process_that_reuses_the_id_is_not_the_runs(instance: dg.DagsterInstance, job: dg.JobDefinition) -> None:
    run = instance.create_run_for_job(job, status=STARTED)
    instance.report_engine_event("before", run, EngineEventData.in_process(1))
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]) as younger:
        early = instance.all_logs(run.run_id)[-1]
        instance.event_log_storage.delete_events(run.run_id)
        data = EngineEventData.in_process(younger.pid)
        event = early.dagster_event._replace(event_specific_data=data)
        instance.store_event(early._replace(dagster_event=event, timestamp=early.timestamp - 3600))
        assert end_dead_runs(instance) == [run.run_id]
        younger.kill()


def test_a_run_without_a_process_is_ended_and_a_queued_one_stays(
    instance: dg.DagsterInstance, job: dg.JobDefinition
) -> None:
    starting = begun(instance, job, None, dg.DagsterRunStatus.STARTING)
    waiting = begun(instance, job, None, dg.DagsterRunStatus.NOT_STARTED)
    alive = begun(instance, job, os.getpid(), STARTED)
    assert end_dead_runs(instance) == [starting]
    assert status_of(instance, waiting) is dg.DagsterRunStatus.NOT_STARTED
    assert status_of(instance, alive) is STARTED


def test_the_newest_runs_of_each_job_are_kept_and_no_trace_of_the_others(
    instance: dg.DagsterInstance, job: dg.JobDefinition, tmp_path: Path
) -> None:
    runs = [job.execute_in_process(instance=instance).run_id for _ in range(4)]
    going_on = begun(instance, job, os.getpid(), STARTED)
    assert forget_old_runs(instance, keep=2) == 2
    assert {run.run_id for run in instance.get_runs()} == {*runs[2:], going_on}
    assert forget_old_runs(instance, keep=2) == 0
    left = "\n".join(str(path) for path in (tmp_path / "home").rglob("*"))
    assert [run_id for run_id in runs if run_id in left] == runs[2:]
    with instance.event_log_storage.index_connection() as connection:
        checked = connection.exec_driver_sql("select run_id from asset_check_executions").fetchall()
    assert {run_id for (run_id,) in checked} == {*runs[2:], going_on}


def test_dagsters_settings_are_quiet_and_bounded(tmp_path: Path) -> None:
    written = yaml.safe_load(write_instance(tmp_path).read_text())
    assert written["telemetry"] == written["nux"] == {"enabled": False}
    assert written["freshness"] == {"enabled": True}
    with dg.DagsterInstance.from_config(str(tmp_path)) as instance:
        assert not instance.nux_enabled
        assert not instance.telemetry_enabled
        kept = instance.get_tick_retention_settings(InstigatorType.SENSOR)
        assert {status.value: days for status, days in kept.items() if days > 0} == {
            "SKIPPED": 2,
            "FAILURE": 30,
            "SUCCESS": 90,
        }


def test_an_operators_own_settings_stay(tmp_path: Path) -> None:
    path = write_instance(tmp_path)
    ours = path.read_text()
    path.write_text("run_queue:\n  max_concurrent_runs: 1\n")
    assert write_instance(tmp_path).read_text() == "run_queue:\n  max_concurrent_runs: 1\n"
    path.write_text(ours + "# a line that the next start takes away\n")
    assert write_instance(tmp_path).read_text() == ours
