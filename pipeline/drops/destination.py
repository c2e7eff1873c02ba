"""Where a run publishes: one protocol for a folder (`publish_to_folder.py`) and for a URL (`publish_to_url.py`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Protocol

from pipeline.drops.catalog import REPORTS, organization_place
from pipeline.drops.encrypted_files import open_exports, read_file, write_file
from pipeline.drops.publish_to_folder import FolderDestination, PublishedDrop
from pipeline.drops.stage import StagedDrop
from pipeline.settings import Settings
from pipeline.state.workspace import Workspace
from pipeline.storage.minisign import SigningKey, read_signing_key
from pipeline.storage.openpgp import SUFFIX
from pipeline.storage.place import Place


class Destination(Protocol):
    """A destination; a run calls, in order: turn, clear_staging, staging_folder, flush_staged, put, point."""

    @property
    def place(self) -> Place:
        """The place of the drops, for readers."""

    @property
    def signer(self) -> SigningKey | None:
        """The key that signs manifests; None if nothing is signed."""

    def drops_folder(self, organization_id: int) -> Place:
        """Return the folder of an organization's drops."""

    def turn(self) -> AbstractContextManager[Any]:
        """Wait until no other run stages here."""

    def clear_staging(self) -> None:
        """Remove what killed runs left behind."""

    def staging_folder(self, organization_id: int, run_id: str) -> Path:
        """Return the local folder in which a run stages; it does not exist yet."""

    def flush_staged(self, drops: Sequence[StagedDrop]) -> None:
        """Flush all staged drops together, if that is cheaper than doing it in `put`."""

    def put(self, drop: StagedDrop, manifest: Mapping[str, Any]) -> PublishedDrop:
        """Put a complete staged drop in place and remove its staging folder; the same drop again changes nothing.

        WarehouseError if the destination is not writable, or has another drop of that name.
        """

    def point(self, drop: PublishedDrop) -> None:
        """Point `latest` at a drop that is in place."""


def open_destination(settings: Settings, workspace: Workspace, series: str = "") -> Destination:
    """Open the destination that the settings name; WarehouseError if it cannot be reached.

    `series` is the folder, within each organization's, of drops that are published separately, such as `notifications`.
    """
    place = open_exports(settings)
    signer = None if settings.signing_key is None else read_signing_key(settings.signing_key)
    if place.is_local:
        return FolderDestination(place, series, signer)
    from pipeline.drops.publish_to_url import RemoteDestination

    return RemoteDestination(place, workspace.outbox, series, signer)


def write_report(place: Place, organization_id: int, files: Mapping[str, bytes]) -> list[str]:
    """Write the files of a run's report, by name, next to the organization's drops; return their locations.

    They are encrypted if the drops are.
    """
    folder = organization_place(place, organization_id).child(REPORTS)
    is_encrypted = not place.is_local and place.keys is not None and place.keys.encrypts
    there = {f"{name}{SUFFIX}" if is_encrypted else name: content for name, content in files.items()}
    for name, content in there.items():
        if read_file(folder, name) != content:
            write_file(folder, name, content)
    return [f"{folder.address}/{name}" for name in there]
