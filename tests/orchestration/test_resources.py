"""Every step of a run gets the same context: one plan, one workspace, and the lock of its state folder."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import dagster as dg
import pytest
from filelock import FileLock, Timeout

from pipeline import run_plan
from pipeline.common.errors import WarehouseError
from pipeline.common.progress import Progress
from pipeline.orchestration.resources import RunContext, run_in_turn
from pipeline.orchestration.run import run_warehouse
from pipeline.settings import Settings
from tests.orchestration.runs import Listener

INSTANT = datetime(2025, 1, 15, 12, tzinfo=UTC)


def contexts_of_two_steps(settings: Settings) -> tuple[list[RunContext], float]:
    """Return the contexts of two steps of a run started by Dagster, and the instant at which it was created."""
    handed: list[RunContext] = []

    @dg.asset
    def first(run: dg.ResourceParam[RunContext]) -> None:
        with pytest.raises(Timeout):
            FileLock(settings.state / "run.lock").acquire(timeout=0)
        handed.append(run)

    @dg.asset(deps=[first])
    def second(run: dg.ResourceParam[RunContext]) -> None:
        handed.append(run)

    with dg.DagsterInstance.ephemeral(settings={"telemetry": {"enabled": False}}) as instance:
        result = dg.materialize([first, second], resources={"run": run_in_turn(settings)}, instance=instance)
        record = instance.get_run_record_by_id(result.run_id)
    assert record is not None
    return handed, record.create_timestamp.timestamp()


def test_the_steps_of_a_run_share_one_context_that_holds_the_state_folder(tmp_path: Path) -> None:
    (first, second), _ = contexts_of_two_steps(Settings(state=tmp_path / "state"))
    assert first is second
    FileLock(tmp_path / "state" / "run.lock").acquire(timeout=0)


def test_d1_a_run_of_the_page_is_as_of_its_start_unless_another_instant_is_given(tmp_path: Path) -> None:
    (run, _), created = contexts_of_two_steps(Settings(state=tmp_path / "state"))
    assert run.plan.as_of == datetime.fromtimestamp(int(created), UTC)
    (run, _), _ = contexts_of_two_steps(Settings(state=tmp_path / "state", as_of=INSTANT))
    assert run.plan.as_of == INSTANT


def test_a_run_of_the_command_is_planned_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "crm").mkdir()
    (tmp_path / "crm" / "accounts.csv").write_text("name\nOak\n")
    plans = []
    decide = run_plan.decide
    monkeypatch.setattr(run_plan, "decide", lambda given: (plans.append(given), decide(given))[1])
    settings = Settings(crm=str(tmp_path / "crm"), state=tmp_path / "state", exports=str(tmp_path / "exports"))
    with pytest.raises(WarehouseError, match=r"accounts\.csv"):
        run_warehouse(settings, Progress(Listener()))
    assert len(plans) == 1
