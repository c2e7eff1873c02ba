"""Drops on a server: their records equal those of the same local drops, and their log is stored beside them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pipeline.drops.publication_log import LOG, PublicationLog
from pipeline.storage.place import Place, open_place
from pipeline.timeline.timeline import Timeline
from tests.drops.servers import drop_server
from tests.timeline.made_past import Past

AT = datetime(2025, 1, 15, 6, tzinfo=UTC)


@pytest.fixture(params=["s3", "sftp"])
def server(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    with drop_server(request.param, tmp_path / "server", monkeypatch) as address:
        yield open_place(address)


@pytest.fixture
def past(tmp_path: Path, server: Place) -> Past:
    """Two local weeks, and copies of their drops on the server."""
    made = Past(tmp_path)
    made.publish(1, {1: ("e1", "2025-03-01", "100.00")})
    made.publish(8, {}, outcomes={"e1": "renewed"})
    for path in (tmp_path / "exports").rglob("*.*"):
        if path.is_file():
            folder = path.parent.relative_to(tmp_path / "exports").as_posix()
            server.child(folder).upload(path, path.name)
    return made


def test_a_drop_on_a_server_leaves_the_same_record(past: Past, server: Place, tmp_path: Path) -> None:
    assert len(Timeline(tmp_path / "again").fill(server, 1)) == 2
    here = {path.relative_to(tmp_path / "timeline"): path.read_bytes() for path in (tmp_path / "timeline").rglob("*.*")}
    again = {path.relative_to(tmp_path / "again"): path.read_bytes() for path in (tmp_path / "again").rglob("*.*")}
    assert again == here


def test_a_log_on_a_server_is_appended_to_and_checked(past: Past, server: Place, tmp_path: Path) -> None:
    log = PublicationLog(tmp_path / "publications", server, 1)
    assert past.latest is not None
    log.add_publication(past.latest, (), AT)
    log.add("rolled back", AT, {"drop": past.latest, "before": None})
    assert log.faults() == []
    beside = server.child("1").read(LOG)
    assert beside is not None
    server.child("1").write(LOG, b"".join(beside.splitlines(keepends=True)[:-1]))
    assert log.faults() == ["ends after entry 2, the state folder's copy has 3: cut"]
