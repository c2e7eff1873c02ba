"""`warehouse explain account` on the command line."""

from __future__ import annotations

import json
import subprocess
import sys

from pipeline.paths import PROJECT_ROOT
from pipeline.settings import Settings


def warehouse(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pipeline.cli", "explain", "account", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=PROJECT_ROOT)


def test_json_is_for_machines(settings: Settings) -> None:
    ended = warehouse("1112", "total_emails", "--organization", 2, "--json", "--state", settings.state)
    assert ended.returncode == 0, ended.stderr
    explained = json.loads(ended.stdout)
    (column,) = explained["columns"]
    assert explained["account"]["organization_id"] == 2
    assert column["value"] == len(column["evidence"][0]["rows"]) > 0


def test_an_error_is_reported_and_exits_with_1(settings: Settings) -> None:
    ended = warehouse("1112", "--state", settings.state)
    assert ended.returncode == 1
    assert "2 accounts match that" in ended.stderr
    assert "give --organization" in ended.stderr
    assert "Traceback" not in ended.stderr
