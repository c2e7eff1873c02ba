"""Delivery and retention on limited or failing servers: drops stay complete, and errors are reported in words."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.message import Message
from pathlib import Path

import pytest

from pipeline.common.errors import WarehouseError
from pipeline.drops.catalog import POINTER, drop_folders
from pipeline.drops.manifest import MANIFEST, drop_name
from pipeline.drops.retention import WITHDRAWN, prune
from pipeline.drops.stage import StagedDrop
from pipeline.drops.superseded import SUPERSEDED
from pipeline.drops.verify import verify_drop
from pipeline.storage import remote
from pipeline.storage.place import open_place
from tests.drops.made_drops import CONTRACTS
from tests.drops.servers import faulty_object_store, object_store, sftp_server
from tests.drops.test_publish_to_url import ORGANIZATION, Delivery

# servers give times in seconds, so neither of two drops of one second is newer: all but the latest are removed
LATER = datetime.now(UTC) + timedelta(days=3)
Answer = tuple[int, str, str] | None


@pytest.fixture
def deliver_to(tmp_path: Path, stage: Callable[..., StagedDrop]) -> Callable[[str], Delivery]:
    return lambda url: Delivery(url, tmp_path / "state", stage(tmp_path / "template"))


@contextmanager
def without_bulk_delete(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """An older MinIO or Ceph, which requires Content-MD5 for deleting many objects at once."""

    def fault(method: str, path: str, headers: Message) -> Answer:
        if method == "POST" and "delete" in path and not headers.get("Content-MD5"):
            return 400, "MissingContentMD5", "Missing required header for this request: Content-Md5."
        return None

    with faulty_object_store(monkeypatch, fault) as url:
        yield url


# SFTP


@pytest.mark.parametrize("quirks", [("noposix",), ("strictrename",), ("nodot",), ("noposix", "nodot")], ids="+".join)
def test_an_sftp_server_with_fewer_features_gets_whole_drops(
    quirks: tuple[str, ...],
    deliver_to: Callable[[str], Delivery],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with sftp_server(tmp_path / "server", monkeypatch, quirks) as (url, server):
        delivery = deliver_to(url)
        for note in ("first", "second"):
            drop = delivery.publish(note)
            assert delivery.read_as_a_reader() == drop_name(drop.manifest)
            assert verify_drop(drop.location, CONTRACTS) == []
        assert {Path(new).name for _, new in server.renames} >= {MANIFEST, SUPERSEDED, POINTER, "deals.csv"}
        assert not list((tmp_path / "server").rglob("*.part"))


def test_a_server_without_room_is_reported_and_has_no_drop(
    deliver_to: Callable[[str], Delivery], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with sftp_server(tmp_path / "server", monkeypatch, ("full",)) as (url, _):
        delivery = deliver_to(url)
        with pytest.raises(WarehouseError, match="quota exceeded") as raised:
            delivery.publish("first")
        assert "space, quota" in str(raised.value.remedy)
        assert delivery.read_as_a_reader() is None


def test_a_broken_connection_is_reopened(
    deliver_to: Callable[[str], Delivery], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remote, "_PAUSES", (0, 0))
    with sftp_server(tmp_path / "server", monkeypatch) as (url, _):
        delivery = deliver_to(url)
        delivery.destination.place.files.client.abort()
        assert delivery.publish("first").is_new


def test_an_unreachable_server_is_tried_three_times(monkeypatch: pytest.MonkeyPatch) -> None:
    paused: list[float] = []
    monkeypatch.setattr("time.sleep", paused.append)
    with pytest.raises(WarehouseError, match="does not answer") as raised:
        open_place("sftp://courier@127.0.0.1:1/exports")
    assert "name and port" in str(raised.value.remedy)
    assert [pause for pause in paused if pause >= 1] == [1, 4]


# object stores


def test_retention_needs_no_bulk_delete(deliver_to: Callable[[str], Delivery], monkeypatch: pytest.MonkeyPatch) -> None:
    with without_bulk_delete(monkeypatch) as url:
        delivery = deliver_to(url)
        old, new = (drop_name(delivery.publish(note).manifest) for note in ("old", "new"))
        assert prune(delivery.destination.drops_folder(ORGANIZATION), 0, LATER) == [old]
        assert drop_folders(delivery.destination.drops_folder(ORGANIZATION)) == [new]


@pytest.mark.parametrize(
    ("code", "message", "what", "remedy"),
    [
        ("PermanentRedirect", "must be addressed using the specified endpoint", "another region", "AWS_DEFAULT_REGION"),
        ("AuthorizationHeaderMalformed", "the region 'x' is wrong", "another region", "AWS_DEFAULT_REGION"),
        ("NoSuchBucket", "The specified bucket does not exist", "no such bucket", "create it"),
        ("AccessDenied", "Access Denied", "may not do this", "list the bucket"),
        ("InvalidAccessKeyId", "no such key", "does not know this key", "AWS_ACCESS_KEY_ID"),
    ],
)
def test_a_stores_refusal_is_reported_with_a_remedy(
    code: str, message: str, what: str, remedy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with faulty_object_store(monkeypatch, lambda *_: (400, code, message)) as url:
        for reach in (lambda: open_place(url).entries(), lambda: open_place(url).write("x", b"x")):
            with pytest.raises(WarehouseError, match=what) as raised:
                reach()
            assert remedy in str(raised.value.remedy)


def test_a_manifest_is_never_written_over_another(
    deliver_to: Callable[[str], Delivery], monkeypatch: pytest.MonkeyPatch
) -> None:
    with object_store(monkeypatch) as url:
        place = open_place(url)
        assert place.create("manifest.json", b"first")
        assert not place.create("manifest.json", b"second")
        assert place.read("manifest.json") == b"first"


def test_a_store_without_conditional_writes_gets_the_manifest_anyway(monkeypatch: pytest.MonkeyPatch) -> None:
    def fault(method: str, path: str, headers: Message) -> Answer:
        return (501, "NotImplemented", "If-None-Match") if headers.get("If-None-Match") else None

    with faulty_object_store(monkeypatch, fault) as url:
        assert open_place(url).create("manifest.json", b"first")
        assert open_place(url).read("manifest.json") == b"first"


def test_a_busy_store_is_retried(deliver_to: Callable[[str], Delivery], monkeypatch: pytest.MonkeyPatch) -> None:
    asked: set[str] = set()

    def fault(method: str, path: str, headers: Message) -> Answer:
        if method != "PUT" or path in asked:
            return None
        asked.add(path)
        return 503, "SlowDown", "Please reduce your request rate."

    with faulty_object_store(monkeypatch, fault) as url:
        assert verify_drop(deliver_to(url).publish("first").location, CONTRACTS) == []


# removal


@pytest.mark.parametrize("at", range(1, 8))
def test_an_interrupted_removal_leaves_no_complete_looking_drop_and_is_resumed(
    at: int, deliver_to: Callable[[str], Delivery], monkeypatch: pytest.MonkeyPatch
) -> None:
    deleted = 0

    def fault(method: str, path: str, headers: Message) -> Answer:
        nonlocal deleted
        deleted += method == "DELETE"
        return (403, "AccessDenied", "no more") if method == "DELETE" and deleted == at else None

    with faulty_object_store(monkeypatch, fault) as url:
        delivery = deliver_to(url)
        place = delivery.destination.place
        old, new = (drop_name(delivery.publish(note).manifest) for note in ("old", "new"))
        whole = {entry.name for entry in delivery.organization.child(old).entries()}
        with pytest.raises(WarehouseError):
            prune(place.child(str(ORGANIZATION)), 0, LATER)
        names = {entry.name for entry in delivery.organization.child(old).entries()}
        assert names == whole if at == 1 else WITHDRAWN in names and MANIFEST not in names
        prune(place.child(str(ORGANIZATION)), 0, LATER)
        assert drop_folders(place.child(str(ORGANIZATION))) == [new]


def test_a_server_that_deletes_nothing_keeps_its_drops_whole(
    deliver_to: Callable[[str], Delivery], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with sftp_server(tmp_path / "server", monkeypatch, ("nodelete",)) as (url, _):
        delivery = deliver_to(url)
        old = delivery.publish("old")
        delivery.publish("new")
        with pytest.raises(WarehouseError, match="nothing is deleted here"):
            prune(delivery.destination.drops_folder(ORGANIZATION), 0, LATER)
        assert verify_drop(old.location, CONTRACTS) == []
