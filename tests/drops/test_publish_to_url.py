"""Delivery to a real object store and SFTP server: the manifest is the commit, credentials stay hidden."""

from __future__ import annotations

import hashlib
import json
import logging
import shutil
import subprocess
import sys
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncssh
import pytest

from pipeline.common.errors import WarehouseError
from pipeline.drops.catalog import POINTER, drop_before, latest_manifest, latest_name, published_drops
from pipeline.drops.destination import open_destination, write_report
from pipeline.drops.find_drop import open_drop
from pipeline.drops.manifest import MANIFEST, drop_name, with_hashes
from pipeline.drops.publish_to_folder import PublishedDrop
from pipeline.drops.publish_to_url import RemoteDestination
from pipeline.drops.retention import prune
from pipeline.drops.stage import CHECKSUMS, StagedDrop
from pipeline.drops.superseded import SUPERSEDED
from pipeline.drops.verify import SIGNATURE, verify_drop
from pipeline.guards.drop_figures import DropFiles
from pipeline.settings import Settings
from pipeline.state.workspace import Workspace
from pipeline.storage.minisign import read_signing_key, write_key_pair
from pipeline.storage.place import Place, open_place, require_writable
from tests.drops.changes_of_one import write_changes_of_one
from tests.drops.made_drops import AS_OF, CONTRACTS, manifest_of, publish
from tests.drops.servers import PASSWORD, SECRET_KEY, drop_server, object_store, sftp_server

ORGANIZATION = 1


@dataclass
class Delivery:
    """A destination, and drops to deliver that differ by a note in their manifest."""

    url: str
    state: Path
    template: StagedDrop
    runs: int = 0

    def __post_init__(self) -> None:
        destination = open_destination(Settings(exports=self.url, state=self.state), Workspace(self.state))
        assert isinstance(destination, RemoteDestination)
        self.destination = destination
        self.organization = destination.place.child(str(ORGANIZATION))

    def publish(self, note: str, day: int = 0) -> PublishedDrop:
        self.runs += 1
        self.destination.clear_staging()
        folder = self.destination.staging_folder(ORGANIZATION, f"run-{self.runs}")
        shutil.copytree(self.template.folder, folder)
        drop = replace(self.template, folder=folder)
        return publish(self.destination, drop, manifest_of(drop, as_of=AS_OF + timedelta(days=day), note=note))

    def read_as_a_reader(self) -> str | None:
        """Follow `latest.json` to the manifest, and read every file that it lists completely."""
        raw = self.organization.read(POINTER)
        if raw is None:
            return None
        pointer = json.loads(raw)
        manifest = json.loads(self.organization.child(pointer["drop"]).read(MANIFEST) or b"")
        for file in manifest["files"]:
            content = self.organization.child(pointer["drop"]).read(file["name"])
            assert content is not None, file["name"]
            assert hashlib.sha256(content).hexdigest() == file["sha256"]
        return str(pointer["drop"])


@pytest.fixture(params=["s3", "sftp"])
def url(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    with drop_server(request.param, tmp_path / "server", monkeypatch) as address:
        yield address


@pytest.fixture
def delivery(url: str, tmp_path: Path, stage: Callable[..., StagedDrop]) -> Delivery:
    return Delivery(url, tmp_path / "state", stage(tmp_path / "template"))


def test_the_signature_is_written_before_the_manifest(
    delivery: Delivery, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    public = write_key_pair(tmp_path / "warehouse.key")
    delivery.destination.signer = read_signing_key(tmp_path / "warehouse.key")
    written = writes(monkeypatch)
    put = delivery.publish("signed")
    assert written.index(SIGNATURE) < written.index(MANIFEST)
    assert verify_drop(put.location, key=public) == []


def writes(monkeypatch: pytest.MonkeyPatch, before: Callable[[str], None] = lambda name: None) -> list[str]:
    """Record every name that is written, after calling `before` with it."""
    written: list[str] = []
    upload, write, create = Place.upload, Place.write, Place.create

    def recording_upload(self: Place, source: Path, name: str) -> None:
        before(name)
        written.append(name)
        upload(self, source, name)

    def recording_write(self: Place, name: str, content: bytes) -> None:
        before(name)
        written.append(name)
        write(self, name, content)

    def recording_create(self: Place, name: str, content: bytes) -> bool:
        before(name)
        written.append(name)
        return create(self, name, content)

    monkeypatch.setattr(Place, "create", recording_create)
    monkeypatch.setattr(Place, "upload", recording_upload)
    monkeypatch.setattr(Place, "write", recording_write)
    return written


def test_the_manifest_comes_after_the_files_and_the_pointer_after_the_manifest(
    delivery: Delivery, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = writes(monkeypatch)
    published = delivery.publish("first")
    files = ["SHA256SUMS", "deals.csv", "deals.parquet", "places.csv", "places.parquet"]
    assert written == [*files, MANIFEST, POINTER]
    assert published.is_new
    assert published.location == f"{delivery.url}/1/{drop_name(published.manifest)}"
    assert delivery.read_as_a_reader() == drop_name(published.manifest)
    assert verify_drop(published.location, CONTRACTS) == []
    assert list((delivery.state / "outbox").rglob("*.csv")) == []


def test_the_same_drop_again_uploads_nothing(delivery: Delivery, monkeypatch: pytest.MonkeyPatch) -> None:
    first = delivery.publish("first")
    written = writes(monkeypatch)
    again = delivery.publish("first")
    assert written == []
    assert (again.is_new, again.location) == (False, first.location)


def test_the_pointer_of_a_drop_always_has_the_same_bytes(delivery: Delivery) -> None:
    manifest = delivery.publish("first").manifest
    name = drop_name(manifest)
    lines = [
        f'"content_hash": "{manifest["content_hash"]}",',
        f'"drop": "{name}",',
        f'"manifest": "{name}/manifest.json"',
    ]
    expected = "{\n" + "".join(f"  {line}\n" for line in lines) + "}\n"
    assert delivery.destination.drops_folder(ORGANIZATION).read(POINTER) == expected.encode()


def test_republishing_an_earlier_drop_only_moves_the_pointer_and_keeps_the_drop_it_left(
    delivery: Delivery, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = delivery.publish("first")
    delivery.publish("second")
    written = writes(monkeypatch)
    delivery.publish("first")
    assert written == [SUPERSEDED, POINTER]
    assert latest_manifest(delivery.destination.place, ORGANIZATION) == first.manifest


class InterruptedDeliveryError(Exception):
    """The connection was interrupted."""


@pytest.mark.parametrize("at", range(1, 9))
def test_a_delivery_interrupted_at_any_object_shows_the_old_drop_and_the_next_one_completes_it(
    at: int, delivery: Delivery, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = drop_name(delivery.publish("old").manifest)
    with monkeypatch.context() as patched:
        asked = 0

        def cut(name: str) -> None:
            nonlocal asked
            asked += 1
            if asked == at:
                raise InterruptedDeliveryError(name)

        writes(patched, cut)
        with pytest.raises(InterruptedDeliveryError):
            delivery.publish("new")
    assert delivery.read_as_a_reader() == old
    named = {entry.name for entry in published_drops(delivery.destination.drops_folder(ORGANIZATION))}
    assert (len(named) == 2) is (at >= 7), "only a drop with a manifest is published"
    new = delivery.publish("new")
    assert delivery.read_as_a_reader() == drop_name(new.manifest)
    assert verify_drop(new.location, CONTRACTS) == []


def test_remains_of_an_interrupted_delivery_are_replaced(delivery: Delivery) -> None:
    name = drop_name(delivery.publish("first").manifest)
    folder = delivery.organization.child(name)
    folder.remove(MANIFEST)
    folder.write("deals.csv", b"half")
    folder.write("stranger.csv", b"of an older layout")
    published = delivery.publish("first")
    assert published.is_new
    assert verify_drop(published.location, CONTRACTS) == []


def test_a_file_that_arrives_short_stops_the_delivery_before_the_manifest(
    delivery: Delivery, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    short = tmp_path / "short"
    short.write_bytes(b"x")
    upload = Place.upload
    monkeypatch.setattr(
        Place,
        "upload",
        lambda self, source, name: upload(self, short if name == "deals.parquet" else source, name),
    )
    with pytest.raises(WarehouseError, match=r"arrived with 1 bytes instead of") as raised:
        delivery.publish("first")
    assert str(raised.value.where).endswith("/deals.parquet")
    assert delivery.read_as_a_reader() is None


def test_a_changed_manifest_is_not_overwritten(delivery: Delivery) -> None:
    published = delivery.publish("first")
    delivery.organization.child(drop_name(published.manifest)).write(MANIFEST, b"{}")
    with pytest.raises(WarehouseError, match="another drop has the same name"):
        delivery.publish("first")


def test_a_missing_file_is_reported(delivery: Delivery) -> None:
    published = delivery.publish("first")
    delivery.organization.child(drop_name(published.manifest)).remove("deals.csv")
    with pytest.raises(WarehouseError, match=r"deals\.csv: was published with .* is gone"):
        delivery.publish("first")


def test_verify_follows_latest_and_names_damaged_files(delivery: Delivery) -> None:
    published = delivery.publish("first")
    for location in (f"{delivery.url}/1/latest", f"{delivery.url}/1/latest.json", published.location + "/"):
        assert verify_drop(location, CONTRACTS) == []
    folder = delivery.organization.child(drop_name(published.manifest))
    content = folder.read("deals.csv") or b""
    folder.write("deals.csv", content.replace(b"1234567.80", b"1234567.81"))
    folder.remove("places.csv")
    faults = verify_drop(f"{delivery.url}/1/latest", CONTRACTS)
    assert [fault.split(" ")[0] for fault in faults] == ["places.csv:", "deals.csv:", "deals.csv:"]
    assert faults[2].endswith("deal_id 2, column amount: 1234567.81, but 1234567.80 in the Parquet file")
    assert verify_drop(f"{delivery.url}/2/latest") == [f"{delivery.url}/2/latest: names no drop"]


def test_the_previous_drop_is_found_by_its_instant(delivery: Delivery) -> None:
    first = delivery.publish("first", day=0)
    delivery.publish("second", day=7)
    place = delivery.destination.place
    assert drop_before(place, ORGANIZATION, AS_OF) is None
    found = drop_before(place, ORGANIZATION, AS_OF + timedelta(days=7))
    assert found is not None and found.name == drop_name(first.manifest)
    with found.open("deals.parquet") as file:
        assert file.read(4) == b"PAR1"
        file.seek(-4, 2)
        assert file.read() == b"PAR1"


def test_old_drops_and_their_reports_are_removed(delivery: Delivery) -> None:
    place = delivery.destination.place
    names = []
    for day in range(4):
        names.append(drop_name(delivery.publish("drop", day=day).manifest))
        write_report(place, ORGANIZATION, {f"{names[-1]}.html": b"<!doctype html>", f"{names[-1]}.checks.json": b"{}"})
    assert prune(place.child(str(ORGANIZATION)), 1, datetime.now(UTC)) == [], "no drop is removed on its first day"
    newest, latest = (entry.name for entry in published_drops(place.child(str(ORGANIZATION)))[:2])
    delivery.organization.write(POINTER, json.dumps({"drop": latest}).encode())
    gone = prune(place.child(str(ORGANIZATION)), 1, datetime.now(UTC) + timedelta(days=2))
    assert set(gone) == set(names) - {newest, latest}
    left = {entry.name for entry in delivery.organization.entries()}
    assert left == {newest, latest, POINTER, SUPERSEDED, "reports"}
    reports = {entry.name.split(".")[0] for entry in delivery.organization.child("reports").entries()}
    assert reports == {newest, latest}


def test_a_report_is_written_beside_the_drops(delivery: Delivery) -> None:
    place = delivery.destination.place
    where = write_report(place, ORGANIZATION, {"run.html": b"one"})
    assert where == [f"{delivery.url}/1/reports/run.html"]
    write_report(place, ORGANIZATION, {"run.html": b"two"})
    assert delivery.organization.child("reports").read("run.html") == b"two"
    assert [entry.name for entry in delivery.organization.child("reports").entries()] == ["run.html"]


def test_no_secret_is_logged_or_written(
    delivery: Delivery, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    with caplog.at_level(logging.INFO):
        published = delivery.publish("first")
    folder = delivery.organization.child(drop_name(published.manifest))
    stored = b"".join(folder.read(entry.name) or b"" for entry in folder.entries())
    stored += delivery.organization.read(POINTER) or b""
    output = caplog.text + "".join(capfd.readouterr()) + published.location + repr(delivery.destination.place)
    for secret in (PASSWORD, SECRET_KEY):
        assert secret not in output
        assert secret.encode() not in stored


# errors before a byte is sent


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        (f"sftp://courier:{PASSWORD}@127.0.0.1:2222/exports", "sftp://courier@127.0.0.1:2222/exports"),
        (f"s3://AKIA:{SECRET_KEY}@bucket/exports", "s3://bucket/exports"),
        (f"s3://{SECRET_KEY}@bucket/exports", "s3://bucket/exports"),
    ],
)
def test_a_credential_in_a_url_is_refused_and_not_repeated(address: str, shown: str) -> None:
    with pytest.raises(WarehouseError, match="credential"):
        require_writable(address)
    with pytest.raises(WarehouseError, match="credential") as raised:
        open_place(address)
    assert raised.value.where == shown
    assert PASSWORD not in str(raised.value) and SECRET_KEY not in str(raised.value)


@pytest.mark.parametrize(
    "address",
    [
        "ftp://server/exports",
        f"https://user:{PASSWORD}@server/exports",
        "s3://",
        "sftp:///exports",
        f"sftp://u:{PASSWORD}@server:not-a-port/x",
        f"s3://bucket/x?secret={SECRET_KEY}",
    ],
)
def test_another_kind_of_url_is_refused(address: str) -> None:
    with pytest.raises(WarehouseError):
        require_writable(address)
    with pytest.raises(WarehouseError) as raised:
        open_place(address)
    assert "s3://bucket/prefix or sftp://user@host:port/path" in str(raised.value)
    assert PASSWORD not in str(raised.value) and SECRET_KEY not in str(raised.value)


@pytest.mark.parametrize("variable", ["WAREHOUSE_SFTP_KEY", "WAREHOUSE_SFTP_KNOWN_HOSTS"])
def test_a_missing_key_is_noticed_before_the_run(
    variable: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv(variable, str(tmp_path / "none"))
    with pytest.raises(WarehouseError, match=variable):
        require_writable("sftp://user@server/exports")
    require_writable("s3://bucket/exports")


def everything_said(error: BaseException) -> str:
    """Return the texts of the error and of all its causes."""
    said: list[str] = []
    at: BaseException | None = error
    while at is not None:
        said += [str(at), repr(at)]
        at = at.__cause__ or at.__context__
    return "\n".join(said)


class TellsAll:
    """A file system and a server that repeat credentials in their messages."""

    def cat_file(self, path: str) -> bytes:
        raise OSError(f"{path}: denied to {PASSWORD} of {SECRET_KEY}")

    def connect(self, host: str, **options: object) -> None:
        raise OSError(f"{host}: denied to {PASSWORD} of {SECRET_KEY}")


def test_a_traceback_shows_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WAREHOUSE_SFTP_PASSWORD", PASSWORD)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET_KEY)
    monkeypatch.setattr(asyncssh, "connect", TellsAll().connect)
    place = Place(TellsAll(), "/exports", "sftp://courier@server/exports", "sftp")
    for reach in (lambda: place.read("x"), lambda: open_place("sftp://courier@127.0.0.1:2/exports")):
        with pytest.raises(WarehouseError, match=r"denied to \*\*\* of \*\*\*") as raised:
            reach()
        printed = "".join(traceback.format_exception(raised.value))
        assert PASSWORD not in printed and SECRET_KEY not in printed


def test_a_missing_bucket_is_reported(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with object_store(monkeypatch):
        place = open_place("s3://no-such-bucket/exports")
        with pytest.raises(WarehouseError) as raised:
            place.write("x", b"x")
    assert raised.value.where == "s3://no-such-bucket/exports"
    assert "AWS_ENDPOINT_URL" in str(raised.value.remedy)
    assert SECRET_KEY not in everything_said(raised.value)


def test_a_wrong_password_is_reported_and_not_repeated(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with sftp_server(tmp_path / "server", monkeypatch) as (url, _):
        monkeypatch.setenv("WAREHOUSE_SFTP_PASSWORD", "wrong-but-still-secret")
        with pytest.raises(WarehouseError) as raised:
            open_place(url)
    assert raised.value.where == url
    assert "WAREHOUSE_SFTP_PASSWORD" in str(raised.value.remedy)
    assert "wrong-but-still-secret" not in everything_said(raised.value)


def test_an_unknown_server_gets_no_password(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with sftp_server(tmp_path / "server", monkeypatch) as (url, server):
        server.known_hosts(tmp_path / "known_hosts", asyncssh.generate_private_key("ssh-ed25519"))
        with pytest.raises(WarehouseError, match=r"(?i)host key"):
            open_place(url)
        (tmp_path / "known_hosts").write_text("")
        with pytest.raises(WarehouseError, match=r"(?i)host key"):
            open_place(url)


def test_a_private_key_works_instead_of_a_password(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    key = asyncssh.generate_private_key("ssh-ed25519")
    key.write_private_key(tmp_path / "key")
    offered: list[Any] = []

    class Server:
        def __init__(self, host: str, **options: Any) -> None:
            offered.append(options)

    monkeypatch.setattr("pipeline.storage.sftp.SftpFiles", Server)
    monkeypatch.delenv("WAREHOUSE_SFTP_PASSWORD", raising=False)
    monkeypatch.setenv("WAREHOUSE_SFTP_KEY", str(tmp_path / "key"))
    open_place("sftp://courier@server/exports")
    assert offered[0]["client_keys"][0].public_data == key.public_data
    assert "password" not in offered[0]


def test_each_file_appears_on_sftp_by_a_rename_manifest_and_pointer_last(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, stage: Callable[..., StagedDrop]
) -> None:
    with sftp_server(tmp_path / "server", monkeypatch) as (url, server):
        drop = Delivery(url, tmp_path / "state", stage()).publish("first")
        files = [file["name"] for file in drop.manifest["files"]]
        renamed = [Path(new).name for _, new in server.renames]
        assert renamed[-2:] == [MANIFEST, POINTER]
        assert set(renamed[:-2]) == {*files, CHECKSUMS}


def test_partial_files_of_a_killed_delivery_are_removed_after_a_day(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, stage: Callable[..., StagedDrop]
) -> None:
    with sftp_server(tmp_path / "server", monkeypatch) as (url, _):
        delivery = Delivery(url, tmp_path / "state", stage())
        delivery.publish("first")
        left = tmp_path / "server" / "exports" / "1" / ".deals.csv.0a1b2c3d.part"
        left.write_bytes(b"deal")
        written = datetime.fromtimestamp(left.stat().st_mtime, UTC)
        prune(delivery.organization, 1, written + timedelta(hours=23))
        assert left.exists(), "a delivery may be writing it"
        prune(delivery.organization, 1, written + timedelta(days=1, seconds=1))
        assert not left.exists()


def test_latest_is_none_if_the_pointer_is_damaged(delivery: Delivery) -> None:
    delivery.publish("first")
    for damaged in (b"", b"{", b"[]", b'{"drop": 7}', b'{"drop": "../2/20250115T000000Z-00000000"}', b"\xff\xfe"):
        delivery.organization.write(POINTER, damaged)
        assert latest_name(delivery.organization) is None


def test_a_process_that_delivered_ends_without_output(delivery: Delivery) -> None:
    delivery.publish("first")
    code = (
        "import sys, duckdb; from pipeline.storage.place import open_place; rows = duckdb.connect(); "
        "print(len(open_place(sys.argv[1]).child('1').entries()))"
    )
    ended = subprocess.run([sys.executable, "-c", code, delivery.url], capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "2\n", "")


def test_a_drops_changes_are_delivered_verified_and_removed_with_it(
    delivery: Delivery, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = delivery.publish("first")
    folder = delivery.destination.staging_folder(ORGANIZATION, "week")
    shutil.copytree(delivery.template.folder, folder)
    drop = replace(delivery.template, folder=folder)
    this_week = AS_OF + timedelta(weeks=1)
    names = [file.name for file in drop.files if file.name.endswith(".parquet")]
    files = DropFiles({Path(name).stem: folder / name for name in names}, this_week, 2025)
    with open_drop(open_place(first.location)) as before:
        written = write_changes_of_one(drop, files, before, CONTRACTS)
    manifest = with_hashes({**manifest_of(drop, as_of=this_week), "changes": written.as_dict()})
    second = publish(delivery.destination, drop, manifest)
    assert verify_drop(second.location, CONTRACTS) == []
    changes = open_place(second.location).child("changes")
    assert "deals.changed.csv" in {entry.name for entry in changes.entries()}
    changes.write("deals.changed.csv", b"deal_id\n")
    assert any("deals.changed.csv" in fault for fault in verify_drop(second.location, CONTRACTS))
