"""The drops of a folder, delivered to a server and encrypted for a receiver as runs with that setting do."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from pysequoia import Tsk

from pipeline.drops.catalog import organizations_in, published_drops, read_manifest
from pipeline.drops.destination import open_destination
from pipeline.drops.manifest import MANIFEST
from pipeline.drops.stage import StagedDrop
from pipeline.settings import Settings
from pipeline.state.workspace import Workspace
from pipeline.storage.place import open_place
from tests.drops.servers import drop_server


@contextmanager
def delivered_encrypted(
    exports: Path, state: Path, scratch: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Settings]:
    """Serve a folder's drops from `s3` or `sftp`; yield settings that read them with a state folder's key."""
    receiver = scratch / "receiver.pgp"
    receiver.write_bytes(bytes(Tsk.generate("receiver").extract_certificate()))
    with drop_server(kind, scratch / "server", monkeypatch) as url:
        settings = Settings(exports=url, state=state, receiver_key=receiver)
        destination = open_destination(settings, Workspace(state))
        for organization_id in organizations_in(open_place(str(exports))):
            drops_folder = open_place(str(exports / str(organization_id)))
            for drop in reversed(published_drops(drops_folder)):
                manifest = read_manifest(drops_folder.child(drop.name))
                assert manifest is not None
                staged = destination.staging_folder(organization_id, "run")
                shutil.copytree(Path(drops_folder.root) / drop.name, staged, ignore=shutil.ignore_patterns(MANIFEST))
                destination.point(destination.put(StagedDrop(organization_id, staged, ()), manifest))
        yield settings
