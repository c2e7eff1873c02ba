"""Dagster's web page and daemon over the same definitions, for one machine: `warehouse ui`."""

from __future__ import annotations

import os
import socket
import sys
from typing import NoReturn

from pipeline.common.errors import WarehouseError
from pipeline.settings import Settings
from pipeline.state.workspace import Workspace


def serve(settings: Settings, port: int) -> NoReturn:
    """Replace this process by the page's server: the page, its schedules and sensors.

    Dagster's files are in the state folder, unless DAGSTER_HOME is set. Its processes read the settings again, from
    `warehouse.toml` in this folder and the environment. The state folder is passed on as WAREHOUSE_STATE, because it
    may only be given on the command line.

    WarehouseError if the port is taken.
    """
    _require_free(settings.ui_address, port)
    from pipeline.orchestration.page.home import dagster_home, write_instance

    home = dagster_home(Workspace(settings.state).dagster_home)
    write_instance(home)
    environment = {**os.environ, "DAGSTER_HOME": str(home), "WAREHOUSE_STATE": str(settings.state)}
    program = [sys.executable, "-m", "pipeline.orchestration.page.server"]
    arguments = [*program, "--address", settings.ui_address, "--port", str(port)]
    os.execve(sys.executable, arguments, environment)  # noqa: S606 (our own program)


def _require_free(address: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
        except OSError as refused:
            raise WarehouseError(
                f"can't be opened: {refused.strerror or refused}",
                where=f"port {port} of {address}",
                remedy="name another with --port, or another address with ui_address",
            ) from refused
