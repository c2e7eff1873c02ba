"""A job with one run per week, which the page starts as a backfill: partitions by `as_of`."""

import dagster as dg

from pipeline.common.progress import PlainView, Progress
from pipeline.orchestration.resources import TURN
from pipeline.orchestration.stopped import stopped_in_words
from pipeline.settings import Settings

WEEKS = dg.WeeklyPartitionsDefinition(start_date="2020-01-06", day_offset=1, hour_offset=5)
"""Mondays at 05:00 UTC, when the weekly schedule would have run."""
BACKFILL = "backfill"


def build_backfill_job(settings: Settings) -> dg.JobDefinition:
    """Define the job whose partitions are whole runs, each as of a week's instant.

    `{as_of}` in a source's folder is replaced by the partition's day: `weeks/{as_of}/crm`.
    """

    @dg.op(name="run_of_a_week")
    def run_of_a_week(context: dg.OpExecutionContext) -> None:
        """Run everything as of the partition's instant; a run that holds an organization back fails, as on the page."""
        from pipeline.orchestration.drops import fault_of_held_back
        from pipeline.orchestration.run import run_warehouse

        with stopped_in_words():
            outcome = run_warehouse(settings_of_week(settings, context.partition_key), Progress(PlainView()))
            for drop in outcome.drops:
                context.log.info(f"{drop['location']} {'new' if drop['is_new'] else 'as published before'}")
            if outcome.held_back:
                raise fault_of_held_back(outcome.held_back)

    @dg.job(
        name=BACKFILL,
        tags={TURN: "run"},
        partitions_def=WEEKS,
        description="The run of each week that is chosen, the oldest first.",
    )
    def backfill() -> None:
        """Run a week."""
        run_of_a_week()

    return backfill


def settings_of_week(settings: Settings, day: str) -> Settings:
    """Return the settings of the run of a Monday (`2025-01-13`): its instant and its folders."""
    start = WEEKS.time_window_for_partition_key(day).start
    folders = {
        source: place.replace("{as_of}", day)
        for source in ("lmn", "crm", "platform")
        if (place := getattr(settings, source)) is not None
    }
    return settings.model_copy(update={"as_of": start, **folders})
