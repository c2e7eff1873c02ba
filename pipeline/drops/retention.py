"""Removes expired drops: all but the newest `keep_drops`, `latest`, and those that `latest` named until recently.

Reports expire with their drops; reports of runs that published nothing are counted separately, by the same rule.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from pipeline.drops.catalog import (
    REPORTS,
    PublishedEntry,
    drop_folders,
    is_drop_name,
    latest_name,
    published_drops,
)
from pipeline.drops.manifest import MANIFEST
from pipeline.drops.superseded import superseded_at
from pipeline.storage.local_files import clear_drafts, hidden_name
from pipeline.storage.place import DRAFT, Place

WITHDRAWN: Final = "withdrawn.json"
"""On a server, the manifest of a drop that is being removed: a folder with it and without `manifest.json` is not a
drop."""

GRACE: Final = timedelta(days=1)
"""How long a drop stays after its publication, and after `latest` no longer names it: someone may be reading it."""
NOTIFICATIONS_GRACE: Final = timedelta(hours=1)
"""The same for drops of `warehouse refresh`, of which there may be three hundred a day."""
_NEVER: Final[Mapping[str, datetime]] = {}


def prune(drops_folder: Place, keep_drops: int, now: datetime, grace: timedelta = GRACE) -> list[str]:
    """Remove expired drops at the instant `now`, by their times of publication; return the names of removed ones.

    `grace` is how long a drop stays in any case. A folder without a manifest, which an interrupted publication left, is
    removed once it is older than a day.
    """
    latest = latest_name(drops_folder)
    published = published_drops(drops_folder)
    gone = removable(published, keep_drops, latest, now, grace, superseded_at(drops_folder))
    if drops_folder.is_local:
        clear_drafts(Path(drops_folder.root))
    else:
        _clear_old_drafts(drops_folder, now)
    for name in gone:
        withdraw(drops_folder, name)
    known = {entry.name for entry in published}
    for name in drop_folders(drops_folder):
        if name in known or name == latest:
            continue
        if drops_folder.child(name).read(WITHDRAWN) is not None:
            withdraw(drops_folder, name)
        elif _is_abandoned(drops_folder.child(name), now):
            drops_folder.remove(name)
            gone.append(name)
    prune_reports(drops_folder.child(REPORTS), known - set(gone), keep_drops, now)
    return sorted(gone)


def removable(
    published: list[PublishedEntry],
    keep: int,
    latest: str | None,
    now: datetime,
    grace: timedelta = GRACE,
    superseded: Mapping[str, datetime] = _NEVER,
) -> list[str]:
    """Return which drops of a list, newest first, expire; `superseded` has the instants when `latest` left them."""
    return [
        entry.name
        for entry in published[keep:]
        if entry.name != latest
        and now - max(entry.published_at, superseded.get(entry.name, entry.published_at)) >= grace
    ]


def withdraw(drops_folder: Place, name: str) -> None:
    """Remove a drop in an order that never looks like a complete drop, and can be continued after an interruption.

    A local folder is renamed first. On a server the manifest is removed first: if the server refuses to delete,
    nothing is lost yet. A copy under another name replaces it; the files are removed one by one, the copy last.
    """
    if drops_folder.is_local:
        hidden = Path(drops_folder.root) / hidden_name()
        (Path(drops_folder.root) / name).rename(hidden)
        shutil.rmtree(hidden)
        return
    drop = drops_folder.child(name)
    if (manifest := drop.read(MANIFEST)) is not None:
        drop.remove(MANIFEST)
        drop.write(WITHDRAWN, manifest)
    for entry in drop.entries():
        if entry.name != WITHDRAWN:
            drop.remove(entry.name)
    drops_folder.remove(name)


def _clear_old_drafts(drops_folder: Place, now: datetime) -> None:
    """Remove drafts of killed deliveries that are older than a day; younger ones may still be in use."""
    for entry in drops_folder.entries():
        if entry.name.endswith(DRAFT) and now - (drops_folder.modified(entry.name) or now) >= GRACE:
            drops_folder.remove(entry.name)


def _is_abandoned(folder: Place, now: datetime) -> bool:
    """Return whether nothing in a folder without a manifest has changed for a day."""
    changed = [folder.modified(entry.name) for entry in folder.entries() if not entry.is_folder]
    return all(moment is None or now - moment >= GRACE for moment in changed)


def prune_reports(reports: Place, kept_drops: set[str], keep: int, now: datetime) -> None:
    """Remove the reports of removed drops, and all but the newest `keep` of those that belong to no drop.

    The latter are the reports of failed runs next to an organization's drops, and all of the operator's reports in the
    state folder, where `kept_drops` is empty.
    """
    files: dict[str, list[str]] = {}
    for entry in reports.entries():
        if not entry.is_folder:
            files.setdefault(entry.name.split(".")[0], []).append(entry.name)
    written = {name: reports.modified(names[0]) or now for name, names in files.items() if name not in kept_drops}
    entries = sorted(
        (PublishedEntry(name, moment) for name, moment in written.items()),
        key=lambda entry: (entry.published_at, entry.name),
        reverse=True,
    )
    of_drops = [entry for entry in entries if is_drop_name(entry.name)]
    of_failures = [entry for entry in entries if not is_drop_name(entry.name)]
    for name in removable(of_drops, 0, None, now) + removable(of_failures, keep, None, now):
        for file in files[name]:
            reports.remove(file)
