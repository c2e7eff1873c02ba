"""Removes what has expired: drops, what they were made from, and landed files that nothing refers to."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from pipeline.common.formats import plural
from pipeline.drops.catalog import (
    NOTIFICATIONS,
    drops_folder_of,
    latest_name,
    organizations_in,
    published_drops,
)
from pipeline.drops.destination import open_destination
from pipeline.drops.encrypted_files import open_exports
from pipeline.drops.retention import GRACE, NOTIFICATIONS_GRACE, prune, removable
from pipeline.drops.superseded import superseded_at
from pipeline.ingest.landing.record import SOURCES, read_record
from pipeline.ingest.landing.retention import Removed, prune_landing
from pipeline.orchestration.origins import Origins
from pipeline.settings import Settings
from pipeline.state.workspace import Workspace
from pipeline.storage.place import Place


@dataclass(frozen=True)
class Pruned:
    """What was removed, or would be: drops by their addresses, and files of the landing zone."""

    drops: tuple[str, ...]
    landing: Removed

    @property
    def lines(self) -> list[str]:
        """The result for a person to read."""
        megabytes = self.landing.bytes / 1_000_000
        return [*self.drops, f"{plural(self.landing.files, 'file')} of the landing zone, {megabytes:,.1f} MB"]


def prune_all(settings: Settings, *, dry_run: bool) -> Pruned:
    """Remove what has expired by the settings, under the lock of runs; with `dry_run`, only list it."""
    workspace = Workspace(settings.state)
    place = open_exports(settings)
    now = datetime.now(UTC)
    with workspace.turn(lambda _: None), open_destination(settings, workspace).turn():
        gone: list[str] = []
        for organization_id in organizations_in(place):
            for series, grace in (("", GRACE), (NOTIFICATIONS, NOTIFICATIONS_GRACE)):
                drops_folder = drops_folder_of(place, organization_id, series)
                published, latest = published_drops(drops_folder), latest_name(drops_folder)
                going = removable(published, settings.keep_drops, latest, now, grace, superseded_at(drops_folder))
                if not dry_run:
                    going = prune(drops_folder, settings.keep_drops, now, grace)
                gone += [f"{drops_folder.address}/{name}" for name in going]
        kept = {
            one: names - {address.rpartition("/")[2] for address in gone}
            for one, names in published_by_organization(place).items()
        }
        return Pruned(tuple(gone), prune_origins(workspace, place.address, kept, now, dry_run=dry_run))


def published_by_organization(place: Place) -> dict[int, set[str]]:
    """List the published drops of each organization."""
    return {
        one: {entry.name for entry in published_drops(drops_folder_of(place, one))} for one in organizations_in(place)
    }


def prune_origins(
    workspace: Workspace,
    exports: str,
    published: Mapping[int, Collection[str]],
    now: datetime,
    *,
    dry_run: bool = False,
) -> Removed:
    """Remove the origins and landed files that no published drop was made from; landed tables of the last run stay."""
    origins = Origins(workspace)
    going = origins.expired(exports, published)
    staying = [origin for origin in origins.all() if origin not in going]
    landed = [table for origin in staying for table in origin.landed()]
    for source in SOURCES:
        if workspace.landed(source).exists():
            landed += read_record(workspace.landed(source))
    removed = prune_landing(workspace.landing, landed, now, dry_run=dry_run)
    if not dry_run:
        origins.remove(going)
    return removed
