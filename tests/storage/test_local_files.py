"""A file is written completely or not at all, whoever dies or fails, and drafts of dead writers are removed."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.storage.local_files import clear_drafts, hidden_name, is_full, point_link, whole_file, write_whole
from tests.drops.sudden_death import dies_at


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_writer_killed_anywhere_leaves_the_old_file_or_the_new_one(tmp_path: Path) -> None:
    file = tmp_path / "file"
    seen, number, died = set(), 0, True
    while died:
        number += 1
        file.write_text("old")
        died = dies_at(number, tmp_path, lambda: write_whole(file, "new"))
        seen.add(file.read_text())
        clear_drafts(tmp_path)
        assert names(tmp_path) == ["file"]
    assert seen == {"old", "new"}
    assert number > 4, "the writer was killed in too few places"


def test_a_writer_that_takes_a_path_gets_a_hidden_one_in_the_same_folder(tmp_path: Path) -> None:
    with whole_file(tmp_path / "file") as draft:
        draft.write_text("content")
        assert names(tmp_path) == [draft.name]
        assert draft.name.startswith(".")
    assert names(tmp_path) == ["file"]


def test_the_draft_of_a_failed_writer_is_removed(tmp_path: Path) -> None:
    write_whole(tmp_path / "file", b"old")
    with pytest.raises(RuntimeError), whole_file(tmp_path / "file") as draft:
        draft.write_text("half")
        raise RuntimeError
    assert names(tmp_path) == ["file"]
    assert (tmp_path / "file").read_bytes() == b"old"


def test_two_writers_of_one_file_do_not_interfere(tmp_path: Path) -> None:
    with whole_file(tmp_path / "file") as first, whole_file(tmp_path / "file") as second:
        first.write_text("first")
        second.write_text("second")
    assert (tmp_path / "file").read_text() == "first"


def test_a_full_disk_names_the_file(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No space left on device") as raised, whole_file(tmp_path / "file"):
        raise OSError(errno.ENOSPC, "Error writing bytes to file")  # Arrow's message, without a name
    assert raised.value.filename == str(tmp_path / "file")


def test_the_file_and_then_its_folder_are_flushed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    flushed: list[str] = []
    monkeypatch.setattr(os, "fsync", lambda number: flushed.append(Path(f"/proc/self/fd/{number}").readlink().name))
    write_whole(tmp_path / "file", "content")
    assert (flushed[0][0], flushed[1:]) == (".", [tmp_path.name])


def test_a_link_moves_in_one_step(tmp_path: Path) -> None:
    for target in ("first", "second"):
        point_link(tmp_path / "latest", target)
        assert (tmp_path / "latest").readlink() == Path(target)
    assert names(tmp_path) == ["latest"]


def test_drafts_of_living_processes_stay_and_others_are_removed(tmp_path: Path) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    own = hidden_name()
    same_number = (
        f".{os.getpid()}-0a1b2c3d4e5f-0"  # of an earlier run in a container, where process ids start at 1 again
    )
    for name in (own, f"{own}.data", ".1-0a1b2c3d4e5f-0", f".{ended.pid}-0a1b2c3d4e5f-7", same_number):
        (tmp_path / name).touch()
    (tmp_path / f".{ended.pid}-0a1b2c3d4e5f-8").mkdir()
    for name in (".hidden-by-hand-0", "data-0-1"):
        (tmp_path / name).touch()
    clear_drafts(tmp_path)
    assert set(names(tmp_path)) == {own, f"{own}.data", ".1-0a1b2c3d4e5f-0", ".hidden-by-hand-0", "data-0-1"}


def test_a_folder_is_full_if_its_disk_has_almost_no_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage(tmp_path)
    for free, full in ((0, True), (500_000, True), (2_000_000, False)):
        monkeypatch.setattr(shutil, "disk_usage", lambda _, free=free: usage._replace(free=free))
        assert is_full(tmp_path) is full
