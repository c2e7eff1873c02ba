"""Whole runs send alerts about their outcome; a failing receiver does not change the outcome."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.alerts.receivers import PASSWORD, webhook

SAMPLE = Path(__file__).parent.parent.parent / "sample"


def warehouse(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the program in a folder of its own, with receivers from the environment."""
    where = ["--state", str(folder / "state")]
    return subprocess.run(
        [sys.executable, "-m", "pipeline.cli", *arguments, *where],
        cwd=folder,
        env={**os.environ, "no_proxy": "127.0.0.1", **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def run_sample(folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    sources = [text for name in ("lmn", "crm", "platform") for text in (f"--{name}", str(SAMPLE / name))]
    where = ["--exports", str(folder / "exports"), "--as-of", "2025-01-15T00:00:00Z"]
    return warehouse(folder, "run", *sources, *where, **environment)


def test_a_published_run_says_so_and_links_its_report(tmp_path: Path) -> None:
    with webhook() as (url, messages):
        ended = run_sample(tmp_path, WAREHOUSE_ALERT_URLS=url, WAREHOUSE_ALERT_ON="amber published")
    assert ended.returncode == 0, ended.stderr
    (message,) = messages
    page = message["message"].rpartition("report: ")[2]
    assert message["title"] == "Account Warehouse: published, with warnings"  # the sample has rows that warn
    assert Path(page).is_file()
    assert "organization 1: drop 20250115T000000Z-" in message["message"]


def test_a_failing_alert_does_not_change_the_outcome_of_a_run(tmp_path: Path) -> None:
    with webhook(500) as (url, _):
        ended = run_sample(tmp_path, WAREHOUSE_ALERT_URLS=url, WAREHOUSE_ALERT_ON="amber")
    assert ended.returncode == 0
    assert "no alert was sent to receiver 1 of 1" in ended.stderr
    assert PASSWORD not in ended.stdout + ended.stderr + everything_in(tmp_path / "state")


def test_a_failed_run_is_reported_with_its_error(tmp_path: Path) -> None:
    with webhook() as (url, messages):
        ended = warehouse(tmp_path, "run", "--crm", str(tmp_path / "missing"), WAREHOUSE_ALERT_URLS=url)
    assert ended.returncode == 1
    (message,) = messages
    assert message["title"] == "Account Warehouse: the run failed, nothing was published"
    assert "missing" in message["message"]


def test_a_missing_drop_is_reported_once_and_exits_with_1(tmp_path: Path) -> None:
    with webhook() as (url, messages):
        ended: list[Any] = [warehouse(tmp_path, "runs", "--due", WAREHOUSE_ALERT_URLS=url) for _ in range(2)]
    assert [one.returncode for one in ended] == [1, 1]
    assert "a drop was due at" in ended[1].stderr
    assert [message["title"] for message in messages] == ["Account Warehouse: no drop in time"]


def everything_in(folder: Path) -> str:
    return "".join(path.read_bytes().decode("latin-1") for path in sorted(folder.rglob("*")) if path.is_file())


@pytest.mark.parametrize("word", ["Moonday 12:00", "Monday 25:00", "noon"])
def test_an_invalid_moment_is_refused_with_an_example(tmp_path: Path, word: str) -> None:
    ended = warehouse(tmp_path, "runs", "--due", WAREHOUSE_DUE=word)
    assert ended.returncode == 1
    assert "Monday 12:00" in ended.stderr
