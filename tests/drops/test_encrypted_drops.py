"""Encrypted drops on a server: only receivers and the warehouse itself can read them, like plain drops."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from pysequoia import Tsk, decrypt

from pipeline.common.errors import WarehouseError
from pipeline.drops.catalog import latest_name, published_drops, read_manifest
from pipeline.drops.destination import open_destination, write_report
from pipeline.drops.encrypted_files import open_exports, read_file
from pipeline.drops.find_drop import find_drop, open_drop
from pipeline.drops.manifest import MANIFEST, drop_name, with_hashes
from pipeline.drops.publish_to_folder import PublishedDrop
from pipeline.drops.stage import CHECKSUMS, StagedDrop
from pipeline.drops.verify import SIGNATURE, reads_contents, verify_drop
from pipeline.guards.drop_figures import DropFiles
from pipeline.settings import Settings
from pipeline.state.workspace import Workspace
from pipeline.storage.minisign import read_public_key, write_key_pair
from pipeline.storage.place import Place, open_place
from tests.drops.changes_of_one import write_changes_of_one
from tests.drops.made_drops import AS_OF, CONTRACTS, manifest_of, publish
from tests.drops.servers import drop_server
from tests.storage.gnupg import receiver

RECEIVER = Tsk.generate("receiver")
PLAIN = (MANIFEST, CHECKSUMS, SIGNATURE)
"""The files that are not encrypted."""


class Company:
    """Publishes drops for the receiver of a certificate."""

    def __init__(self, url: str, folder: Path, template: StagedDrop, certificate: bytes) -> None:
        (folder / "receiver.pgp").write_bytes(certificate)
        write_key_pair(folder / "signing.key")
        state = folder / "state"
        keys = {"receiver_key": folder / "receiver.pgp", "signing_key": folder / "signing.key"}
        self.folder = folder
        self.template = template
        self.settings = Settings(exports=url, state=state, **keys)
        self.destination = open_destination(self.settings, Workspace(state))
        self.drops_folder = self.destination.drops_folder(1)

    def publish(self, week: int = 0, note: str = "") -> PublishedDrop:
        """Publish the drop of a week, with its changes since the previous one."""
        folder = self.destination.staging_folder(1, "run")
        shutil.copytree(self.template.folder, folder)
        drop = replace(self.template, folder=folder)
        manifest = manifest_of(drop, as_of=AS_OF + timedelta(weeks=week), note=note)
        if week:
            names = [file.name for file in drop.files if file.name.endswith(".parquet")]
            files = DropFiles({Path(name).stem: folder / name for name in names}, AS_OF + timedelta(weeks=week), 2025)
            with open_drop(find_drop("1/latest", self.settings)) as before:
                written = write_changes_of_one(drop, files, before, CONTRACTS)
            manifest = with_hashes({**manifest, "changes": written.as_dict()})
        return publish(self.destination, drop, manifest)

    def drop(self, put: PublishedDrop) -> Place:
        """Return the folder of a drop."""
        return self.drops_folder.child(drop_name(put.manifest))

    def stored(self, place: Place, within: str = "") -> Iterator[tuple[str, bytes]]:
        """Read all files in a folder, as anybody with access can."""
        for entry in place.entries():
            if entry.is_folder:
                yield from self.stored(place.child(entry.name), f"{entry.name}/")
            else:
                yield f"{within}{entry.name}", place.read(entry.name) or b""


@pytest.fixture
def url(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    with drop_server(getattr(request, "param", "sftp"), tmp_path / "server", monkeypatch) as address:
        yield address


@pytest.fixture
def company(url: str, tmp_path: Path, stage: Callable[..., StagedDrop]) -> Company:
    return Company(url, tmp_path, stage(tmp_path / "template"), bytes(RECEIVER.extract_certificate()))


def test_all_files_but_manifest_signature_and_checksums_are_encrypted(company: Company) -> None:
    company.publish()
    names = {name for name, _ in company.stored(company.drop(company.publish(1)))}
    assert {"deals.csv.pgp", "deals.parquet.pgp", "changes/deals.changed.csv.pgp"} < names
    assert {name for name in names if not name.endswith(".pgp")} == set(PLAIN)


def test_the_receiver_decrypts_the_bytes_that_the_manifest_lists(company: Company) -> None:
    put = company.publish()
    stored = dict(company.stored(company.drop(put)))
    files = json.loads(stored[MANIFEST])["files"]
    assert [file["name"] for file in files] == [file.name for file in company.template.files]
    for file in files:
        content = decrypt(stored[f"{file['name']}.pgp"], decryptor=RECEIVER.decryptor()).bytes or b""
        assert hashlib.sha256(content).hexdigest() == file["sha256"]
        assert content == (company.template.folder / file["name"]).read_bytes()


def test_the_checksums_are_those_of_the_encrypted_files(company: Company) -> None:
    stored = dict(company.stored(company.drop(company.publish())))
    digests = {name: hashlib.sha256(content).hexdigest() for name, content in stored.items() if name.endswith(".pgp")}
    assert digests
    assert stored[CHECKSUMS].decode() == "".join(f"{digests[name]}  {name}\n" for name in sorted(digests))


def test_the_name_is_that_of_the_plain_drop_and_a_repeated_run_publishes_nothing(company: Company) -> None:
    first = company.publish()
    assert drop_name(first.manifest) == drop_name(manifest_of(company.template))
    before = dict(company.stored(company.drops_folder))
    again = company.publish()
    assert (first.is_new, again.is_new) == (True, False)
    assert dict(company.stored(company.drops_folder)) == before


def test_a_missing_encrypted_file_stops_the_next_run(company: Company) -> None:
    company.drop(company.publish()).remove("deals.csv.pgp")
    with pytest.raises(WarehouseError, match=r"deals\.csv\.pgp: was published with .* and is gone"):
        company.publish()


def test_the_warehouse_reads_its_own_encrypted_drops(company: Company) -> None:
    company.publish()
    with open_drop(find_drop("1/latest", company.settings)) as opened:
        rows = pq.read_table(opened.files.parquet["deals"])
    assert rows == pq.read_table(company.template.folder / "deals.parquet")


def test_a_missing_key_is_reported(company: Company) -> None:
    company.publish()
    (company.settings.state / "encryption.key").unlink()
    with (
        pytest.raises(WarehouseError, match=r"deals\.parquet\.pgp: is encrypted, and the key to decrypt it is missing"),
        open_drop(find_drop("1/latest", company.settings)),
    ):
        pass


@pytest.mark.parametrize("url", ["s3", "sftp"], indirect=True)
def test_verify_checks_the_encrypted_files_and_their_contents(company: Company) -> None:
    put = company.publish()
    place = find_drop("1/latest", company.settings)
    public = read_public_key(str(company.folder / "signing.pub"))
    assert verify_drop(place, CONTRACTS, public) == []
    assert reads_contents(place)
    assert verify_drop(put.location, CONTRACTS, public) == []  # without the key
    assert not reads_contents(put.location)


def spoil_a_byte(drop: Place) -> None:
    content = bytearray(drop.read("deals.csv.pgp") or b"")
    content[-5] ^= 1
    drop.write("deals.csv.pgp", bytes(content))


@pytest.mark.parametrize(
    ("spoil", "fault"),
    [
        (spoil_a_byte, "deals.csv.pgp: sha256 is"),
        (lambda drop: drop.write("deals.csv.pgp", b"short"), "deals.csv.pgp: has 5 bytes"),
        (lambda drop: drop.remove("deals.csv.pgp"), "deals.csv.pgp: missing"),
        (lambda drop: drop.write("deals.csv", b"deal_id\n"), "deals.csv: is there, but not in the manifest"),
        (lambda drop: drop.write(CHECKSUMS, b""), "SHA256SUMS: is not the manifest's list of hashes"),
    ],
)
def test_a_change_on_the_server_is_a_fault(company: Company, spoil: Callable[[Place], None], fault: str) -> None:
    put = company.publish()
    spoil(company.drop(put))
    assert any(found.startswith(fault) for found in verify_drop(put.location))


def test_a_replaced_file_is_a_fault_once_it_is_decrypted(company: Company) -> None:
    drop = company.drop(company.publish())
    manifest = read_manifest(drop) or {}
    other = company.destination.place.keys.encrypt(b"deal_id\n")  # type: ignore[union-attr]
    drop.write("deals.csv.pgp", other)
    files = [
        {**file, "bytes": len(other), "sha256": hashlib.sha256(other).hexdigest()}
        if file["name"] == "deals.csv.pgp"
        else file
        for file in manifest["encrypted"]["files"]
    ]
    changed = with_hashes({**manifest, "encrypted": {**manifest["encrypted"], "files": files}})
    assert changed["content_hash"] == manifest["content_hash"]
    write_manifest(drop, changed, files)
    faults = verify_drop(find_drop("1/latest", company.settings))
    assert any(fault.startswith("deals.csv: has 8 bytes decrypted, the manifest says") for fault in faults)


def write_manifest(drop: Place, manifest: dict[str, Any], files: list[dict[str, Any]]) -> None:
    from pipeline.drops.manifest_layout import manifest_bytes

    drop.write(MANIFEST, manifest_bytes(manifest))
    drop.write(CHECKSUMS, "".join(f"{file['sha256']}  {file['name']}\n" for file in files).encode())


def test_a_receiver_can_verify_the_decrypted_files(company: Company, tmp_path: Path) -> None:
    company.publish()
    copy = tmp_path / "received"
    for name, content in company.stored(company.drop(company.publish(1))):
        path = copy / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        if name.endswith(".pgp"):
            path.with_suffix("").write_bytes(decrypt(content, decryptor=RECEIVER.decryptor()).bytes or b"")
    assert verify_drop(str(copy), CONTRACTS) == []
    assert reads_contents(str(copy))
    for path in copy.rglob("*.pgp"):
        path.unlink()
    assert verify_drop(str(copy), CONTRACTS) == []
    (copy / "deals.csv").write_text("deal_id\n")
    assert any(fault.startswith("deals.csv: has 8 bytes") for fault in verify_drop(str(copy), CONTRACTS))


def test_reports_beside_the_drops_are_encrypted_and_written_once(company: Company) -> None:
    place = open_exports(company.settings)
    (where,) = write_report(place, 1, {"run.html": b"a rejected address"})
    assert where.endswith("/1/reports/run.html.pgp")
    before = dict(company.stored(company.drops_folder))
    write_report(place, 1, {"run.html": b"a rejected address"})
    assert dict(company.stored(company.drops_folder)) == before
    assert not any(b"address" in content for content in before.values())
    reports = place.child("1").child("reports")
    assert read_file(reports, "run.html.pgp") == b"a rejected address"
    reports.write("earlier.html", b"from before there was a receiver")
    assert read_file(reports, "earlier.html") == b"from before there was a receiver"


def test_an_interrupted_delivery_is_completed_with_files_of_one_delivery(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    create = Place.create

    def cut(*_: Any) -> bool:
        raise WarehouseError("the connection broke")

    monkeypatch.setattr(Place, "create", cut)
    with pytest.raises(WarehouseError, match="the connection broke"):
        company.publish()
    assert published_drops(company.drops_folder) == []
    monkeypatch.setattr(Place, "create", create)
    company.destination.clear_staging()
    company.publish()
    assert verify_drop(find_drop("1/latest", company.settings), CONTRACTS) == []


def test_mixed_files_of_two_concurrent_deliveries_are_reported(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    create = Place.create

    def late(self: Place, name: str, content: bytes) -> bool:
        create(self, name, content)  # a concurrent delivery's, a moment earlier
        return create(self, name, content)

    monkeypatch.setattr(Place, "create", late)
    with pytest.raises(WarehouseError, match="another run has delivered this drop at the same time"):
        company.publish()
    assert latest_name(company.drops_folder) is None


def test_without_the_setting_nothing_is_written_unencrypted(company: Company) -> None:
    company.publish()
    before = dict(company.stored(company.drops_folder))
    without = company.settings.model_copy(update={"receiver_key": None})
    company.destination = open_destination(without, Workspace(without.state))
    with pytest.raises(WarehouseError, match="receiver_key: is not set"):
        company.publish(1)
    with pytest.raises(WarehouseError, match="receiver_key: is not set"):
        write_report(open_exports(without), 1, {"run.html": b"a rejected address"})
    assert dict(company.stored(company.drops_folder)) == before


def test_plain_drops_from_before_encryption_are_read_and_compared(
    url: str, tmp_path: Path, stage: Callable[..., StagedDrop]
) -> None:
    company = Company(url, tmp_path, stage(tmp_path / "template"), bytes(RECEIVER.extract_certificate()))
    encrypting = company.destination
    company.destination = open_destination(
        Settings(exports=url, state=company.settings.state), Workspace(company.settings.state)
    )
    company.publish()
    company.destination = encrypting
    second = company.publish(1)
    assert second.manifest["changes"]["against"] == drop_name(manifest_of(company.template))
    assert verify_drop(find_drop("1/latest", company.settings)) == []
    assert verify_drop(find_drop("1/previous", company.settings)) == []


@pytest.mark.gnupg
def test_gnupg_decrypts_a_delivered_file_to_the_same_bytes(
    url: str, tmp_path: Path, stage: Callable[..., StagedDrop]
) -> None:
    with receiver() as gnupg:
        company = Company(url, tmp_path, stage(tmp_path / "template"), gnupg.certificate())
        put, received = company.publish(), tmp_path / "received"
        received.mkdir()
        for name in ("deals.csv", "deals.parquet"):
            open_place(put.location).download(f"{name}.pgp", received / f"{name}.pgp")
        gnupg.call("--decrypt-files", *map(str, received.glob("*.pgp")))  # as docs/encryption.md says it
        for name in ("deals.csv", "deals.parquet"):
            assert (received / name).read_bytes() == (company.template.folder / name).read_bytes()
