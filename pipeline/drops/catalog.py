"""The drops in a place: those published, the one that `latest` names, the last one before an instant.

A drop is published if its manifest exists. Nothing here changes anything.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from pipeline.common.errors import WarehouseError
from pipeline.common.instants import run_name
from pipeline.drops.manifest import ENCRYPTED, MANIFEST
from pipeline.drops.manifest_layout import parse_manifest
from pipeline.storage.place import Place

LATEST: Final = "latest"
POINTER: Final = f"{LATEST}.json"
"""The equivalent of `latest` where there are no links: an object that names the drop's folder."""
REPORTS: Final = "reports"
NOTIFICATIONS: Final = "notifications"
"""The folder of `warehouse refresh`'s drops among an organization's, with a `latest` of its own."""
_DROP_NAME: Final = re.compile(r"\d{8}T\d{6}Z-[0-9a-f]{8}")


@dataclass(frozen=True)
class PublishedEntry:
    """A published drop: the name of its folder and when its manifest was written."""

    name: str
    published_at: datetime


def is_drop_name(name: str) -> bool:
    """Return whether this is the folder name of a drop, such as `20250115T000000Z-0a1b2c3d`."""
    return _DROP_NAME.fullmatch(name) is not None


def organization_place(place: Place, organization_id: int) -> Place:
    """Return the folder of an organization's drops."""
    return place.child(str(organization_id))


def drops_folder_of(place: Place, organization_id: int, series: str = "") -> Place:
    """Return the folder of an organization's drops, or of those of a separate series, such as `notifications`."""
    organization = organization_place(place, organization_id)
    drops_folder = organization.child(series) if series else organization
    return replace(drops_folder, drops_folder=drops_folder.root)


def organizations_in(place: Place) -> list[int]:
    """List the organizations that have a folder, in order."""
    return sorted(int(entry.name) for entry in place.entries() if entry.is_folder and entry.name.isdecimal())


def absent_organizations(place: Place, present: Collection[int]) -> list[int]:
    """List the organizations that have a latest drop here and are not among those `present`."""
    found = [organization_id for organization_id in organizations_in(place) if organization_id not in present]
    return [one for one in found if latest_name(organization_place(place, one)) is not None]


def drop_folders(drops_folder: Place) -> list[str]:
    """List the folders named as drops, sorted by name; not all of them are published.

    A drops folder contains drops and `latest`: it belongs to an organization, or to its notifications.
    """
    return [entry.name for entry in drops_folder.entries() if entry.is_folder and is_drop_name(entry.name)]


def published_drops(drops_folder: Place) -> list[PublishedEntry]:
    """List the published drops, the most recently published first."""
    entries = []
    for name in drop_folders(drops_folder):
        published_at = drops_folder.child(name).modified(MANIFEST)
        if published_at is not None:
            entries.append(PublishedEntry(name, published_at))
    return sorted(entries, key=lambda entry: (entry.published_at, entry.name), reverse=True)


def latest_name(organization: Place) -> str | None:
    """Return the name of the drop that `latest` points to in an organization's folder, or None."""
    if organization.is_local:
        link = Path(organization.root) / LATEST
        return link.readlink().name if link.is_symlink() else None
    named = _object(organization.read(POINTER)).get("drop")
    return named if isinstance(named, str) and is_drop_name(named) else None


def latest_manifest(place: Place, organization_id: int) -> dict[str, Any] | None:
    """Read the manifest of the drop that `latest` points to; None if there is none."""
    organization = organization_place(place, organization_id)
    name = latest_name(organization)
    return None if name is None else read_manifest(organization.child(name))


def drop_before(place: Place, organization_id: int, as_of: datetime) -> Place | None:
    """Return the newest published drop with an earlier `as_of`; None if there is none."""
    organization = organization_place(place, organization_id)
    earlier = [name for name in drop_folders(organization) if name < run_name(as_of)]
    for name in reversed(earlier):
        drop = organization.child(name)
        if read_manifest(drop) is not None:
            return drop
    return None


def baseline_drop(drops_folder: Place, as_of: datetime) -> Place | None:
    """Return the published drop that a run with this `as_of` is compared with; None if there is none.

    It is the drop that `latest` names or, if that has a later `as_of`, the newest one that has not.
    """
    names = [name for name in drop_folders(drops_folder) if name.partition("-")[0] <= run_name(as_of)]
    latest = latest_name(drops_folder)
    for name in ([latest] if latest in names else []) + names[::-1]:
        drop = drops_folder.child(str(name))
        if read_manifest(drop) is not None:
            return drop
    return None


def is_overtaken(drops_folder: Place, as_of: datetime) -> bool:
    """Return whether `latest` names a drop with a later `as_of`, and so stays (D38)."""
    latest = latest_name(drops_folder)
    return latest is not None and latest.partition("-")[0] > run_name(as_of)


def read_manifest(drop: Place) -> dict[str, Any] | None:
    """Read a drop's manifest; None if there is none or it is not a JSON object."""
    return _object(drop.read(MANIFEST), parse_manifest) or None


def require_as_published(drop: Place, manifest: Mapping[str, Any]) -> None:
    """Raise WarehouseError if a file of a published drop is missing or of another size; contents are not read."""
    sizes = {entry.name: entry.size for entry in drop.entries() if not entry.is_folder}
    encrypted = manifest.get(ENCRYPTED)
    stored = encrypted["files"] if encrypted else (*manifest["files"], *manifest.get("cuts", ()))
    for file in stored:
        if "/" in file["name"]:  # a file in changes/
            continue
        if sizes.get(file["name"]) != file["bytes"]:
            raise WarehouseError(
                f"was published with {file['bytes']:,} bytes and "
                + (f"has {sizes[file['name']]:,} now" if file["name"] in sizes else "is gone"),
                where=f"{drop.address}/{file['name']}",
                remedy="move the damaged drop's folder away, and run again; `warehouse verify` lists all of its faults",
            )


def _object(content: bytes | None, parse: Callable[[bytes], Any] = json.loads) -> dict[str, Any]:
    try:
        value = parse(content or b"{}")
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}
