"""`warehouse ui` from the command line: a run in the browser, and what must not block or start a run."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser

SELECTOR = '{repositoryLocationName:"warehouse",repositoryName:"__repository__",jobName:"warehouse"}'
LAUNCH = (
    f'mutation{{launchRun(executionParams:{{selector:{SELECTOR},runConfigData:{{}},mode:"default"}})'
    "{__typename ... on LaunchRunSuccess{run{runId}}}}"
)
START_SENSOR = (
    'mutation{startSensor(sensorSelector:{repositoryLocationName:"warehouse",repositoryName:"__repository__",'
    'sensorName:"new_files"}){__typename ... on Sensor{sensorState{status}}}}'
)
RUNS = "{runsOrError{... on Runs{results{runId status}}}}"


class Page:
    """The page as scripts use it."""

    def __init__(self, port: int) -> None:
        self.home = f"http://127.0.0.1:{port}"

    def ask(self, query: str) -> Any:
        body = json.dumps({"query": query}).encode()
        request = urllib.request.Request(f"{self.home}/graphql", body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=240) as answer:
            return json.load(answer)["data"]

    def launch(self) -> str:
        started: str = until(lambda: self.ask(LAUNCH)["launchRun"].get("run"))["runId"]
        return started

    def status(self, run_id: str) -> str:
        return {run["runId"]: run["status"] for run in self.ask(RUNS)["runsOrError"]["results"]}[run_id]

    def ended(self, run_id: str) -> str:
        """Wait for a run's end; return its status."""
        until(lambda: self.status(run_id) in ("SUCCESS", "FAILURE"))
        return self.status(run_id)


def until(look: Callable[[], Any], seconds: float = 240) -> Any:
    """Wait until `look` returns something true, and return it."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            if seen := look():
                return seen
        except OSError:  # not open yet
            pass
        time.sleep(0.5)
    raise AssertionError(f"not so after {seconds} s")


@contextmanager
def ui(folder: Path, port: int) -> Iterator[tuple[Page, subprocess.Popen[bytes]]]:
    program = [sys.executable, "-m", "pipeline.cli", "ui", "--port", str(port)]
    environment = {name: value for name, value in os.environ.items() if name != "DAGSTER_HOME"}
    with (folder / "ui.log").open("ab") as log:
        process = subprocess.Popen(program, cwd=folder, env=environment, stdout=log, stderr=log, start_new_session=True)
    try:
        yield Page(port), process
    finally:
        if process.poll() is None:
            process.terminate()
        process.wait(120)


@pytest.fixture
def port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        number: int = free.getsockname()[1]
        return number


def write_set_up(folder: Path, *lines: str) -> None:
    """Write two accounts of the CRM, and settings that read them."""
    (folder / "crm").mkdir()
    (folder / "crm" / "accounts.csv").write_text("id,name\na1,Oak\na2,Elm\n")
    own = ('crm = "crm"', 'exports = "exports"', 'state = "state"', *lines)
    (folder / "warehouse.toml").write_text("\n".join([*own, ""]))


@pytest.mark.slow
def test_a_run_killed_with_its_page_is_ended_at_the_next_start_and_the_next_run_proceeds(
    tmp_path: Path, port: int
) -> None:
    write_set_up(tmp_path)
    (tmp_path / "crm" / "accounts.csv").unlink()
    os.mkfifo(tmp_path / "crm" / "accounts.csv")  # the first run blocks here
    with ui(tmp_path, port) as (page, process):
        killed = page.launch()
        until(lambda: page.status(killed) == "STARTED")
        os.killpg(process.pid, signal.SIGKILL)
    (tmp_path / "crm" / "accounts.csv").unlink()
    (tmp_path / "crm" / "accounts.csv").write_text("id,name\na1,Oak\n")
    with ui(tmp_path, port) as (page, process):
        later = page.launch()
        assert page.status(killed) == "FAILURE"
        assert page.ended(later) == "SUCCESS"
        process.terminate()
        assert process.wait(120) == 0
    assert (tmp_path / "exports").is_dir()
    assert "has no process any more" in (tmp_path / "ui.log").read_text()


@pytest.mark.slow
@pytest.mark.browser
def test_a_person_can_start_a_run_and_see_the_failing_account_and_the_report(
    tmp_path: Path, port: int, browser: Browser
) -> None:
    write_set_up(tmp_path, 'platform = "platform"', 'as_of = "2025-01-15T00:00:00Z"')
    (tmp_path / "platform").mkdir()
    customers = "organization_id,id,name,parent_id,updated_at\n1,71,Oak,999,2025-01-10\n1,72,Elm,,2025-01-10\n"
    (tmp_path / "platform" / "customer.csv").write_text(customers)
    with ui(tmp_path, port) as (page, _), closing(browser.new_context(viewport={"width": 1280, "height": 900})) as tabs:
        until(lambda: page.ask(RUNS))
        tab = tabs.new_page()
        tab.set_default_timeout(120_000)
        tab.goto(f"{page.home}/locations/warehouse/jobs/warehouse")
        tab.get_by_role("button", name="Materialize all").click()
        (run,) = until(lambda: page.ask(RUNS)["runsOrError"]["results"])
        assert page.ended(run["runId"]) == "SUCCESS"

        tab.goto(f"{page.home}/assets/exports/account_core?view=checks&checkDetail=parent_exists")
        tab.get_by_role("cell", name="71", exact=True).wait_for()
        assert tab.get_by_text("Failed", exact=True).count() == 1
        tab.goto(f"{page.home}/assets/drops/published?view=overview")
        report = tab.locator('a[href*="/warehouse/exports/1/reports/"]')
        report.first.wait_for()
        tab.goto(page.home + str(report.first.get_attribute("href")))
        tab.get_by_text("a parent account is an account of the same organization").first.wait_for()


@pytest.mark.slow
@pytest.mark.browser
def test_a_person_sees_why_a_run_failed_without_a_stack_trace(tmp_path: Path, port: int, browser: Browser) -> None:
    write_set_up(tmp_path)
    (tmp_path / "crm" / "accounts.csv").write_text("name\nOak\n")
    with ui(tmp_path, port) as (page, _), closing(browser.new_context(viewport={"width": 1280, "height": 900})) as tabs:
        run = page.launch()
        assert page.ended(run) == "FAILURE"
        tab = tabs.new_page()
        tab.set_default_timeout(120_000)
        tab.goto(f"{page.home}/runs/{run}")
        tab.get_by_text("RUN_FAILURE").wait_for()
        tab.get_by_text("the required column 'id' of crm accounts is missing").last.wait_for()
        tab.get_by_text("To do: add a column 'id'; found: name").last.wait_for()
        assert tab.get_by_text("Stack Trace").count() == 0


@pytest.mark.slow
def test_a_slow_copy_starts_no_run_until_it_is_complete(tmp_path: Path, port: int) -> None:
    write_set_up(tmp_path, "settle_seconds = 100")
    accounts = tmp_path / "crm" / "accounts.csv"
    rows = ["id,name\n", *(f"a{number},Oak {number}\n" for number in range(200))]
    with ui(tmp_path, port) as (page, _), accounts.open("w", buffering=1) as copy:
        until(lambda: page.ask(START_SENSOR)["startSensor"].get("sensorState"))
        copy.writelines(rows[:100])
        time.sleep(90)  # longer than the sensor's interval
        assert page.ask(RUNS)["runsOrError"]["results"] == []
        copy.writelines(rows[100:])
        copy.flush()
        (run,) = until(lambda: page.ask(RUNS)["runsOrError"]["results"], seconds=400)
        assert page.ended(run["runId"]) == "SUCCESS"
    (manifest,) = (tmp_path / "exports" / "1").glob("2*/manifest.json")
    files = json.loads(manifest.read_text())["files"]
    assert {file["rows"] for file in files if file["export"] == "accounts"} == {200}
