"""What the sensor observes of the sources: the files of folders and the state of databases, without reading them."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Final

from pipeline.ingest.landing.record import SOURCES
from pipeline.ingest.tables import SOURCE_TABLES
from pipeline.settings import Settings
from pipeline.storage.urls import is_url

_UNDER_WAY: Final = (".part", ".partial", ".crdownload", ".download", ".filepart", ".tmp", ".temp", ".swp", ".!ut")
"""Suffixes of unfinished copies by browsers, sync and transfer programs."""
_HIDDEN: Final = (".", "~$")
"""Prefixes of names that are not source files: unfinished copies by rsync and others, and an open workbook's lock."""


@dataclass(frozen=True)
class Observation:
    """One observation of the sources: `state` condenses it, `changed_at` is a file's last change, in Unix time."""

    state: str
    changed_at: float = 0.0


@dataclass(frozen=True)
class Memory:
    """What the sensor remembers: the last observation, and the one that started the last run."""

    seen: str = ""
    started: str = ""

    @classmethod
    def of(cls, cursor: str | None) -> Memory:
        """Read what the sensor remembered; empty if there is nothing, or another version wrote it."""
        try:
            content = json.loads(cursor or "{}")
            return cls(**content) if isinstance(content, dict) else cls()
        except (ValueError, TypeError):
            return cls()

    def as_cursor(self) -> str:
        """Return the text that `of` reads."""
        return json.dumps(asdict(self))


def decide(observed: Observation, memory: Memory, now: float, settle_seconds: int) -> tuple[Memory, str | None]:
    """Return what to remember, and why no run should start; None if one should.

    The sources must have changed since the last run, two observations in a row must be the same, and no file may have
    changed within `settle_seconds`, because copies can stall.
    """
    later = replace(memory, seen=observed.state)
    if observed.state == memory.started:
        return later, "nothing in the sources is new or has changed"
    if observed.state != memory.seen:
        return later, "the sources have changed; the next observation shows whether they still do"
    if (age := now - observed.changed_at) < settle_seconds:
        return later, f"a file changed {max(age, 0):.0f} s ago; a run starts when none has for {settle_seconds} s"
    return Memory(observed.state, observed.state), None


def observe_sources(settings: Settings) -> Observation:
    """Observe every configured folder, and the databases if `watch_databases` is set.

    WarehouseError if a database cannot be queried.
    """
    places = [(source, place) for source in SOURCES if (place := getattr(settings, source))]
    digest = hashlib.sha256()
    changed_at = 0.0
    for path in sorted(path for _, place in places if not is_url(place) for path in _files(Path(place))):
        try:
            facts = path.stat()
        except FileNotFoundError:  # gone since it was listed
            continue
        # ctime, which no program sets: copies may keep the mtime of the original
        changed_at = max(changed_at, facts.st_ctime)
        if not path.name.lower().endswith(_UNDER_WAY):
            digest.update(os.fsencode(path) + f"|{facts.st_size}|{facts.st_mtime_ns}\n".encode())
    if settings.watch_databases:
        for source, place in places:
            if is_url(place):
                digest.update(json.dumps(_database_state(source, place), default=str).encode())
    return Observation(digest.hexdigest(), changed_at)


def _files(folder: Path) -> Iterator[Path]:
    if folder.is_dir():
        yield from (path for path in folder.rglob("*") if path.is_file() and not path.name.startswith(_HIDDEN))


def _database_state(source: str, url: str) -> Sequence[object]:
    """Query the row count and newest `updated_at` of each table, which is all that is cheap."""
    from pipeline.ingest.readers.database import Database

    tables = [table for table in SOURCE_TABLES if table.source == source]
    with Database(source, url).snapshot(tables) as snapshot:
        found = [(table.name, snapshot.open(table)) for table in tables]
        return [(name, *opened.state()) for name, opened in found if opened is not None]
