"""Dagster's web page and daemon over the same definitions, for one machine: `warehouse ui`."""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path
from typing import NoReturn

from pipeline.common.errors import WarehouseError
from pipeline.settings import Settings
from pipeline.state.workspace import Workspace
from pipeline.storage.local_files import write_whole

_INSTANCE = """\
telemetry:
  enabled: false
concurrency:
  runs:
    max_concurrent_runs: 1  # runs share one state folder
"""


_HOST = "127.0.0.1"
_QUIET = {"PYTHONWARNINGS": "ignore:Function `dev_command` is superseded"}  # nothing that a person here can do about


def serve(settings: Settings, port: int) -> NoReturn:
    """Become `dagster dev`: the page, the schedule and the sensor; its own files are kept in the state folder.

    Dagster's processes read the settings again, from `warehouse.toml` in this folder and the environment. The state
    folder is passed on as WAREHOUSE_STATE, since the command line alone may have named it.

    WarehouseError where the port is taken: Dagster's page would end, and its daemon go on.
    """
    _require_free(port)
    home = Workspace(settings.state).dagster_home
    home.mkdir(exist_ok=True)
    write_whole(home / "dagster.yaml", _INSTANCE)
    environment = {**_QUIET, **os.environ, "DAGSTER_HOME": str(home), "WAREHOUSE_STATE": str(settings.state)}
    program = str(Path(sys.executable).with_name("dagster"))
    arguments = ["dev", "-m", "pipeline.orchestration.definitions", "-a", "defs", "--host", _HOST, "--port", str(port)]
    os.execve(program, [program, *arguments], environment)  # noqa: S606 (our own program)


def _require_free(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((_HOST, port))
        except OSError as refused:
            raise WarehouseError(
                f"can't be opened: {refused.strerror}", where=f"port {port}", remedy="name another with --port"
            ) from refused
