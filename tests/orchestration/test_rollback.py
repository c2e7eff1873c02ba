"""`warehouse rollback`: latest moves back to an intact drop, and the move is recorded."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from pipeline.common.errors import WarehouseError
from pipeline.drops.catalog import latest_name
from pipeline.drops.destination import Destination, open_destination
from pipeline.drops.publication_log import PublicationLog
from pipeline.drops.stage import StagedDrop
from pipeline.orchestration.rollback import roll_back
from pipeline.settings import Settings
from pipeline.state.runs import RunRecords
from pipeline.state.workspace import Workspace
from tests.drops.made_drops import AS_OF, manifest_of, publish


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(exports=str(tmp_path / "exports"), state=tmp_path / "state")


@pytest.fixture
def destination(settings: Settings, stage: Callable[..., StagedDrop]) -> Destination:
    """Two weeks' drops of organization 1."""
    opened = open_destination(settings, Workspace(settings.state))
    for week in (0, 1):
        drop = stage(opened.staging_folder(1, f"run{week}"), 1)
        publish(opened, drop, manifest_of(drop, as_of=AS_OF + timedelta(weeks=week)))
    return opened


def test_latest_names_the_previous_drop_and_the_history_shows_it(settings: Settings, destination: Destination) -> None:
    said = roll_back(settings, "1/previous")
    latest = latest_name(destination.place.child("1"))
    assert latest is not None
    assert latest.startswith("20250115")
    assert latest in said[0]
    (record,) = RunRecords(Workspace(settings.state).runs).newest_first()
    assert (record.verdict, record.organizations[0].drop) == ("rolled back", latest)
    log = PublicationLog(Workspace(settings.state).publications, destination.place, 1)
    logged = json.loads(log.lines()[-1])
    assert (logged["event"], logged["drop"]) == ("rolled back", latest)


def test_a_damaged_drop_is_refused_and_latest_stays(settings: Settings, destination: Destination) -> None:
    drop = next((Path(settings.exports) / "1").glob("20250115*"))
    (drop / "deals.csv").unlink()
    with pytest.raises(WarehouseError, match=r"deals\.csv.*is gone"):
        roll_back(settings, "1/previous")
    assert str(latest_name(destination.place.child("1"))).startswith("20250122")


def test_a_drop_elsewhere_is_refused(settings: Settings, destination: Destination, tmp_path: Path) -> None:
    elsewhere = settings.model_copy(update={"exports": str(tmp_path / "elsewhere")})
    drop = next((Path(settings.exports) / "1").glob("20250115*"))
    with pytest.raises(WarehouseError, match="is not among the exports"):
        roll_back(elsewhere, str(drop))
