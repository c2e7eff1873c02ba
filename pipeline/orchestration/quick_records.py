"""How the page's processes write Dagster's records: into SQLite files that stay open between two events."""

from __future__ import annotations

import sqlite3
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import Any, Final

import dagster as dg
import sqlalchemy as sa
from dagster._core.storage.event_log import SqliteEventLogStorage

_HELD: Final = 4
"""The index of all runs, and the runs that are at work."""


@contextmanager
def records_held_open(instance: dg.DagsterInstance) -> Iterator[None]:
    """Keep the files of events open, and have them written without waiting for the disk each time.

    Dagster opens, writes, syncs and closes a file for every event, and SQLite copies its log back whenever the last
    connection closes. A run of the page has some two thousand events: 40 to 53 s instead of 109 to 120 s for three rows
    on a machine with 2 busy cores, 2026-11-28. After a power cut the last events of a run that has ended with it may be
    missing; the files stay whole (SQLite's `synchronous = normal` with a write-ahead log).
    """
    storage = instance.event_log_storage
    if not isinstance(storage, SqliteEventLogStorage):
        yield
        return
    held = _HeldFiles(Path(storage.path_for_shard("index")).resolve().parent)
    sa.event.listen(sa.Engine, "connect", held.on_connect)
    try:
        yield
    finally:
        sa.event.remove(sa.Engine, "connect", held.on_connect)
        held.close()


class _HeldFiles:
    """A connection of its own to each of the files of a folder that were opened last."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._connections: OrderedDict[Path, sqlite3.Connection] = OrderedDict()
        self._lock = Lock()

    def on_connect(self, connection: Any, _: object) -> None:
        """Hold the file of a connection that SQLAlchemy has opened."""
        if not isinstance(connection, sqlite3.Connection):
            return
        (_, _, name), *_ = connection.execute("pragma database_list").fetchall()
        path = Path(name).resolve()
        if path.parent != self._folder:
            return
        connection.execute("pragma synchronous = normal")
        with self._lock:
            if path not in self._connections:
                self._connections[path] = sqlite3.connect(path, check_same_thread=False)
                # without a look at it, the connection has no part in the log
                self._connections[path].execute("select count(*) from sqlite_master").fetchall()
            self._connections.move_to_end(path)
            while len(self._connections) > _HELD:
                self._connections.popitem(last=False)[1].close()

    def close(self) -> None:
        """Let go of all."""
        with self._lock:
            for connection in self._connections.values():
                connection.close()
            self._connections.clear()
