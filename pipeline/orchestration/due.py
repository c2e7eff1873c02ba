"""Checks whether a drop was published in time, for cron, Dagster or a watchdog, and alerts people if not."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from pipeline.alerts.deliver import deliver
from pipeline.alerts.message import overdue_alert
from pipeline.common.due import Due
from pipeline.common.errors import WarehouseError
from pipeline.common.instants import instant_text
from pipeline.settings import Settings
from pipeline.state.runs import RunRecords, has_published
from pipeline.state.workspace import Workspace
from pipeline.storage.local_files import write_whole


def require_in_time(settings: Settings, say: Callable[[str], None]) -> str:
    """Return a sentence if a run has published since the second-to-last due time; WarehouseError if none has.

    People are alerted once per missed due time, however often this is called; `say` is called with failed deliveries.
    """
    workspace = Workspace(settings.state)
    since, due = Due(settings.due, settings.due_time_zone).last_two(datetime.now(UTC))
    if has_published(RunRecords(workspace.runs).newest_first(), since):
        return f"in time: a run has published since {instant_text(since)}"
    alerted = workspace.state / "overdue"
    if not alerted.exists() or alerted.read_text() != instant_text(due):
        deliver(settings, overdue_alert(since, due), say)
        write_whole(alerted, instant_text(due).encode())
    raise WarehouseError(
        f"no run has published since {instant_text(since)}; a drop was due at {instant_text(due)}",
        where=str(settings.state),
        remedy="`warehouse runs` says what stopped; see whether the schedule started a run, and run again",
    )
