"""Moves an audited drop into place so that a reader sees either the old drop or the new one, complete.

The folder is renamed, then `manifest.json` is written (a folder without one is not a drop), then `latest` moves.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from filelock import FileLock

from pipeline.common.errors import WarehouseError
from pipeline.drops.catalog import LATEST, REPORTS, drops_folder_of, organizations_in, require_as_published
from pipeline.drops.manifest import MANIFEST, drop_name, with_hashes
from pipeline.drops.manifest_layout import manifest_bytes, parse_manifest
from pipeline.drops.stage import StagedDrop
from pipeline.drops.superseded import note_superseded
from pipeline.storage.flush_many import flush_file_system
from pipeline.storage.local_files import clear_drafts, flush, point_link, write_whole
from pipeline.storage.minisign import SUFFIX, SigningKey
from pipeline.storage.place import LOCK, Place

STAGING_PREFIX = ".staging-"
_MANY: Final = 10
"""With at least this many drops, the whole file system is flushed instead of each file."""


@dataclass(frozen=True)
class PublishedDrop:
    """A drop in place; `is_new` is false if the same drop had been published before."""

    organization_id: int
    location: str
    is_new: bool
    manifest: Mapping[str, Any]


class FolderDestination:
    """A local folder: drops are staged next to the published ones, so that a rename publishes them.

    `series` names the folder, within each organization's, of drops that are published separately, such as
    `notifications`. `signer` signs the manifests.
    """

    def __init__(self, place: Place, series: str = "", signer: SigningKey | None = None) -> None:
        self.place = place
        self.exports = Path(place.root)
        self.series = series
        self.signer = signer
        self._flushed: frozenset[Path] = frozenset()
        """The staging folders whose files are flushed to disk."""

    def drops_folder(self, organization_id: int) -> Place:
        """Return the folder of an organization's drops, or of its drops of the series."""
        return drops_folder_of(self.place, organization_id, self.series)

    def turn(self) -> AbstractContextManager[Any]:
        """Wait until no other run stages here, whatever its state folder."""
        self.exports.mkdir(parents=True, exist_ok=True)
        return FileLock(self.exports / (f".{self.series}{LOCK}" if self.series else LOCK))

    def clear_staging(self) -> None:
        """Remove what killed runs left behind; the caller holds the lock."""
        for organization_id in organizations_in(self.place):
            drops_folder = Path(self.drops_folder(organization_id).root)
            clear_staging(drops_folder)
            clear_drafts(drops_folder)
            clear_drafts(drops_folder / REPORTS)

    def staging_folder(self, organization_id: int, run_id: str) -> Path:
        """Return the folder, next to the published drops, in which a run stages."""
        return staging_folder(Path(self.drops_folder(organization_id).root), run_id)

    def flush_staged(self, drops: Sequence[StagedDrop]) -> None:
        """Flush the files of many staged drops at once, if possible; `put` flushes those of other drops.

        A hundred drops took 5.1 s elapsed and 0.4 s of CPU to flush file by file, and take 0.3 s like this
        (2026-11-29). A few drops are flushed separately, so that they need not wait for other writers on that disk.
        """
        if len(drops) >= _MANY and flush_file_system(self.exports):
            self._flushed = frozenset(drop.folder for drop in drops)

    def put(self, drop: StagedDrop, manifest: Mapping[str, Any]) -> PublishedDrop:
        """Put a staged drop in place."""
        final = drop.folder.parent / drop_name(manifest)
        content = manifest_bytes(manifest)
        is_new = not is_published(final / MANIFEST, _read(final / MANIFEST), content)
        if is_new:
            written = write_signature(drop, manifest, self.signer)
            if final.exists():  # a run was killed between the rename and the manifest
                shutil.rmtree(final)
            staged = written if drop.folder in self._flushed else list(drop.folder.rglob("*"))
            for path in [*staged, drop.folder]:  # before the manifest declares them complete
                flush(path)
            drop.folder.rename(final)
            flush(final.parent)
            write_whole(final / MANIFEST, content)
        else:
            require_as_published(self.drops_folder(drop.organization_id).child(final.name), manifest)
            shutil.rmtree(drop.folder)
        return PublishedDrop(drop.organization_id, str(final), is_new, manifest)

    def point(self, drop: PublishedDrop) -> None:
        """Point `latest` at a drop."""
        final = Path(drop.location)
        note_superseded(self.drops_folder(drop.organization_id), final.name)
        point_link(final.parent / LATEST, final.name)


def write_signature(drop: StagedDrop, manifest: Mapping[str, Any], signer: SigningKey | None) -> list[Path]:
    """Write the signature of the manifest into the folder of a staged drop, before the manifest is written.

    Returns the written files.
    """
    if signer is None:
        return []
    comment = f"organization {drop.organization_id}, drop {drop_name(manifest)}"
    path = drop.folder / f"{MANIFEST}{SUFFIX}"
    path.write_bytes(signer.sign(manifest_bytes(manifest), comment))
    return [path]


def staging_folder(drops_folder: Path, run_id: str) -> Path:
    """Return the folder in which a run stages."""
    return drops_folder / f"{STAGING_PREFIX}{run_id}"


def clear_staging(drops_folder: Path) -> None:
    """Remove what killed runs left behind; the caller holds the lock."""
    for folder in drops_folder.glob(f"{STAGING_PREFIX}*"):
        shutil.rmtree(folder)


def is_published(where: Path | str, present: bytes | None, manifest: bytes) -> bool:
    """Return whether this drop is published; WarehouseError if another content has its name: a drop never changes.

    The parts that depend on the previous drop may differ, because they are written once, at publication.
    """
    if present is not None and present != manifest and _content(present) != _content(manifest):
        raise WarehouseError(
            "another drop has the same name, or this one was changed after it was published",
            where=str(where),
            remedy="run `warehouse verify` on its folder; move it away if it is damaged, and run again",
        )
    return present is not None


def _content(manifest: bytes) -> str | None:
    """Return the hash of a manifest's content; None if its hashes are wrong."""
    try:
        document = parse_manifest(manifest)
        return document["content_hash"] if with_hashes(document) == document else None
    except (ValueError, AttributeError, KeyError, RecursionError):
        return None


def _read(path: Path) -> bytes | None:
    return path.read_bytes() if path.exists() else None
