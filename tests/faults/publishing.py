"""A publisher and a reader of small drops, on a folder or a server, for experiments that disturb them."""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from pipeline.drops.catalog import latest_name
from pipeline.drops.destination import Destination, open_destination
from pipeline.drops.manifest import MANIFEST, drop_name
from pipeline.drops.publish_to_folder import PublishedDrop
from pipeline.drops.stage import StagedDrop, stage_drops
from pipeline.drops.verify import verify_drop
from pipeline.settings import Settings
from pipeline.state.workspace import Workspace
from pipeline.storage.place import Place, open_place
from tests.drops.made_drops import AS_OF, CONTRACTS, CRM, manifest_of, marts

ORGANIZATION = 1


def template(folder: Path) -> StagedDrop:
    """Stage the drop that is copied by publications."""
    (drop,) = stage_drops(marts(), CONTRACTS, {ORGANIZATION: folder}, CRM)
    return drop


class Publisher:
    """Publishes copies of a staged drop that differ by a note in their manifest, as a run or a refresh does."""

    def __init__(self, destination: Destination, staged: StagedDrop) -> None:
        self.destination = destination
        self.staged = staged

    @classmethod
    def of(cls, exports: str, state: Path, staged: StagedDrop, series: str = "") -> Publisher:
        """Make the publisher to a folder or a URL."""
        return cls(open_destination(Settings(exports=exports, state=state), Workspace(state), series), staged)

    @property
    def drops_folder(self) -> Place:
        """The folder that holds the drops."""
        return self.destination.drops_folder(ORGANIZATION)

    def publish(self, note: str, day: int = 0) -> PublishedDrop:
        """Clear leftovers, stage, publish, and point `latest` to the drop unless that has a later day."""
        with self.destination.turn():
            self.destination.clear_staging()
            folder = self.destination.staging_folder(ORGANIZATION, f"run-{note}")
            shutil.copytree(self.staged.folder, folder)
            drop = replace(self.staged, folder=folder)
            manifest = manifest_of(drop, as_of=AS_OF + timedelta(days=day), note=note)
            put = self.destination.put(drop, manifest)
            latest = latest_name(self.drops_folder)
            if latest is None or latest.partition("-")[0] <= drop_name(manifest).partition("-")[0]:
                self.destination.point(put)
        return put


class Reader:
    """Follows `latest` as an integration does, and reads every file that the manifest lists."""

    def __init__(self, drops_folder: Place) -> None:
        self.drops_folder = drops_folder

    @classmethod
    def of(cls, exports: str) -> Reader:
        """Make the reader of the organization's drops."""
        return cls.of_drops_folder(f"{exports}/{ORGANIZATION}")

    @classmethod
    def of_drops_folder(cls, address: str) -> Reader:
        """Make the reader of any organization's drops, by the address of their folder."""
        return cls(open_place(address))

    def look(self) -> str | None:
        """Read the latest drop completely and return its name, None without one; ReadError if it is incomplete."""
        name = latest_name(self.drops_folder)
        if name is not None:
            require_whole(self.drops_folder.child(name))
        return name

    def faults(self) -> list[str]:
        """List the faults of every folder with a manifest, and of `latest`."""
        found = []
        for entry in self.drops_folder.entries():
            if entry.name.startswith("2") and self.drops_folder.child(entry.name).read(MANIFEST) is not None:
                found += verify_drop(self.drops_folder.child(entry.name), CONTRACTS)
        name = latest_name(self.drops_folder)
        if name is not None and self.drops_folder.child(name).read(MANIFEST) is None:
            found.append(f"latest leads to {name}, which is no drop")
        return found

    def content(self) -> dict[str, str]:
        """Return the hash of each file of each drop, and the target of `latest`, for exact comparison."""
        found = {"latest": str(latest_name(self.drops_folder))}
        for entry in self.drops_folder.entries():
            if not entry.name.startswith("2") or not entry.is_folder:
                continue
            for file in self.drops_folder.child(entry.name).entries():
                content = self.drops_folder.child(entry.name).read(file.name) or b""
                found[f"{entry.name}/{file.name}"] = hashlib.sha256(content).hexdigest()
        return found


class ReadError(AssertionError):
    """A reader got an incomplete drop."""


def require_whole(drop: Place) -> None:
    """Read every file of a drop; ReadError if one differs from the manifest."""
    manifest = drop.read(MANIFEST)
    if manifest is None:
        raise ReadError(f"{drop.name} has no manifest")
    for file in json.loads(manifest)["files"]:
        content = drop.read(file["name"])
        if content is None or hashlib.sha256(content).hexdigest() != file["sha256"]:
            raise ReadError(f"{drop.name}/{file['name']} is not whole")
