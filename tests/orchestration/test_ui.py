"""`warehouse ui` starts Dagster with the settings that `warehouse run` would have; runs wait for each other."""

from __future__ import annotations

import os
import socket
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

import dagster as dg
import pytest

from pipeline.commands.set_up import ui
from pipeline.common.errors import WarehouseError
from pipeline.orchestration.definitions import JOB, build_definitions, defs
from pipeline.orchestration.resources import RunContext
from pipeline.settings import Settings
from pipeline.state.workspace import Workspace

SETTINGS = """\
lmn = "sources/lmn"
crm = "sources/crm"
exports = "out"
state = "kept"
"""


class BecameError(Exception):
    """Raised instead of replacing the process by another program."""

    def __init__(self, program: str, arguments: list[str], environment: dict[str, str]) -> None:
        super().__init__(program)
        self.arguments = arguments
        self.environment = environment


@pytest.fixture
def working_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "work"
    folder.mkdir()
    (folder / "warehouse.toml").write_text(SETTINGS)
    monkeypatch.chdir(folder)
    for name in [name for name in os.environ if name.startswith("WAREHOUSE_")]:
        monkeypatch.delenv(name)
    monkeypatch.delenv("DAGSTER_HOME", raising=False)
    monkeypatch.setenv("WAREHOUSE_CRM", "other/crm")
    return folder


def started_by_ui(state: Path | None, monkeypatch: pytest.MonkeyPatch) -> BecameError:
    """Return the program that `warehouse ui` starts; this process gets its environment."""

    def become(program: str, arguments: list[str], environment: dict[str, str]) -> None:
        raise BecameError(program, arguments, environment)

    monkeypatch.setattr(os, "execve", become)
    with pytest.raises(BecameError) as caught:
        ui(port=3123, state=state)
    for name, value in caught.value.environment.items():
        monkeypatch.setenv(name, value)
    return caught.value


def settings_served() -> Settings:
    """Return the settings of a run with the definitions that Dagster loads here."""
    served = []

    @dg.asset
    def step(run: dg.ResourceParam[RunContext]) -> None:
        served.append(run.settings)

    with dg.DagsterInstance.ephemeral(settings={"telemetry": {"enabled": False}}) as instance:
        dg.materialize([step], resources=defs().resources, instance=instance)
    (settings,) = served
    return settings


def test_dagster_uses_the_state_folder_of_the_command_line(
    working_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    became = started_by_ui(Path("../elsewhere"), monkeypatch)
    elsewhere = working_folder.parent / "elsewhere"
    assert settings_served().state == elsewhere
    assert Path(became.environment["DAGSTER_HOME"]) == elsewhere / "dagster"
    assert (elsewhere / "dagster" / "dagster.yaml").is_file()


def test_the_working_folder_and_its_settings_stay(working_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    started_by_ui(None, monkeypatch)
    assert Path.cwd() == working_folder
    served = settings_served()
    assert served == Settings()
    assert (served.lmn, served.crm, served.exports) == ("sources/lmn", "other/crm", "out")
    assert served.state == working_folder / "kept"


def test_the_page_listens_on_this_machine_only(working_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    arguments = started_by_ui(None, monkeypatch).arguments
    assert arguments[arguments.index("--address") + 1] == "127.0.0.1"
    assert arguments[arguments.index("--port") + 1] == "3123"


def test_an_operators_own_folder_of_dagster_is_used(working_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DAGSTER_HOME", str(working_folder / "own"))
    (working_folder / "own").mkdir()
    (working_folder / "own" / "dagster.yaml").write_text("nux:\n  enabled: true\n")
    assert started_by_ui(None, monkeypatch).environment["DAGSTER_HOME"] == str(working_folder / "own")
    assert (working_folder / "own" / "dagster.yaml").read_text() == "nux:\n  enabled: true\n"


def test_a_port_that_is_taken_is_reported_before_anything_starts(working_folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(WarehouseError, match=f"port {port} of 127.0.0.1: can't be opened: Address already in use"):
            ui(port=port, state=None)
    assert not (working_folder / "kept" / "dagster").exists()


def test_a_run_of_dagster_waits_for_its_turn_at_the_state_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "crm").mkdir()
    (tmp_path / "crm" / "accounts.csv").write_text("id,name\na1,Oak\n")
    settings = Settings(crm=str(tmp_path / "crm"), state=tmp_path / "state", exports=str(tmp_path / "exports"))
    definitions = build_definitions(settings)
    steps = {step.op.name: step for step in definitions.assets or () if isinstance(step, dg.AssetsDefinition)}
    assert {name for name, step in steps.items() if "run" in step.op.required_resource_keys} == set(steps) - {
        "notifications"
    }

    has_logged = Event()
    log = dg.DagsterLogManager.info
    monkeypatch.setattr(dg.DagsterLogManager, "info", lambda *said: (log(*said), has_logged.set()))

    def ingest() -> bool:
        with dg.DagsterInstance.ephemeral(settings={"telemetry": {"enabled": False}}) as instance:
            job = definitions.resolve_job_def(JOB)
            return job.execute_in_process(instance=instance, asset_selection=[*steps["crm"].keys]).success

    workspace = Workspace(settings.state)
    with ThreadPoolExecutor(1) as other:
        with workspace.turn(print):
            run = other.submit(ingest)
            assert has_logged.wait(60)
            assert not workspace.landed("crm").exists()
        assert run.result(60)
    assert workspace.landed("crm").exists()


def test_a_run_of_dagster_without_a_source_stops_before_the_marts_are_empty(tmp_path: Path) -> None:
    settings = Settings(state=tmp_path / "state", exports=str(tmp_path / "exports"))
    job = build_definitions(settings).resolve_job_def(JOB)
    with dg.DagsterInstance.ephemeral(settings={"telemetry": {"enabled": False}}) as instance:
        result = job.execute_in_process(instance=instance, raise_on_error=False)
    assert not result.success
    assert {event.step_key for event in result.get_step_failure_events()} == {"crm", "lmn", "platform"}
    assert not (tmp_path / "state" / "warehouse.duckdb").exists()
