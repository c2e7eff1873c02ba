"""Rebuilds an organization's drops without a forgotten person: each new drop is in place before the old one goes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pipeline.drops.catalog import REPORTS, latest_name, published_drops, read_manifest
from pipeline.drops.destination import Destination
from pipeline.drops.encrypted_files import read_file, write_file
from pipeline.drops.manifest import drop_name
from pipeline.drops.publication_log import PublicationLog
from pipeline.drops.publish_to_folder import PublishedDrop
from pipeline.drops.remade_drop import forgets, remake_drop
from pipeline.drops.retention import withdraw
from pipeline.drops.superseded import superseded_at, write_superseded
from pipeline.state.forgotten import Entry, Forgotten
from pipeline.storage.place import Place


@dataclass(frozen=True)
class RenamedDrop:
    """A drop that replaces another; `files` are those that changed, empty if an earlier call rebuilt the drop."""

    was: str
    name: str
    files: tuple[str, ...] = ()


@dataclass(frozen=True)
class RemadeDrops:
    """The drops of one organization and series: how many there are, and which were rebuilt."""

    organization_id: int
    series: str
    seen: int
    drops: tuple[RenamedDrop, ...]


def forget_in_drops_folder(
    destination: Destination,
    organization_id: int,
    series: str,
    register: Forgotten,
    entry: Entry,
    log_folder: Path | None,
) -> RemadeDrops:
    """Rebuild each drop that names the person, and all later drops, because they are compared with it.

    Readers see either the old drop or the new one, complete. Each is logged in `log_folder`, if one is given.
    """
    drops_folder = destination.drops_folder(organization_id)
    log = None
    if log_folder is not None:
        log = PublicationLog(log_folder, destination.place, organization_id, destination.signer)
    names = [drop.name for drop in reversed(published_drops(drops_folder))]
    manifests = {name: manifest for name in names if (manifest := read_manifest(drops_folder.child(name))) is not None}
    made = {was: name for name, manifest in manifests.items() if (was := forgets(manifest, entry)) is not None}
    drops = {was: RenamedDrop(was, name) for was, name in made.items()}
    first = min(made, default=None) if not entry.is_complete else None
    for name, manifest in manifests.items():
        if name in made.values():
            continue
        folder = destination.staging_folder(organization_id, f"forget-{entry.entry}")
        is_after = first is not None and name > first
        remade = remake_drop(drops_folder.child(name), manifest, folder, register, entry, made, in_any_case=is_after)
        if remade is not None:
            first = first or name
            destination.put(remade.staged, remade.manifest)
            made[name] = drop_name(remade.manifest)
            drops[name] = RenamedDrop(name, made[name], remade.files)
            _replace(destination, organization_id, name, remade.manifest, entry, log)
    for was, name in made.items():  # also those of an interrupted call, which may have left old drops
        if name in manifests:
            _replace(destination, organization_id, was, manifests[name], entry, log)
    return RemadeDrops(organization_id, series, len(manifests), tuple(drops.values()))


def _replace(
    destination: Destination,
    organization_id: int,
    was: str,
    manifest: Mapping[str, Any],
    entry: Entry,
    log: PublicationLog | None,
) -> None:
    """Point `latest` and the log from the old drop to the new one, then remove the old one; can be repeated safely."""
    drops_folder, name = destination.drops_folder(organization_id), drop_name(manifest)
    if latest_name(drops_folder) == was:
        location = str(Path(drops_folder.root) / name) if drops_folder.is_local else drops_folder.child(name).address
        destination.point(PublishedDrop(organization_id, location, is_new=True, manifest=manifest))
    if log is not None:
        log.add_forgetting(name, was, entry.entry, datetime.now(UTC))
    left = superseded_at(drops_folder)
    if was in left:
        write_superseded(drops_folder, {name if drop == was else drop: moment for drop, moment in left.items()})
    if was in {one.name for one in drops_folder.entries()}:
        withdraw(drops_folder, was)


def forget_in_reports(
    drops_folder: Place, organization_id: int, register: Forgotten, renamed: Mapping[str, str]
) -> None:
    """Rewrite the reports next to an organization's drops without the person, under the drops' new names."""
    reports, own = drops_folder.child(REPORTS), register.of(organization_id)
    for entry in (entry for entry in reports.entries() if not entry.is_folder):
        before = (read_file(reports, entry.name) or b"").decode("utf-8", "replace")
        after = own.without(before)
        for was, name in renamed.items():
            after = after.replace(was, name)
        stem, dot, suffix = entry.name.partition(".")
        new_name = renamed.get(stem, stem) + dot + suffix
        if after != before or new_name != entry.name:
            write_file(reports, new_name, after.encode())
            if new_name != entry.name:
                reports.remove(entry.name)
