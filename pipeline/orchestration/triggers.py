"""What starts runs automatically: the schedules, and sources that have changed and settled."""

from __future__ import annotations

import time

import dagster as dg
from dagster._core.storage.dagster_run import IN_PROGRESS_RUN_STATUSES

from pipeline.orchestration.source_watch import Memory, decide, observe_sources
from pipeline.settings import Settings

LOOK_SECONDS = 60


def build_schedules(job_name: str, refresh_job_name: str, settings: Settings) -> list[dg.ScheduleDefinition]:
    """Make the schedules: weekly and monthly for the complete job, and one for the lists. All are off by default."""
    crons = {"weekly": settings.schedule_weekly, "monthly": settings.schedule_monthly}
    whole = [
        dg.ScheduleDefinition(
            name=name, job_name=job_name, cron_schedule=cron, execution_timezone=settings.schedule_time_zone
        )
        for name, cron in crons.items()
    ]
    return [*whole, _refresh_schedule(refresh_job_name, settings)]


def _refresh_schedule(job_name: str, settings: Settings) -> dg.ScheduleDefinition:
    @dg.schedule(
        name="refresh",
        job_name=job_name,
        cron_schedule=settings.schedule_refresh,
        execution_timezone=settings.schedule_time_zone,
    )
    def refresh(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        """Refresh the lists, unless a refresh is still queued or running, so that they do not pile up."""
        pending = dg.RunsFilter(job_name=job_name, statuses=[*IN_PROGRESS_RUN_STATUSES])
        if context.instance.get_run_ids(pending, limit=1):
            return dg.SkipReason("the previous refresh is still queued or running")
        return dg.RunRequest()

    return refresh


def build_new_files_sensor(job_name: str, settings: Settings) -> dg.SensorDefinition:
    """Make the sensor that starts a run when the sources have changed since the last run and settled."""

    @dg.sensor(name="new_files", job_name=job_name, minimum_interval_seconds=LOOK_SECONDS)
    def new_files(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        """Observe the sources, and compare with the last observation and the last run."""
        observed = observe_sources(settings)
        memory, why_not = decide(observed, Memory.of(context.cursor), time.time(), settings.settle_seconds)
        if why_not is not None:
            return dg.SensorResult(skip_reason=dg.SkipReason(why_not), cursor=memory.as_cursor())
        # without a run key: Dagster starts each key only once, but files may return to an earlier state
        return dg.SensorResult(run_requests=[dg.RunRequest()], cursor=memory.as_cursor())

    return new_files
