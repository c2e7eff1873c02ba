"""`warehouse verify --log`: checks every organization's log of publications, and its copy in the state folder."""

from __future__ import annotations

from pipeline.common.formats import plural
from pipeline.drops.catalog import organizations_in
from pipeline.drops.publication_log import PublicationLog
from pipeline.settings import Settings
from pipeline.state.workspace import Workspace
from pipeline.storage.minisign import PublicKey
from pipeline.storage.place import open_place


def verify_logs(settings: Settings, key: PublicKey | None = None) -> tuple[list[str], list[str]]:
    """Return the faults of all logs, one line each, and a line for each log that is intact."""
    place, own = open_place(settings.exports), Workspace(settings.state).publications
    known = {int(path.stem) for path in own.glob("[0-9]*.jsonl")}
    faults, whole = [], []
    for organization_id in sorted(known | {*organizations_in(place)}):
        log = PublicationLog(own, place, organization_id)
        found = log.faults(key)
        faults += [f"organization {organization_id}: {fault}" for fault in found]
        if not found:
            whole.append(f"organization {organization_id}: {plural(len(log.lines()), 'entry', 'entries')}, whole")
    return faults, whole or ["nothing is published yet"]
