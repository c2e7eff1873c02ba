"""Files of this machine: written whole, flushed, and known by the hash of what they hold."""

from __future__ import annotations

import functools
import hashlib
import os
from pathlib import Path


def content_hash(path: Path) -> str:
    """Return the SHA-256 of a file's content, as hexadecimal digits; OSError where it can't be read.

    Computed once for as long as the file stands as it is, because a run asks for it twice.
    """
    found = path.stat()
    # whoever writes to a file moves its time of change, even one who sets back the time of modification
    return _content_hash(path, found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)


@functools.lru_cache(maxsize=4096)
def _content_hash(path: Path, *_state: int) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_whole(path: Path, content: bytes) -> None:
    """Write a file of this machine under another name, flush it and rename it, so that nobody reads a part."""
    scratch = path.with_name(f".{path.name}.part")
    with scratch.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    scratch.replace(path)
    flush(path.parent)


def flush(path: Path) -> None:
    """Flush a file, or a folder's entries, to disk: so a rename outlives a power cut."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
