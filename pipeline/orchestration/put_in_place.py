"""From judged drops to published ones: first everything that may fail, then what readers see, then cleaning up."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence, Set
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pipeline.common.errors import WarehouseError, in_words
from pipeline.common.formats import plural
from pipeline.contracts.lists import LISTS
from pipeline.drops.catalog import NOTIFICATIONS, REPORTS, drops_folder_of, is_overtaken, latest_name
from pipeline.drops.manifest import drop_name
from pipeline.drops.publication_log import PublicationLog
from pipeline.drops.publish_to_folder import PublishedDrop
from pipeline.drops.retention import prune, prune_reports
from pipeline.drops.stage import StagedDrop
from pipeline.engines import AnyMart, HeldBack
from pipeline.orchestration.audited_drops import AuditedDrops
from pipeline.orchestration.built_run import BuiltRun
from pipeline.orchestration.origins import Origins
from pipeline.orchestration.run_record import history_mart, record_of
from pipeline.orchestration.run_timeline import written_timeline
from pipeline.orchestration.upkeep import prune_origins, published_by_organization
from pipeline.report.write import write_reports
from pipeline.state.history import RunHistory
from pipeline.state.runs import RunRecord, RunRecords
from pipeline.storage.place import open_place
from pipeline.timeline.read_records import read_record
from pipeline.timeline.timeline import Timeline


def put_in_place(built: BuiltRun, audited: AuditedDrops) -> tuple[list[PublishedDrop], RunRecord, list[str]]:
    """Publish the drops; return the published ones, the record of the run, and the report pages.

    The history is written before `latest` changes: once a drop can be read, the next run must know when its groups of
    duplicates were detected.
    """
    state, held_back = built.run.workspace.state, audited.verdict.held_back
    with built.run.progress.step("publish", "drops") as step:
        published = []
        names = {drop.organization_id: drop_name(m) for drop, m in zip(audited.drops, audited.manifests, strict=True)}
        new_drops = {one: name for one, name in names.items() if one not in held_back}
        exports = built.destination.place.address
        Origins(built.run.workspace).keep(built.run_id, built.run.plan, exports, built.landed, new_drops)
        built.destination.flush_staged([drop for drop in audited.drops if drop.organization_id not in held_back])
        for drop, manifest in zip(audited.drops, audited.manifests, strict=True):
            if drop.organization_id not in held_back:
                published.append(_put(built, drop, manifest))
                step.update(len(published))
        for put in published:
            _log_of(built, put.organization_id).add_publication(
                drop_name(put.manifest), put.manifest["accepted"], datetime.now(UTC)
            )
        late = {drop.organization_id for drop in published if _is_overtaken(built, drop)}
        if built.run.plan.crm_organization_id not in held_back:
            RunHistory(state).keep(built.run.plan.as_of, audited.history)
        pages = write_reports(audited.reports, built.destination.place, state)
        record = record_of(built, audited, published, late)
        written = [history_mart(built, record), *_timeline(built, published, late)]
        with built.run.workspace.marts_turn():
            built.engine.commit(built.contracts, _rows_that_stay(built, held_back.keys() | late), written)
        for put in published:
            # a server has no lock: another run may have delivered a later instant since
            if put.organization_id not in late and not _is_overtaken(built, put):
                built.destination.point(put)
        RunRecords(built.run.workspace.runs).add(record)
        built.destination.clear_staging()
        _prune(built, published)
        new = sum(drop.is_new for drop in published)
        step.summary = f"{plural(new, 'new drop')}, {len(published) - new} as published before"
        step.summary += f", {len(held_back)} held back" if held_back else ""
    return published, record, pages


def _put(built: BuiltRun, drop: StagedDrop, manifest: Mapping[str, Any]) -> PublishedDrop:
    """Put a drop in place; if it goes to a server, keep its timeline record while its files are still here."""
    place = built.destination.place
    left = None if place.is_local else read_record(drop.folder, manifest)
    put = built.destination.put(drop, manifest)
    if left is not None and put.is_new:
        Timeline(built.run.workspace.timeline).keep(left)
    return put


def _log_of(built: BuiltRun, organization_id: int) -> PublicationLog:
    """Open the log of an organization's publications."""
    place = built.destination.place
    return PublicationLog(built.run.workspace.publications, place, organization_id, built.destination.signer)


def _timeline(built: BuiltRun, published: Sequence[PublishedDrop], late: Collection[int]) -> list[AnyMart]:
    """Make the marts of the timeline, including these drops and retained ones that it does not know yet."""
    place, workspace = built.destination.place, built.run.workspace
    if place.is_local:
        Timeline(workspace.timeline).keep_all((Path(drop.location), drop.manifest) for drop in published if drop.is_new)
        for drop in published:
            Timeline(workspace.timeline).fill(place, drop.organization_id)
    new_drops = {
        drop.organization_id: drop_name(drop.manifest) for drop in published if drop.organization_id not in late
    }
    return written_timeline(workspace, place, new_drops)


def _is_overtaken(built: BuiltRun, drop: PublishedDrop) -> bool:
    """Return whether `latest` names a drop with a later `as_of`, and so stays (D38)."""
    drops_folder = built.destination.drops_folder(drop.organization_id)
    if not is_overtaken(drops_folder, built.run.plan.as_of):
        return False
    stays = f"latest stays at {latest_name(drops_folder)}, because that drop has a later as_of"
    built.run.progress.view.noted(f"organization {drop.organization_id}: {stays}")
    return True


def _rows_that_stay(built: BuiltRun, organizations: Set[int]) -> HeldBack:
    """Return which published rows stay: those of these organizations, and lists from a later refresh."""
    crm = built.run.plan.crm_organization_id
    is_refreshed = is_overtaken(drops_folder_of(built.destination.place, crm, NOTIFICATIONS), built.run.plan.as_of)
    return HeldBack(frozenset(organizations), crm, LISTS if is_refreshed else frozenset())


def _prune(built: BuiltRun, published: Sequence[PublishedDrop]) -> None:
    """Remove what has expired; the run has published, so a fault here is only reported."""
    now = datetime.now(UTC)
    kept = built.run.settings.keep_drops
    try:
        for drop in published:
            prune(built.destination.drops_folder(drop.organization_id), kept, now)
        prune_reports(open_place(str(built.run.workspace.state / REPORTS)), set(), kept, now)
        place = built.destination.place
        prune_origins(built.run.workspace, place.address, published_by_organization(place), now)
    except (WarehouseError, OSError) as fault:
        built.run.progress.view.noted("what has expired could not be removed:", *str(in_words(fault)).split("\n"))
