"""A backfill runs each week of a range as of that week's Monday, from that week's folders."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import dagster as dg
import pytest

from pipeline.orchestration.backfill import BACKFILL, settings_of_week
from pipeline.orchestration.definitions import build_definitions
from pipeline.settings import Settings


def test_a_week_is_as_of_its_monday_and_reads_its_folder() -> None:
    settings = settings_of_week(Settings(crm="weeks/{as_of}/crm", lmn="lmn"), "2025-01-13")
    assert (settings.as_of, settings.crm, settings.lmn, settings.platform) == (
        datetime(2025, 1, 13, 5, tzinfo=UTC),
        "weeks/2025-01-13/crm",
        "lmn",
        None,
    )


def test_a_failed_week_shows_the_reason_without_a_stack_trace(tmp_path: Path) -> None:
    """No source is configured."""
    settings = Settings(exports=str(tmp_path / "exports"), state=tmp_path / "state")
    job = build_definitions(settings).resolve_job_def(BACKFILL)
    with dg.DagsterInstance.ephemeral(settings={"telemetry": {"enabled": False}}) as instance:
        failed = job.execute_in_process(partition_key="2025-01-06", instance=instance, raise_on_error=False)
    error = failed.failure_data_for_node("run_of_a_week").error
    assert error is not None
    assert error.message.startswith("Stopped: ")
    assert "To do: " in error.message
    assert (error.stack, error.cause) == ([], None)


@pytest.mark.slow
def test_each_partition_publishes_its_drop(tmp_path: Path) -> None:
    days = ("2025-01-06", "2025-01-13")
    for day in days:
        (tmp_path / day / "crm").mkdir(parents=True)
        (tmp_path / day / "crm" / "accounts.csv").write_text("id,name\na,A\n")
    settings = Settings(
        crm=str(tmp_path / "{as_of}" / "crm"), exports=str(tmp_path / "exports"), state=tmp_path / "state"
    )
    job = build_definitions(settings).resolve_job_def(BACKFILL)
    with dg.DagsterInstance.ephemeral() as instance:
        for day in days:
            assert job.execute_in_process(partition_key=day, instance=instance).success
    drops = sorted(path.parent.name for path in (tmp_path / "exports" / "1").glob("*/manifest.json"))
    assert [name[:16] for name in drops if not name.startswith("latest")] == ["20250106T050000Z", "20250113T050000Z"]


@pytest.mark.slow
def test_a_week_that_holds_an_organization_back_fails_and_publishes_the_others(tmp_path: Path) -> None:
    for day, organizations in (("2025-01-06", (1, 2)), ("2025-01-13", (1,))):
        (tmp_path / day / "platform").mkdir(parents=True)
        customers = "".join(f"{one},{one}00{number},A\n" for one in organizations for number in range(1, 3))
        (tmp_path / day / "platform" / "customer.csv").write_text("organization_id,id,name\n" + customers)
    settings = Settings(
        platform=str(tmp_path / "{as_of}" / "platform"), exports=str(tmp_path / "exports"), state=tmp_path / "state"
    )
    job = build_definitions(settings).resolve_job_def(BACKFILL)
    with dg.DagsterInstance.ephemeral(settings={"telemetry": {"enabled": False}}) as instance:
        assert job.execute_in_process(partition_key="2025-01-06", instance=instance).success
        failed = job.execute_in_process(partition_key="2025-01-13", instance=instance, raise_on_error=False)
    error = failed.failure_data_for_node("run_of_a_week").error
    assert error is not None
    assert "organization 2 was held back" in error.message
    latest = {one: (tmp_path / "exports" / one / "latest").resolve().name[:8] for one in ("1", "2")}
    assert latest == {"1": "20250113", "2": "20250106"}
