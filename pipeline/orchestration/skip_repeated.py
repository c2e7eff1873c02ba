"""Decides whether a run would only repeat the last one.

It would if the files of every source, the settings, the program and the state of earlier runs are the same, and what
the last run published and built, which `explain` reads, is still in place.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pipeline.dbt.build_record import BuildRecord
from pipeline.drops.catalog import LATEST, read_manifest, require_as_published
from pipeline.drops.manifest import MANIFEST
from pipeline.engines import keeps_models
from pipeline.paths import PACKAGE, PROJECT_ROOT
from pipeline.run_plan import RunPlan
from pipeline.settings import Settings
from pipeline.state.forgotten_file import read_forgotten
from pipeline.state.history import RunHistory
from pipeline.state.secret_key import pseudonym_key
from pipeline.state.workspace import Workspace
from pipeline.storage.local_files import content_hash, write_whole
from pipeline.storage.place import open_place
from pipeline.storage.urls import is_url

_PROGRAM = ("models", "expectations", "dbt_project")
_PROGRAM_FILES = (".py", ".sql", ".yml", ".csv", ".html", ".css", ".j2")


def run_fingerprint(settings: Settings, plan: RunPlan) -> str | None:
    """Hash everything that decides a run's result; None if a source is a database, whose content is unknown."""
    exports = settings.exports if is_url(settings.exports) else str(Path(settings.exports).expanduser().resolve())
    forms = [settings.csv_safe, settings.xlsx, settings.cuts, settings.personal_data]
    decisions = [plan.to_json(), settings.target, exports, *forms, settings.date_order, settings.code_page]
    digest = hashlib.sha256(json.dumps(decisions).encode())
    if settings.cuts_file is not None and settings.cuts_file.is_file():
        _add_files(digest, iter([settings.cuts_file]), settings.cuts_file.parent)
    if not settings.keeps_personal_data:
        digest.update(pseudonym_key(settings.pseudonym_key, settings.state))
    digest.update(repr(read_forgotten(settings.state).fingerprint).encode())
    for place in (settings.lmn, settings.crm, settings.platform):
        if place is not None and not Path(place).is_dir():
            return None
        digest.update(repr(place).encode())
        _add_files(digest, _source_files(Path(place)) if place else iter(()), Path(place or "."))
    for folder in (PACKAGE, *(PROJECT_ROOT / name for name in _PROGRAM)):
        _add_files(digest, _program_files(folder), folder.parent)
    for folder in RunHistory(settings.state).before(plan.as_of):
        _add_files(digest, _files(folder), folder.parent)
    return digest.hexdigest()


def recorded_drops(workspace: Workspace, fingerprint: str | None) -> list[dict[str, Any]] | None:
    """Return the last run's drops if it had this fingerprint, they are the latest and its models are intact, or None.

    A damaged record counts as none. WarehouseError if a drop in place is damaged.
    """
    try:
        recorded = json.loads(workspace.last_run.read_text())
        drops: list[dict[str, Any]] = recorded["drops"]
        in_place = all(_is_latest(Path(drop["location"])) for drop in drops)
        is_same = fingerprint is not None and recorded["fingerprint"] == fingerprint
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return None
    if not (is_same and in_place):
        return None
    for drop in drops:
        place = open_place(drop["location"])
        if (manifest := read_manifest(place)) is None:
            return None
        require_as_published(place, manifest)
    build = BuildRecord.read(workspace.built)
    return drops if build is not None and keeps_models(build.target, workspace.state, build.mark) else None


def record_run(
    workspace: Workspace, fingerprint: str | None, drops: list[dict[str, Any]], seconds: dict[str, float]
) -> None:
    """Record a run that has published, and the duration of its steps."""
    standing = [{**drop, "is_new": False} for drop in drops]
    write_whole(workspace.last_run, json.dumps({"fingerprint": fingerprint, "drops": standing, "seconds": seconds}))


def _is_latest(drop: Path) -> bool:
    return (drop / MANIFEST).exists() and (drop.parent / LATEST).resolve() == drop.resolve()


def _source_files(folder: Path, *, with_tables: bool = True) -> Iterator[Path]:
    """List the files of a source, of its tables' folders and of hive folders; links are followed, as when reading."""
    try:
        found = sorted(folder.iterdir())
    except OSError:  # reported when the source is read
        return
    for path in found:
        if path.is_file():
            yield path
        elif "=" in path.name:  # organization_id=1
            yield from _source_files(path, with_tables=with_tables)
        elif with_tables and path.is_dir():
            yield from _source_files(path, with_tables=False)


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.rglob("*")) if path.is_file())


def _program_files(folder: Path) -> Iterator[Path]:
    for path in _files(folder):
        if path.suffix in _PROGRAM_FILES and "target" not in path.relative_to(folder).parts:
            yield path


def _add_files(digest: hashlib._Hash, files: Iterator[Path], root: Path) -> None:
    for path in files:
        digest.update(os.fsencode(path.relative_to(root)) + f"={content_hash(path)}\n".encode())
