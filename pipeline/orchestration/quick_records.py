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
"""Files that stay open: the index of all runs, and the active runs."""


@contextmanager
def records_held_open(instance: dg.DagsterInstance) -> Iterator[None]:
    """Keep the event files open, and write events without waiting for the disk each time.

    Dagster opens, writes, syncs and closes a file for every event, and SQLite copies its log back whenever the last
    connection closes. A run on the page has about two thousand events: for three rows it takes 40 to 53 s instead of
    109 to 120 s (two busy cores, 2026-11-28). After a power cut the last events of a run may be missing; the files
    stay intact (SQLite's `synchronous = normal` with a write-ahead log).
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
    """Extra connections that keep the most recently opened files of a folder open."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._connections: OrderedDict[Path, sqlite3.Connection] = OrderedDict()
        self._lock = Lock()

    def on_connect(self, connection: Any, _: object) -> None:
        """Keep the file of a new SQLAlchemy connection open."""
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
                # only a connection that has read the file keeps its write-ahead log open
                self._connections[path].execute("select count(*) from sqlite_master").fetchall()
            self._connections.move_to_end(path)
            while len(self._connections) > _HELD:
                self._connections.popitem(last=False)[1].close()

    def close(self) -> None:
        """Close all extra connections."""
        with self._lock:
            for connection in self._connections.values():
                connection.close()
            self._connections.clear()
