"""`warehouse ui` as a person starts it: a run that was killed with it holds up nothing after the next start."""

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
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

SELECTOR = '{repositoryLocationName:"warehouse",repositoryName:"__repository__",jobName:"warehouse"}'
LAUNCH = (
    f'mutation{{launchRun(executionParams:{{selector:{SELECTOR},runConfigData:{{}},mode:"default"}})'
    "{__typename ... on LaunchRunSuccess{run{runId}}}}"
)
RUNS = "{runsOrError{... on Runs{results{runId status}}}}"


class Page:
    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}/graphql"

    def ask(self, query: str) -> Any:
        body = json.dumps({"query": query}).encode()
        request = urllib.request.Request(self.url, body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)["data"]

    def launch(self) -> str:
        started: str = until(lambda: self.ask(LAUNCH)["launchRun"].get("run"))["runId"]
        return started

    def status(self, run_id: str) -> str:
        return {run["runId"]: run["status"] for run in self.ask(RUNS)["runsOrError"]["results"]}[run_id]


def until(look: Callable[[], Any], seconds: float = 240) -> Any:
    """Wait until something is so, and give it."""
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


@pytest.mark.slow
def test_a_run_killed_with_its_page_is_ended_at_the_next_start_and_the_next_run_goes_on(tmp_path: Path) -> None:
    (tmp_path / "crm").mkdir()
    os.mkfifo(tmp_path / "crm" / "accounts.csv")  # the first run waits here for ever
    (tmp_path / "warehouse.toml").write_text('crm = "crm"\nexports = "exports"\nstate = "state"\n')
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with ui(tmp_path, port) as (page, process):
        killed = page.launch()
        until(lambda: page.status(killed) == "STARTED")
        os.killpg(process.pid, signal.SIGKILL)
    (tmp_path / "crm" / "accounts.csv").unlink()
    (tmp_path / "crm" / "accounts.csv").write_text("id,name\na1,Oak\n")
    with ui(tmp_path, port) as (page, process):
        later = page.launch()
        assert page.status(killed) == "FAILURE"
        assert until(lambda: page.status(later) in ("SUCCESS", "FAILURE") and page.status(later)) == "SUCCESS"
        process.terminate()
        assert process.wait(120) == 0
    assert (tmp_path / "exports").is_dir()
    assert "has no process any more" in (tmp_path / "ui.log").read_text()
