"""`warehouse rollback`: points `latest` and the marts back at an earlier drop, and records it."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime

from pipeline.common.errors import WarehouseError
from pipeline.contracts.read_contracts import contracts_in_folder
from pipeline.drops.catalog import latest_name, read_manifest, require_as_published
from pipeline.drops.destination import open_destination
from pipeline.drops.find_drop import find_drop, open_drop
from pipeline.drops.publication_log import PublicationLog
from pipeline.drops.publish_to_folder import PublishedDrop
from pipeline.engines import WrittenMart, replace_marts
from pipeline.orchestration.rolled_back_marts import rows_of_drop
from pipeline.paths import PROJECT_ROOT
from pipeline.settings import Settings
from pipeline.state.run_history import run_history, run_history_contract
from pipeline.state.runs import OrganizationOutcome, RunRecord, RunRecords
from pipeline.state.workspace import Workspace
from pipeline.storage.place import open_place


def roll_back(settings: Settings, name: str) -> list[str]:
    """Point `latest` at a drop among the exports, and fill the marts from it; return a description of what was done.

    WarehouseError if the drop is damaged, or is not among the exports of these settings.
    """
    workspace = Workspace(settings.state)
    drop = find_drop(name, settings)
    manifest = read_manifest(drop)
    assert manifest is not None  # find_drop saw it
    organization_id = int(manifest["organization_id"])
    destination = open_destination(settings, workspace)
    if drop.parent().address != destination.place.child(str(organization_id)).address:
        raise WarehouseError(
            "is not among the exports", where=drop.address, remedy=f"name a drop in {destination.place.address}"
        )
    with destination.turn():
        require_as_published(drop, manifest)
        before = latest_name(open_place(drop.parent().address))
        log = PublicationLog(workspace.publications, destination.place, organization_id, destination.signer)
        log.add("rolled back", datetime.now(UTC), {"drop": drop.name, "before": before})
        destination.point(PublishedDrop(organization_id, drop.address, is_new=False, manifest=manifest))
        records = RunRecords(workspace.runs)
        records.add(
            RunRecord(
                run_id=uuid.uuid4().hex,
                finished_at=datetime.now(UTC),
                as_of=datetime.fromisoformat(manifest["as_of"]),
                verdict="rolled back",
                organizations=(OrganizationOutcome(organization_id, drop.name),),
            )
        )
        with open_drop(drop) as opened, workspace.marts_turn():
            rows = rows_of_drop(opened, contracts_in_folder(PROJECT_ROOT / "models"))
            history = WrittenMart(run_history_contract(), run_history(records.newest_first()))
            replace_marts(settings, [*rows, history])
    marts = "Spark's marts stay the last run's" if settings.target == "spark" else "the marts hold its rows"
    return [
        f"organization {organization_id}: latest names {drop.name} now, and named {before or 'nothing'} before",
        f"organization {organization_id}: {marts}; marts that are no export (the timeline) stay as they were",
    ]
