"""Delivers an audited drop to an object store or an SFTP server: the files, then the manifest, then `latest.json`.

The manifest is the commit. A reader that starts from `latest.json`, or from a folder that has a manifest, never sees a
partial drop. An interrupted delivery leaves no manifest, and the next one of the same drop completes it.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

from pipeline.common.errors import WarehouseError
from pipeline.drops.catalog import POINTER, drops_folder_of, require_as_published
from pipeline.drops.encrypted_files import encrypt_drop, is_encrypted
from pipeline.drops.manifest import ENCRYPTED, MANIFEST, NOT_IN_CONTENT_HASH, drop_name
from pipeline.drops.manifest_layout import manifest_bytes, parse_manifest
from pipeline.drops.publish_to_folder import (
    PublishedDrop,
    clear_staging,
    is_published,
    staging_folder,
    write_signature,
)
from pipeline.drops.stage import StagedDrop
from pipeline.drops.superseded import note_superseded
from pipeline.storage.minisign import SigningKey
from pipeline.storage.place import Place


class RemoteDestination:
    """A URL. Drops are staged and audited in the local folder `outbox`, which the lock of the state folder protects.

    `series` names the folder, within each organization's, of drops that are published separately, such as
    `notifications`. `signer` signs the manifests; the keys of the place decide what is encrypted.
    """

    def __init__(self, place: Place, outbox: Path, series: str = "", signer: SigningKey | None = None) -> None:
        self.place = place
        self.outbox = outbox
        self.series = series
        self.signer = signer

    def drops_folder(self, organization_id: int) -> Place:
        """Return the folder of an organization's drops, or of its drops of the series."""
        return drops_folder_of(self.place, organization_id, self.series)

    def turn(self) -> AbstractContextManager[Any]:
        """Do nothing: nobody else stages in this outbox."""
        return nullcontext()

    def clear_staging(self) -> None:
        """Remove what killed runs left in the outbox."""
        for organization in self.outbox.glob("*"):
            clear_staging(organization)

    def staging_folder(self, organization_id: int, run_id: str) -> Path:
        """Return the folder of the outbox in which a run stages."""
        return staging_folder(self.outbox / str(organization_id), run_id)

    def flush_staged(self, drops: Sequence[StagedDrop]) -> None:
        """Do nothing: files in the outbox are uploaded and then removed."""

    def put(self, drop: StagedDrop, manifest: Mapping[str, Any]) -> PublishedDrop:
        """Upload missing files, encrypted if there are receivers, and the manifest last."""
        folder = self.drops_folder(drop.organization_id).child(drop_name(manifest))
        where, present = f"{folder.address}/{MANIFEST}", folder.read(MANIFEST)
        is_new = not is_published(where, present, manifest_bytes(manifest))
        if is_new:
            if self.place.keys is not None and self.place.keys.encrypts:
                manifest = encrypt_drop(drop.folder, manifest, self.place.keys)
            content = manifest_bytes(manifest)
            write_signature(drop, manifest, self.signer)
            _upload(drop.folder, folder)
            if not folder.create(MANIFEST, content):  # another run has delivered a drop of this name meanwhile
                delivered = folder.read(MANIFEST) or b""
                is_new = not is_published(where, delivered, content)
                _require_one_delivery(where, manifest, parse_manifest(delivered), self.signer)
        else:
            require_as_published(folder, parse_manifest(present or b""))
        shutil.rmtree(drop.folder)
        return PublishedDrop(drop.organization_id, folder.address, is_new, manifest)

    def point(self, drop: PublishedDrop) -> None:
        """Point `latest.json` at a drop."""
        drops_folder = self.drops_folder(drop.organization_id)
        pointer = pointer_bytes(drop.manifest)
        if drops_folder.read(POINTER) != pointer:
            note_superseded(drops_folder, drop_name(drop.manifest))
            drops_folder.write(POINTER, pointer)


def _require_one_delivery(
    where: str, ours: Mapping[str, Any], theirs: Mapping[str, Any], signer: SigningKey | None
) -> None:
    """Raise WarehouseError if two runs have delivered a drop at once with different files.

    Both have the same exports; encrypted files, the signature and files that depend on the previous drop may differ.
    """
    may_differ = (ENCRYPTED, "changes", "page") if signer is None else (*NOT_IN_CONTENT_HASH, "manifest_hash")
    if is_encrypted(ours) or any(ours.get(name) != theirs.get(name) for name in may_differ):
        raise WarehouseError(
            "another run has delivered this drop at the same time, and its files may be a mixture of both",
            where=where,
            remedy="run `warehouse verify` on its folder; if it finds a fault, move the folder away, and run again",
        )


def pointer_bytes(manifest: Mapping[str, Any]) -> bytes:
    """Write the object that names a drop's folder and manifest."""
    name = drop_name(manifest)
    pointer = {"drop": name, "manifest": f"{name}/{MANIFEST}", "content_hash": manifest["content_hash"]}
    return (json.dumps(pointer, indent=2, sort_keys=True) + "\n").encode()


def _upload(source: Path, target: Place) -> None:
    """Copy a staged folder, overwrite or remove leftovers of an interrupted delivery, and compare sizes."""
    paths = sorted(source.iterdir())
    sizes = {path.name: path.stat().st_size for path in paths if path.is_file()}
    folders = [path.name for path in paths if path.is_dir()]
    for entry in target.entries():
        if entry.name not in (*sizes, *folders, MANIFEST):  # which another run may have written meanwhile
            target.remove(entry.name)
    for name in folders:
        _upload(source / name, target.child(name))
    for name in sizes:
        target.upload(source / name, name)
    arrived = {entry.name: entry.size for entry in target.entries()}
    for name, size in sizes.items():
        if arrived.get(name) != size:
            raise WarehouseError(
                f"arrived with {arrived.get(name, 'no')} bytes instead of {size}",
                where=f"{target.address}/{name}",
                remedy="check the server's space and quota, and run again; readers ignore folders without a manifest",
            )
