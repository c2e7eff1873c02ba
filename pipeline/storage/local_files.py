"""Local files: atomic writes, flushing, and content hashes.

A file is written under a hidden name in the same folder, flushed and renamed, so that nobody reads a part of it and a
power cut leaves either the old file or the new one. The hidden name identifies the writing process, so that the files
of killed processes can be removed.
"""

from __future__ import annotations

import errno
import functools
import hashlib
import itertools
import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final


def content_hash(path: Path) -> str:
    """Return the SHA-256 of a file's content, as hexadecimal digits; OSError if it can't be read.

    Cached for as long as the file is unchanged, because a run needs it twice.
    """
    found = path.stat()
    # every write changes ctime, even one that resets mtime
    return _content_hash(path, found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)


@functools.lru_cache(maxsize=4096)
def _content_hash(path: Path, *_state: int) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_whole(path: Path, content: bytes | str) -> None:
    """Write a file atomically, texts in UTF-8; OSError, which names the file, if that fails and the old one stays."""
    with whole_file(path) as draft:
        draft.write_bytes(content.encode() if isinstance(content, str) else content)


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Yield a hidden path to write to; at the end the file becomes `path`, or is removed after an error.

    OSError, which names `path`, if that fails.
    """
    draft = path.with_name(hidden_name())
    try:
        with naming(path):
            yield draft
            put_in_place(draft, path)
    finally:
        draft.unlink(missing_ok=True)


def write_secret(path: Path, content: bytes) -> None:
    """Write a file that only its owner may read, unless another process has written it meanwhile."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(hidden_name())
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
    flush(draft)
    with suppress(FileExistsError):
        os.link(draft, path)
    draft.unlink()
    flush(path.parent)


def put_in_place(draft: Path, path: Path) -> None:
    """Flush a finished file and rename it in the same folder, replacing an existing file."""
    flush(draft)
    draft.replace(path)
    flush(path.parent)


def point_link(link: Path, target: str) -> None:
    """Point a symbolic link at `target` atomically."""
    draft = link.with_name(hidden_name())
    draft.symlink_to(target)
    draft.replace(link)
    flush(link.parent)


def flush(path: Path) -> None:
    """Flush a file, or a folder's entries, to disk, so that a rename survives a power cut."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """Add the name of the file or folder to errors such as "No space left on device", which lack it."""
    try:
        yield
    except OSError as error:
        if error.filename is None and error.errno in _NO_ROOM:
            raise OSError(error.errno, os.strerror(error.errno), str(path)) from error
        raise


def is_full(folder: Path) -> bool:
    """Return whether a folder's disk is full; False if that is unknown."""
    try:
        return shutil.disk_usage(folder).free < _LEAST_ROOM
    except OSError:
        return False


_NO_ROOM: Final = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_LEAST_ROOM: Final = 1_000_000
"""Bytes: with less free space, the next write is likely to fail."""


_PROCESS: Final = uuid.uuid4().hex[:12]
"""Distinguishes this process from an earlier one with the same number, which is common in containers."""
_NUMBERS: Final = itertools.count()


def hidden_name() -> str:
    """Return a unique name for an unfinished file: `.4711-0a1b2c3d4e5f-0`."""
    return f".{os.getpid()}-{_PROCESS}-{next(_NUMBERS)}"


def clear_drafts(folder: Path) -> None:
    """Remove unfinished files in a folder whose writers are gone."""
    for path in folder.glob(".*-*-*"):
        number, process = path.name[1:].split("-")[:2]
        if not number.isdigit() or _is_writing(int(number), process):
            continue
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


def _is_writing(number: int, process: str) -> bool:
    if number == os.getpid():
        return process == _PROCESS
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # somebody else's
        pass
    return True
