"""Removes parts from the landing zone that no run or replay needs."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from pipeline.ingest.landing.landed_table import LandedTable

GRACE: Final = timedelta(days=1)
"""How long a file is kept in any case, because a run in progress, or `check`, may refer to it next."""
_HEADERS: Final = "headers"


@dataclass(frozen=True)
class Removed:
    """The number and size of the files that were removed, or would be."""

    files: int = 0
    bytes: int = 0

    def __add__(self, other: Removed) -> Removed:
        """Add the counts of both."""
        return Removed(self.files + other.files, self.bytes + other.bytes)


def prune_landing(
    root: Path, landed: Iterable[LandedTable], now: datetime, *, grace: timedelta = GRACE, dry_run: bool = False
) -> Removed:
    """Remove the files of a landing zone that no landed table consists of; with `dry_run`, only count them.

    Files younger than `grace` are kept, and so are the small notes of headers, which save opening a file.
    """
    kept = _files_of(landed)
    removed = Removed()
    for folder in (path for path in sorted(root.glob("*")) if path.is_dir() and path.name != _HEADERS):
        for path in sorted(folder.glob("[!.]*")):
            found = path.stat()
            if path in kept or now - datetime.fromtimestamp(found.st_mtime, UTC) < grace or _is_whole_set(path, kept):
                continue
            removed += Removed(1, found.st_size)
            if not dry_run:
                path.unlink(missing_ok=True)
    return removed


def _files_of(landed: Iterable[LandedTable]) -> set[Path]:
    """List the files that landed tables consist of: each part's data, its record and its rejects."""
    parts = {path for table in landed for path in (*table.parts, *table.merged_from)}
    rejects = {path for table in landed for path in table.rejects}
    records = {path.with_suffix(".json") for path in parts}
    own_rejects = {path.with_name(f"{path.stem}.rejects.parquet") for path in parts}
    return parts | rejects | records | own_rejects


def _is_whole_set(path: Path, kept: set[Path]) -> bool:
    """Return whether a file describes a set of parts, all of which are kept."""
    if not path.name.endswith(".set.json"):
        return False
    try:
        parts = json.loads(path.read_text(encoding="utf-8"))["parts"]
    except (OSError, ValueError, KeyError):
        return False
    return all(path.with_name(f"{part}.parquet") in kept for part in parts)
