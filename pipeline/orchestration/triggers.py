"""What starts a run by itself: the week's schedule, and new or changed files in a source folder."""

import hashlib
import os
from pathlib import Path

import dagster as dg

from pipeline.settings import Settings


def build_weekly_schedule(job_name: str) -> dg.ScheduleDefinition:
    """Run every Monday at 05:00 UTC, before the week's reports are read."""
    return dg.ScheduleDefinition(
        name="every_monday", job_name=job_name, cron_schedule="0 5 * * 1", execution_timezone="UTC"
    )


def build_new_files_sensor(job_name: str, settings: Settings) -> dg.SensorDefinition:
    """Run when a file of a source folder is new or has changed since the last look."""

    @dg.sensor(name="new_files", job_name=job_name, minimum_interval_seconds=60)
    def new_files(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
        """Compare the folders' listing with the last one."""
        folders = [Path(place) for place in (settings.lmn, settings.crm, settings.platform) if place]
        seen = folder_listing([folder for folder in folders if folder.is_dir()])
        if seen == context.cursor:
            return dg.SkipReason("no file of a source folder is new or has changed")
        # without a key: Dagster starts but one run of a key, and files may come back to how they were
        return dg.SensorResult(run_requests=[dg.RunRequest()], cursor=seen)

    return new_files


def folder_listing(folders: list[Path]) -> str:
    """Condense the names, sizes and times of the folders' files into one text."""
    digest = hashlib.sha256()
    for path in sorted(path for folder in folders for path in folder.rglob("*") if path.is_file()):
        facts = path.stat()
        digest.update(os.fsencode(path) + f"|{facts.st_size}|{facts.st_mtime_ns}\n".encode())
    return digest.hexdigest()
