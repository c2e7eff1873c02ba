"""Moves an audited drop into place so that a reader sees the old one or the new one, whole.

The folder is renamed, then `manifest.json` is written (a folder without one is not a drop), then `latest` moves.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.drops.manifest import MANIFEST, drop_name, manifest_bytes
from pipeline.drops.stage import StagedDrop

LATEST = "latest"
STAGING_PREFIX = ".staging-"


@dataclass(frozen=True)
class PublishedDrop:
    """A drop in place; `is_new` is false where the same drop had been published before."""

    organization_id: int
    location: str
    is_new: bool
    manifest: Mapping[str, Any]


def staging_folder(exports: Path, organization_id: int, run_id: str) -> Path:
    """Name the folder, beside the published drops, in which a run stages."""
    return exports / str(organization_id) / f"{STAGING_PREFIX}{run_id}"


def clear_staging(exports: Path) -> None:
    """Remove what killed runs left behind; the caller holds the lock of the exports."""
    for folder in exports.glob(f"*/{STAGING_PREFIX}*"):
        shutil.rmtree(folder)


def publish_drop(drop: StagedDrop, manifest: Mapping[str, Any]) -> PublishedDrop:
    """Put a staged drop in place and point `latest` at it."""
    final = drop.folder.parent / drop_name(manifest)
    content = manifest_bytes(manifest)
    is_new = not _is_published(final, content)
    if is_new:
        if final.exists():  # a run was killed between the rename and the manifest
            shutil.rmtree(final)
        _sync_folder(drop.folder)
        drop.folder.rename(final)
        _write_whole(final / MANIFEST, content)
    else:
        shutil.rmtree(drop.folder)
    _point_latest(final)
    return PublishedDrop(drop.organization_id, str(final), is_new, manifest)


def _is_published(folder: Path, manifest: bytes) -> bool:
    path = folder / MANIFEST
    return path.exists() and path.read_bytes() == manifest


def _sync_folder(folder: Path) -> None:
    """Flush the files to disk before their manifest vouches for them."""
    for path in [*folder.iterdir(), folder]:
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _write_whole(path: Path, content: bytes) -> None:
    """Write a file under another name and rename it, so that nobody reads a part."""
    scratch = path.with_name(f".{path.name}.part")
    with scratch.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    scratch.replace(path)


def _point_latest(final: Path) -> None:
    """Move the link `latest` in one step."""
    scratch = final.parent / f".{LATEST}.part"
    scratch.unlink(missing_ok=True)
    scratch.symlink_to(final.name)
    scratch.replace(final.parent / LATEST)
