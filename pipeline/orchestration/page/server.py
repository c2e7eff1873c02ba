"""The processes behind `warehouse ui`: the page itself, the code location, and the daemon of schedules and sensors.

`warehouse ui` turns into this program: `python -m pipeline.orchestration.page.server`. With `--workspace` it only
serves the page, while code location and daemon run elsewhere (as containers).
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import logging
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Final

import dagster as dg
import uvicorn
import yaml
from dagster._cli.proxy_server_manager import ProxyServerManager
from dagster._core.workspace.context import WorkspaceProcessContext
from dagster._core.workspace.load_target import ModuleTarget, WorkspaceFileTarget
from dagster._utils.interrupts import setup_interrupt_handlers
from dagster._utils.log import configure_loggers
from dagster_webserver.version import __version__
from filelock import FileLock, Timeout

from pipeline.common.errors import WarehouseError
from pipeline.orchestration.column_lineage import lineage_file
from pipeline.orchestration.page.guard import GuardedWebserver
from pipeline.orchestration.page.home import end_dead_runs, forget_old_runs
from pipeline.orchestration.page.report_links import report_route
from pipeline.orchestration.quick_records import records_held_open
from pipeline.orchestration.table_facts import COLUMNS_FILE
from pipeline.settings import Settings
from pipeline.state.workspace import Workspace

CODE: Final = "pipeline.orchestration.definitions"
LOCATION: Final = "warehouse"

_TIDY_SECONDS: Final = 3600
_LEAVE_SECONDS: Final = 60
_LOOK_SECONDS: Final = 60
_PR_SET_PDEATHSIG: Final = 1


class _PageServer(uvicorn.Server):
    """The web server, which also ends when the daemon has ended."""

    has_lost_daemon = False


_log = logging.getLogger("dagster.warehouse")


def main(arguments: list[str] | None = None) -> int:
    """Serve the page until a signal ends it; return the exit code."""
    parser = argparse.ArgumentParser(prog="warehouse ui")
    parser.add_argument("--address", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=3000)
    parser.add_argument("--workspace", type=Path, help="a workspace.yaml: the page alone, the rest runs elsewhere")
    given = parser.parse_args(arguments)
    configure_loggers()
    setup_interrupt_handlers()  # SIGTERM ends as Ctrl-C does
    try:
        with ExitStack() as stack:
            instance = stack.enter_context(dg.DagsterInstance.get())
            stack.enter_context(records_held_open(instance))  # starting a run writes the 600 events of its plan
            workspace = given.workspace or stack.enter_context(_machine(instance))
            server = _server(stack, instance, workspace, given.address, given.port)
            if given.workspace is None:
                stack.enter_context(_daemon(instance, workspace, server))
            _log.info("The page: http://%s:%s", given.address, given.port)
            server.run()
            return 1 if server.has_lost_daemon else 0
    except KeyboardInterrupt:
        return 0
    except WarehouseError as fault:
        print(f"\n{fault}", file=sys.stderr)  # noqa: T201 (a program of its own)
        return 1


def _server(stack: ExitStack, instance: dg.DagsterInstance, workspace: Path, address: str, port: int) -> _PageServer:
    settings = Settings()
    instance.optimize_for_webserver(statement_timeout=15_000, pool_recycle=3600, max_overflow=20)
    context = stack.enter_context(
        WorkspaceProcessContext(
            instance, WorkspaceFileTarget([str(workspace)]), version=__version__, read_only=settings.ui_read_only
        )
    )
    routes = [report_route(settings)]
    page = GuardedWebserver(context, settings.ui_names, read_only=settings.ui_read_only, routes=routes)
    app = page.create_asgi_app()
    return _PageServer(uvicorn.Config(app, host=address, port=port, log_level="warning"))


@contextmanager
def _machine(instance: dg.DagsterInstance) -> Iterator[Path]:
    """Own Dagster's folder, repair its records, and start the code location; yield the workspace file that names it.

    WarehouseError if another page owns the folder.
    """
    home = Path(instance.root_directory)
    lock = FileLock(home / "page.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise WarehouseError(
            "another `warehouse ui` is running here", where=str(home), remedy="stop that one, or name another --state"
        ) from None
    with lock:
        for run_id in end_dead_runs(instance):
            _log.warning("Run %s has no process any more: its record was ended.", run_id)
        code = ModuleTarget(CODE, "defs", None, LOCATION)
        with (
            ProxyServerManager(instance, code, code_server_log_level="warning") as servers,
            tempfile.TemporaryDirectory(prefix="warehouse-page-") as folder,
            _tidied(instance),
            _lineage_made(),
        ):
            workspace = Path(folder) / "workspace.yaml"
            workspace.write_text(yaml.safe_dump({"load_from": servers.get_code_server_specs()}))
            yield workspace


@contextmanager
def _tidied(instance: dg.DagsterInstance) -> Iterator[None]:
    """Limit Dagster's records, now and every hour."""
    is_over = threading.Event()

    def tidy() -> None:
        while True:
            try:
                if count := forget_old_runs(instance, Settings().ui_keep_runs):
                    _log.info("%s old runs were forgotten.", count)
            except Exception:
                _log.exception("Old runs could not be forgotten.")
            if is_over.wait(_TIDY_SECONDS):
                return

    thread = threading.Thread(target=tidy, daemon=True)
    thread.start()
    try:
        yield
    finally:
        is_over.set()


@contextmanager
def _lineage_made() -> Iterator[None]:
    """Make the column lineage in the background, once a run of the page has built the models that it is parsed from."""
    is_over = threading.Event()

    def make() -> None:
        while not is_over.wait(_LOOK_SECONDS):
            settings = Settings()
            workspace = Workspace(settings.state)
            columns = workspace.dbt_target / COLUMNS_FILE
            if columns.exists() and not lineage_file(workspace, settings.target).exists():
                program = [sys.executable, "-m", "pipeline.orchestration.column_lineage"]
                arguments = [*program, str(settings.state), settings.target, str(columns)]
                made = subprocess.run(arguments, check=False, preexec_fn=_end_with_parent)  # noqa: S603
                if made.returncode != 0:
                    _log.error("The lineage of columns could not be read from the models.")
                    return

    threading.Thread(target=make, daemon=True).start()
    try:
        yield
    finally:
        is_over.set()


@contextmanager
def _daemon(instance: dg.DagsterInstance, workspace: Path, server: _PageServer) -> Iterator[None]:
    """Run Dagster's daemon with the page; if it ends by itself, the page ends too."""
    arguments = [sys.executable, "-m", "dagster._daemon", "run", "--workspace", str(workspace)]
    daemon = subprocess.Popen(arguments, preexec_fn=_end_with_parent)  # noqa: S603, PLW1509 (ours; no thread forks)
    is_wanted = threading.Event()

    def watch() -> None:
        daemon.wait()
        if not is_wanted.is_set():
            _log.error("Dagster's daemon ended with exit code %s; so does the page.", daemon.returncode)
            server.has_lost_daemon = True
            server.should_exit = True

    threading.Thread(target=watch, daemon=True).start()
    try:
        yield
    finally:
        is_wanted.set()
        daemon.terminate()
        try:
            daemon.wait(_LEAVE_SECONDS)
        except subprocess.TimeoutExpired:
            daemon.kill()


def _end_with_parent() -> None:
    """Ask Linux to end this process when its parent dies for any reason."""
    with contextlib.suppress(OSError, AttributeError):
        libc: Any = ctypes.CDLL(None)
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


if __name__ == "__main__":
    sys.exit(main())
