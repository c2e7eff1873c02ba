"""Removes parts from the landing zone that nothing refers to, so that neither a run nor a replay reads them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from pipeline.ingest.landing.landed_table import LandedTable

GRACE: Final = timedelta(days=1)
"""How long a file stays in any case: a run that is reading, or `check`, may name it next."""
_HEADERS: Final = "headers"


@dataclass(frozen=True)
class Removed:
    """What went, or would go: files and their bytes."""

    files: int = 0
    bytes: int = 0

    def __add__(self, other: Removed) -> Removed:
        """Count both."""
        return Removed(self.files + other.files, self.bytes + other.bytes)


def prune_landing(
    root: Path, landed: Iterable[LandedTable], now: datetime, *, grace: timedelta = GRACE, dry_run: bool = False
) -> Removed:
    """Remove every file of a landing zone that no landed table is made of; with `dry_run`, only count them.

    What is younger than `grace` stays. So do the notes of headers: a few bytes each that save a file's opening.
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
    """List the files of which landed tables are made: each part's data, its record and its rejects."""
    parts = {path for table in landed for path in (*table.parts, *table.merged_from)}
    rejects = {path for table in landed for path in table.rejects}
    records = {path.with_suffix(".json") for path in parts}
    own_rejects = {path.with_name(f"{path.stem}.rejects.parquet") for path in parts}
    return parts | rejects | records | own_rejects


def _is_whole_set(path: Path, kept: set[Path]) -> bool:
    """Return whether a file says which parts stand side by side as one table, all of which stay."""
    if not path.name.endswith(".set.json"):
        return False
    try:
        parts = json.loads(path.read_text(encoding="utf-8"))["parts"]
    except (OSError, ValueError, KeyError):
        return False
    return all(path.with_name(f"{part}.parquet") in kept for part in parts)
