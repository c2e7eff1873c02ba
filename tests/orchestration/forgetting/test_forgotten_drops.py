"""Drops remade without a person, in a folder and on a server: complete at every moment, verified, and logged."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pysequoia import Tsk

from pipeline.common.errors import WarehouseError
from pipeline.contracts.read_contracts import contracts_in_folder
from pipeline.drops.catalog import drop_folders, latest_name, read_manifest
from pipeline.drops.destination import Destination, open_destination
from pipeline.drops.encrypted_files import encryption_keys
from pipeline.drops.manifest import build_manifest
from pipeline.drops.publication_log import PublicationLog
from pipeline.drops.stage import stage_drops
from pipeline.drops.verify import verify_drop
from pipeline.orchestration.forgetting import forgotten_drops
from pipeline.orchestration.forgetting.forgotten_drops import RemadeDrops, forget_in_drops_folder
from pipeline.paths import PROJECT_ROOT
from pipeline.settings import Settings
from pipeline.state.forgotten import Entry, Forgotten, Known
from pipeline.state.forgotten_file import open_forgotten
from pipeline.state.workspace import Workspace
from tests.drops.made_drops import AS_OF, MadeMarts, publish
from tests.drops.servers import drop_server, sftp_server

(FACT,) = (one for one in contracts_in_folder(PROJECT_ROOT / "models") if one.name == "stakeholder_fact")
PERSON = 918273645


def rows(ids: list[int]) -> pa.Table:
    """Return stakeholders with these ids; required columns have a valid value."""
    known = {
        "organization_id": 1,
        "account_id": 7,
        "stakeholder_name": "Zelda Quartz",
        "extracted_at": AS_OF,
        "data_as_of": AS_OF,
    }
    fits = {pa.bool_(): False, pa.int32(): 0, pa.int64(): 1, pa.string(): ""}
    made = [
        {
            column.name: one
            if column.name == "stakeholder_id"
            else known.get(column.name, None if column.nullable else fits.get(column.arrow_type))
            for column in FACT.columns
        }
        for one in ids
    ]
    schema = pa.schema([(column.name, column.arrow_type) for column in FACT.columns])
    return pa.Table.from_pylist(made, schema)


class Shelf:
    """Three weeks of drops; the first is without the person."""

    def __init__(self, exports: str, state: Path, receiver_key: Path | None = None) -> None:
        self.workspace = Workspace(state)
        self.settings = Settings(exports=exports, state=state, receiver_key=receiver_key)
        self.destination: Destination = open_destination(self.settings, self.workspace)
        self.place = self.destination.drops_folder(1)
        with self.destination.turn():
            for week, ids in enumerate(([5], [5, PERSON], [5, 6])):
                self._publish(week, ids)
        known = Known(frozenset({("stakeholder", 1, PERSON)}), organizations=frozenset({1}))
        self.register, self.entry = open_forgotten(state, 1).with_person(known, "2025-02-01")

    def _publish(self, week: int, ids: list[int]) -> None:
        folder = self.destination.staging_folder(1, f"run-{week}")
        (drop,) = stage_drops(MadeMarts(stakeholder_fact=rows(ids)), [FACT], {1: folder}, 1)
        facts: dict[str, Any] = {"settings": {"selected_year": 2025}, "inputs": [], "checks": []}
        as_of = AS_OF + timedelta(weeks=week)
        manifest = build_manifest(drop, [FACT], as_of=as_of, data_as_of=as_of, **facts)
        put = publish(self.destination, drop, manifest)
        self.log.add_publication(Path(put.location).name, (), as_of)

    @property
    def log(self) -> PublicationLog:
        return PublicationLog(self.workspace.publications, self.destination.place, 1)

    def forget(self, register: Forgotten | None = None, entry: Entry | None = None) -> RemadeDrops:
        self.destination.clear_staging()
        found = (register or self.register, entry or self.entry)
        return forget_in_drops_folder(self.destination, 1, "", *found, self.workspace.publications)

    def require_whole(self) -> None:
        """Check that every drop that a reader finds verifies."""
        for name in drop_folders(self.place):
            if read_manifest(self.place.child(name)) is not None:
                assert verify_drop(self.place.child(name)) == []


@pytest.fixture(params=["folder", "sftp"])
def drops_folder(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shelf]:
    if request.param == "folder":
        yield Shelf(str(tmp_path / "exports"), tmp_path / "state")
    else:
        receiver = tmp_path / "receiver.pgp" if request.param == "encrypted" else None
        if receiver is not None:
            receiver.write_bytes(bytes(Tsk.generate("receiver").extract_certificate()))
        kind = "sftp" if request.param == "encrypted" else request.param
        with drop_server(kind, tmp_path / "server", monkeypatch) as url:
            yield Shelf(url, tmp_path / "state", receiver)


@pytest.mark.parametrize("drops_folder", ["folder", "s3", "sftp", "encrypted"], indirect=True)
def test_drops_from_the_first_with_the_person_on_are_remade(drops_folder: Shelf) -> None:
    before = drop_folders(drops_folder.place)
    remade = drops_folder.forget()
    assert [drop.was for drop in remade.drops] == before[1:]
    assert drop_folders(drops_folder.place) == [before[0], *(drop.name for drop in remade.drops)]
    assert latest_name(drops_folder.place) == remade.drops[-1].name
    drops_folder.require_whole()


def test_the_manifest_records_the_removal_without_naming_the_person(drops_folder: Shelf) -> None:
    (drop, _) = drops_folder.forget().drops
    manifest = read_manifest(drops_folder.place.child(drop.name)) or {}
    assert manifest["forgot"] == [{"day": "2025-02-01", "entry": drops_folder.entry.entry, "was": drop.was}]
    assert str(PERSON) not in json.dumps(manifest)


def test_the_log_has_the_new_drops_and_stays_whole(drops_folder: Shelf) -> None:
    drops_folder.forget()
    assert drops_folder.log.faults() == []
    assert [json.loads(line)["event"] for line in drops_folder.log.lines()][-2:] == ["forgot", "forgot"]


@pytest.mark.parametrize("step", ["latest_name", "withdraw", "remake_drop"])
def test_a_killed_forgetting_is_completed_by_the_next_one(
    drops_folder: Shelf, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = 0

    def die(*arguments: Any, **keywords: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls > 1 or step == "withdraw":
            raise KeyboardInterrupt
        return whole(*arguments, **keywords)

    with monkeypatch.context() as killed, pytest.raises(KeyboardInterrupt):
        whole = getattr(forgotten_drops, step)
        killed.setattr(forgotten_drops, step, die)
        drops_folder.forget()
    drops_folder.require_whole()
    drops_folder.forget()
    names = drop_folders(drops_folder.place)
    assert len(names) == 3 and latest_name(drops_folder.place) == names[-1]
    assert all(len((read_manifest(drops_folder.place.child(name)) or {}).get("forgot", ())) == 1 for name in names[1:])
    assert drops_folder.log.faults() == []
    drops_folder.require_whole()


def test_the_replacement_of_an_encrypted_drop_is_encrypted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    receiver = tmp_path / "receiver.pgp"
    receiver.write_bytes(bytes(Tsk.generate("receiver").extract_certificate()))
    with sftp_server(tmp_path / "server", monkeypatch) as (url, _):
        drops_folder = Shelf(url, tmp_path / "state", receiver)
        without = open_destination(Settings(exports=url, state=tmp_path / "state"), drops_folder.workspace)
        with pytest.raises(WarehouseError, match="is not set, although this warehouse encrypts"):
            forget_in_drops_folder(
                without, 1, "", drops_folder.register, drops_folder.entry, drops_folder.workspace.publications
            )
        drops_folder.forget()
    assert not [path for path in (tmp_path / "server").rglob("*") if path.suffix in (".csv", ".parquet", ".html")]
    keys = encryption_keys(drops_folder.settings)
    contents = [keys.decrypt(path.read_bytes(), path.name) for path in (tmp_path / "server").rglob("*.csv.pgp")]
    assert len(contents) == 3
    assert not [content for content in contents if str(PERSON).encode() in content]


def test_forgetting_again_changes_nothing(drops_folder: Shelf) -> None:
    drops_folder.forget()
    before = drop_folders(drops_folder.place)
    drops_folder.forget()
    assert drop_folders(drops_folder.place) == before
