"""A file is hashed once, and again only after a change."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from pipeline.storage.local_files import content_hash


def test_it_is_the_sha256_of_the_content(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"some rows")
    assert content_hash(file) == hashlib.sha256(b"some rows").hexdigest()


def test_an_unchanged_file_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"some rows")
    first = content_hash(file)
    monkeypatch.setattr(Path, "open", lambda *_: pytest.fail("it was opened again"))
    assert content_hash(file) == first


def test_changed_content_of_the_same_size_and_time_is_noticed(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"some rows")
    before, stood = content_hash(file), file.stat()
    file.write_bytes(b"same rows")
    os.utime(file, ns=(stood.st_atime_ns, stood.st_mtime_ns))
    while file.stat().st_ctime_ns == stood.st_ctime_ns:  # in case the file system's clock is coarse
        os.utime(file, ns=(stood.st_atime_ns, stood.st_mtime_ns))
    assert (file.stat().st_size, file.stat().st_mtime_ns) == (stood.st_size, stood.st_mtime_ns)
    assert content_hash(file) == hashlib.sha256(b"same rows").hexdigest() != before
