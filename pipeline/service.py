"""Dagster's web page and daemon over the same definitions, for one machine: `warehouse ui`."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import NoReturn

from pipeline.settings import PROJECT_ROOT, Settings

_INSTANCE = """\
telemetry:
  enabled: false
concurrency:
  runs:
    max_concurrent_runs: 1  # runs share one state folder
"""


def serve(settings: Settings, port: int) -> NoReturn:
    """Become `dagster dev`: the page, the schedule and the sensor; its own files are kept in the state folder."""
    home = settings.state / "dagster"
    home.mkdir(parents=True, exist_ok=True)
    (home / "dagster.yaml").write_text(_INSTANCE)
    os.environ["DAGSTER_HOME"] = str(home)
    program = str(Path(sys.executable).with_name("dagster"))
    workspace = str(PROJECT_ROOT / "workspace.yaml")
    os.chdir(PROJECT_ROOT)
    os.execv(program, [program, "dev", "--workspace", workspace, "--host", "127.0.0.1", "--port", str(port)])  # noqa: S606
