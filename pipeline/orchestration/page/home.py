"""Dagster's folder for its page: its settings, the records of runs, and their retention."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import dagster as dg
import psutil
from dagster._core.storage.dagster_run import IN_PROGRESS_RUN_STATUSES
from dagster._core.storage.event_log import SqlEventLogStorage, SqliteEventLogStorage
from dagster._core.storage.event_log.schema import AssetCheckExecutionsTable
from dagster._core.storage.runs import SqliteRunStorage

from pipeline.storage.local_files import write_whole

_MARK: Final = "# Written by `warehouse ui` at each start. Delete this line to keep what you change below.\n"
_INSTANCE: Final = """\
telemetry:
  enabled: false
nux:
  enabled: false  # Dagster's newsletter
freshness:
  enabled: true
concurrency:
  runs:
    max_concurrent_runs: 2  # a run and a refresh
    tag_concurrency_limits:  # but one run, and one refresh: each has one state folder
      - key: warehouse/turn
        value: {applyLimitPerUniqueValue: true}
        limit: 1
retention:  # days, of what schedules and sensors did
  schedule:
    purge_after_days: 90
  sensor:
    purge_after_days: {skipped: 2, failure: 30, success: 90}
"""

_PENDING: Final = [status for status in IN_PROGRESS_RUN_STATUSES if status is not dg.DagsterRunStatus.QUEUED]


def write_instance(home: Path) -> Path:
    """Write Dagster's settings into its folder, unless an operator's own are there; return their path."""
    home.mkdir(parents=True, exist_ok=True)
    path = home / "dagster.yaml"
    if not path.exists() or _is_ours(path):
        write_whole(path, _MARK + _INSTANCE)
    return path


def _is_ours(path: Path) -> bool:
    text = path.read_text(encoding="utf-8", errors="replace")
    return text.startswith(_MARK) or text.startswith("telemetry:\n  enabled: false\nconcurrency:\n")  # version 1.0.0's


def end_dead_runs(instance: dg.DagsterInstance) -> list[str]:
    """Mark runs whose process is gone as ended, so that they do not block the queue; return their ids.

    Processes are looked up on this machine, so a storage that other machines may share is left alone. The caller has
    made sure that no other page's processes are active here.
    """
    if not isinstance(instance.run_storage, SqliteRunStorage):
        return []
    ended = []
    for record in instance.get_run_records(dg.RunsFilter(statuses=_PENDING)):
        run = record.dagster_run
        if _is_alive(instance, run.run_id):
            continue
        if run.status is dg.DagsterRunStatus.CANCELING:
            instance.report_run_canceled(run, message="The run's process has ended, as requested.")
        else:
            why = "The run's process is gone: it was killed, or the machine went down. Start another run."
            instance.report_run_failed(run, message=why)
        ended.append(run.run_id)
    return ended


def _is_alive(instance: dg.DagsterInstance, run_id: str) -> bool:
    """Return whether the process of a run still exists; false for a run that never started."""
    for event in reversed(instance.all_logs(run_id, of_type=dg.DagsterEventType.ENGINE_EVENT)):
        data = event.dagster_event.engine_event_data if event.dagster_event else None
        pid = data.metadata.get("pid") if data else None
        if pid is not None:
            with contextlib.suppress(psutil.Error, ValueError):
                # a younger process has reused the number
                return bool(psutil.Process(int(str(pid.value))).create_time() <= event.timestamp)
            return False
    return False


def forget_old_runs(instance: dg.DagsterInstance, keep: int) -> int:
    """Delete Dagster's records of all but the newest `keep` ended runs of each job; return how many were deleted.

    Jobs are counted separately, so that one that runs every five minutes does not displace the weekly one.
    """
    kept: defaultdict[str, int] = defaultdict(int)
    forgotten = 0
    for run in _ended_runs(instance):
        kept[run.job_name] += 1
        if kept[run.job_name] > keep:
            instance.delete_run(run.run_id)
            _remove_rest(instance, run.run_id)
            forgotten += 1
    return forgotten


def _ended_runs(instance: dg.DagsterInstance) -> Sequence[dg.DagsterRun]:
    return [run for run in instance.get_runs() if run.is_finished]


def _remove_rest(instance: dg.DagsterInstance, run_id: str) -> None:
    """Remove what Dagster leaves of a deleted run: its checks' results, its output, and an empty file."""
    storage = instance.event_log_storage
    if isinstance(storage, SqlEventLogStorage):
        with storage.index_connection() as connection:
            connection.execute(AssetCheckExecutionsTable.delete().where(AssetCheckExecutionsTable.c.run_id == run_id))
    if isinstance(storage, SqliteEventLogStorage):
        home = Path(instance.root_directory)
        shutil.rmtree(home / "storage" / run_id, ignore_errors=True)
        for suffix in (".db", ".db-wal", ".db-shm"):
            (home / "history" / "runs" / f"{run_id}{suffix}").unlink(missing_ok=True)


def dagster_home(state_home: Path) -> Path:
    """Return the folder of Dagster's files: an operator's own DAGSTER_HOME, else one in the state folder."""
    return Path(os.environ["DAGSTER_HOME"]) if os.environ.get("DAGSTER_HOME") else state_home


def main() -> None:
    """Prepare the folder of DAGSTER_HOME before the one code location that executes its runs starts."""
    write_instance(Path(os.environ["DAGSTER_HOME"]))
    with dg.DagsterInstance.get() as instance:
        end_dead_runs(instance)


if __name__ == "__main__":
    main()
