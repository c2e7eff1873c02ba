"""Publishing to a folder: a reader sees the old or the new drop complete, wherever the writer dies."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import random
import shutil
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from pipeline.common.errors import WarehouseError
from pipeline.drops.catalog import LATEST, latest_manifest
from pipeline.drops.manifest import MANIFEST, drop_name
from pipeline.drops.manifest_layout import hashed_bytes, parse_manifest
from pipeline.drops.publish_to_folder import FolderDestination
from pipeline.drops.retention import prune
from pipeline.drops.stage import StagedDrop
from pipeline.drops.verify import verify_drop
from pipeline.storage.flush_many import flush_file_system
from pipeline.storage.place import open_place, require_writable
from tests.drops.made_drops import AS_OF, manifest_of, publish
from tests.drops.sudden_death import dies_at

ORGANIZATION = 1

linux_only = pytest.mark.skipif(sys.platform != "linux", reason="other systems flush file by file")


class Exports:
    """An exports folder, and drops to publish that differ only by a note in their manifest."""

    def __init__(self, root: Path, template: StagedDrop) -> None:
        self.root = root
        self.template = template
        self.destination = FolderDestination(open_place(str(root)))
        self.organization = root / str(ORGANIZATION)
        self.runs = 0

    def publish(self, note: str, day: int = 0) -> Path:
        """Do what a run does: clear leftovers, stage, publish."""
        self.runs += 1
        self.destination.clear_staging()
        folder = self.destination.staging_folder(ORGANIZATION, f"run-{self.runs}")
        shutil.copytree(self.template.folder, folder)
        drop = replace(self.template, folder=folder)
        manifest = manifest_of(drop, as_of=AS_OF + timedelta(days=day), note=note)
        return Path(publish(self.destination, drop, manifest).location)

    def latest(self) -> str | None:
        link = self.organization / LATEST
        return link.readlink().name if link.is_symlink() else None

    def faults(self) -> list[str]:
        """List what a reader could stumble over: an incomplete drop, a broken `latest`."""
        found = []
        for folder in self.organization.glob("2*"):
            if (folder / MANIFEST).exists():
                found += [f"{folder.name}: {fault}" for fault in verify_drop(str(folder))]
        latest = self.latest()
        if latest is not None and not (self.organization / latest / MANIFEST).exists():
            found.append("latest leads to no drop")
        return found


@pytest.fixture
def exports(tmp_path: Path, stage: Callable[..., StagedDrop]) -> Exports:
    return Exports(tmp_path / "exports", stage(tmp_path / "template"))


def test_a_drop_has_files_checksums_a_manifest_and_latest(exports: Exports) -> None:
    folder = exports.publish("first")
    assert sorted(path.name for path in folder.iterdir()) == [
        *("SHA256SUMS", "deals.csv", "deals.parquet", "manifest.json", "places.csv", "places.parquet")
    ]
    assert exports.latest() == folder.name
    assert sorted(path.name for path in exports.organization.iterdir()) == [folder.name, LATEST]
    assert exports.faults() == []


def test_the_name_is_the_instant_and_the_hash_of_the_content(exports: Exports) -> None:
    folder = exports.publish("first")
    manifest = parse_manifest((folder / MANIFEST).read_bytes())
    beside = ("content_hash", "manifest_hash", "guards", "accepted", "changes", "page")
    body = {name: value for name, value in manifest.items() if name not in beside} | {"manifest_version": 1}
    digest = hashlib.sha256(hashed_bytes(body)).hexdigest()
    assert manifest["content_hash"] == digest
    assert folder.name == f"20250115T000000Z-{digest[:8]}" == drop_name(manifest)


def test_the_same_drop_again_is_published_as_before_and_changes_nothing(exports: Exports) -> None:
    folder = exports.publish("first")
    before = {path: (path.stat().st_mtime_ns, path.stat().st_ino) for path in folder.iterdir()}
    assert exports.publish("first") == folder
    assert {path: (path.stat().st_mtime_ns, path.stat().st_ino) for path in folder.iterdir()} == before
    assert sorted(path.name for path in exports.organization.iterdir()) == [folder.name, LATEST]


def test_an_earlier_drop_published_again_becomes_the_latest_again(exports: Exports) -> None:
    first = exports.publish("first")
    exports.publish("second")
    assert exports.publish("first") == first
    assert exports.latest() == first.name
    manifest = latest_manifest(exports.destination.place, ORGANIZATION)
    assert manifest is not None and drop_name(manifest) == first.name


def test_a_changed_published_drop_is_not_overwritten(exports: Exports) -> None:
    folder = exports.publish("first")
    (folder / MANIFEST).write_bytes(b"{}")
    with pytest.raises(WarehouseError, match="another drop has the same name"):
        exports.publish("first")
    assert (folder / MANIFEST).read_bytes() == b"{}"


def test_a_changed_published_file_is_reported_and_republished_once_it_is_moved_away(
    exports: Exports,
) -> None:
    folder = exports.publish("first")
    (folder / "deals.csv").write_bytes(b"changed")
    with pytest.raises(WarehouseError, match="has 7 now") as caught:
        exports.publish("first")
    assert caught.value.where == str(folder / "deals.csv")
    (folder / "deals.csv").unlink()
    with pytest.raises(WarehouseError, match="is gone"):
        exports.publish("first")
    folder.rename(exports.root / "moved-away")
    assert exports.publish("first") == folder
    assert exports.faults() == []


def test_remains_of_a_killed_run_are_cleared(exports: Exports) -> None:
    exports.publish("first")
    left = exports.organization / ".staging-dead"
    left.mkdir()
    (left / "deals.csv").write_text("half")
    exports.destination.clear_staging()
    assert not left.exists()
    assert exports.faults() == []


def test_two_runs_take_turns(exports: Exports) -> None:
    from filelock import Timeout

    with exports.destination.turn():
        other = exports.destination.turn()
        with pytest.raises(Timeout):
            other.acquire(timeout=0)  # type: ignore[attr-defined]


def test_an_unwritable_exports_folder_is_noticed_before_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    require_writable(str(tmp_path / "new" / "exports"))
    assert list(tmp_path.iterdir()) == [], "the check creates no file"
    (tmp_path / "file").write_text("")
    with pytest.raises(WarehouseError, match="is a file") as caught:
        require_writable(str(tmp_path / "file" / "exports"))
    assert caught.value.where == str(tmp_path / "file")
    (tmp_path / "exports").mkdir()
    (tmp_path / "exports" / ".lock").touch()
    for refused in (tmp_path / "exports", tmp_path / "exports" / ".lock"):
        monkeypatch.setattr(os, "access", lambda path, mode, refused=refused: path != refused)
        with pytest.raises(WarehouseError, match="can't write") as caught:
            require_writable(str(tmp_path / "exports"))
        assert caught.value.where == str(refused)


BEFORE: dict[str, Callable[[Exports], object]] = {
    "nothing published before": lambda exports: None,
    "another drop published before": lambda exports: exports.publish("old"),
    "the same drop published before": lambda exports: (exports.publish("new"), exports.publish("old")),
    "the same drop published before and killed before its manifest": lambda exports: [
        exports.publish("old"),
        (exports.publish("new") / MANIFEST).unlink(),
        exports.publish("old"),
    ],
}


@pytest.mark.parametrize("before", BEFORE)
def test_a_run_killed_anywhere_leaves_whole_drops_and_the_next_run_completes_it(
    before: str, tmp_path: Path, stage: Callable[..., StagedDrop]
) -> None:
    template = stage(tmp_path / "template")
    touch = 0
    died = True
    while died:
        touch += 1
        exports = Exports(tmp_path / f"exports-{touch}", template)
        BEFORE[before](exports)
        old = exports.latest()
        died = dies_at(touch, exports.root, lambda exports=exports: exports.publish("new"))  # type: ignore[misc]
        assert exports.faults() == [], f"killed before touch {touch}"
        assert exports.latest() in (old, exports.publish("new").name)
        assert exports.faults() == []
        assert not list(exports.organization.glob(".*")), "something is left over"
    assert touch > 15, "the run was killed in too few places"


@pytest.mark.slow
def test_thousands_of_kills_in_a_row_never_show_an_incomplete_drop(
    tmp_path: Path, stage: Callable[..., StagedDrop]
) -> None:
    chance = random.Random(20250115)
    exports = Exports(tmp_path / "exports", stage(tmp_path / "template"))
    now = AS_OF + timedelta(days=400_000)  # every drop is past its day of grace
    kills = 0
    for _ in range(2500):
        note, day = chance.choice("abcdefgh"), chance.randrange(3)

        def run(note: str = note, day: int = day) -> None:
            exports.publish(note, day)
            prune(exports.destination.drops_folder(ORGANIZATION), 2, now)

        kills += dies_at(chance.randrange(1, 50), exports.root, run)
        assert exports.faults() == []
        assert exports.latest() is None or (exports.organization / str(exports.latest()) / MANIFEST).exists()
    assert kills > 1000
    exports.publish("last")
    prune(exports.destination.drops_folder(ORGANIZATION), 2, now)
    assert len(list(exports.organization.glob("2*"))) == 2
    assert exports.faults() == []


def test_a_reader_that_never_stops_reading_sees_only_whole_drops(exports: Exports) -> None:
    exports.publish("0")
    stopped, stopping = os.pipe()
    seen, seeing = os.pipe()
    reader = os.fork()
    if reader == 0:
        _read_until_stopped(exports, stopped, seeing)
    os.close(seeing)
    with os.fdopen(seen) as looks:
        for at in range(1, 60):
            published = f"{exports.publish(str(at)).name}\n"
            assert any(look == published for look in looks), (
                "the next drop is published after the reader has seen this one"
            )
        os.write(stopping, b"x")
        _, status = os.waitpid(reader, 0)
    assert os.waitstatus_to_exitcode(status) == 0


def _read_until_stopped(exports: Exports, stopped: int, seeing: int) -> None:
    """Read until told to stop, and name each complete drop; exit with 0 only if all were complete."""
    import select

    code = 1
    try:
        while not select.select([stopped], [], [], 0)[0]:
            folder = exports.organization / str(exports.latest())
            manifest = json.loads((folder / MANIFEST).read_bytes())
            for file in manifest["files"]:
                assert hashlib.sha256((folder / file["name"]).read_bytes()).hexdigest() == file["sha256"]
            os.write(seeing, f"{folder.name}\n".encode())
        code = 0
    finally:
        os._exit(code)


@pytest.fixture
def flushed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of files that are flushed to disk one by one."""
    names: list[str] = []
    flush = os.fsync

    def named(descriptor: int) -> None:
        names.append(Path(f"/proc/self/fd/{descriptor}").readlink().name)
        flush(descriptor)

    monkeypatch.setattr(os, "fsync", named)
    return names


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="only Linux says which file a number is")
def test_everything_is_flushed_before_the_next_file_refers_to_it(exports: Exports, flushed: list[str]) -> None:
    """Files, then the rename, then the manifest, then `latest`: a power cut in between leaves nothing incomplete."""
    drop = exports.publish("first")
    manifest = max(at for at, name in enumerate(flushed) if name.startswith("."))  # under its hidden name
    files = {"SHA256SUMS", "deals.csv", "deals.parquet", "places.csv", "places.parquet"}
    assert files < set(flushed[: manifest - 1])
    assert flushed[manifest - 1 :] == ["1", flushed[manifest], drop.name, "1"]


def publish_many(exports: Exports) -> None:
    """Publish the drops of ten organizations, as a run does that has many."""
    drops = [replace(exports.template, organization_id=one) for one in range(1, 11)]
    drops = [replace(drop, folder=exports.destination.staging_folder(drop.organization_id, "run")) for drop in drops]
    for drop in drops:
        shutil.copytree(exports.template.folder, drop.folder)
    exports.destination.flush_staged(drops)
    for drop in drops:
        exports.destination.put(drop, manifest_of(drop, as_of=AS_OF, note="many"))


@linux_only
def test_the_files_of_many_drops_are_flushed_with_their_file_system(exports: Exports, flushed: list[str]) -> None:
    if not flush_file_system(exports.template.folder):
        pytest.skip("not known of this file system")
    publish_many(exports)
    assert not {file.name for file in exports.template.files} & {*flushed}


@linux_only
def test_each_file_is_flushed_if_a_file_system_flush_reports_no_errors(
    exports: Exports, flushed: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(platform, "release", lambda: "4.18.0-553.el8")
    publish_many(exports)
    names = [file.name for file in exports.template.files]
    assert names
    assert [flushed.count(name) for name in names] == [10] * len(names)
