"""The SHA-256 of a file's content, computed once for as long as the file stands as it is: a run asks for it twice."""

from __future__ import annotations

import functools
import hashlib
from pathlib import Path


def content_hash(path: Path) -> str:
    """Hash a file's content, as hexadecimal digits; OSError if it can't be read."""
    found = path.stat()
    # whoever writes to a file moves its time of change, even one who sets back the time of modification
    return _content_hash(path, found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)


@functools.lru_cache(maxsize=4096)
def _content_hash(path: Path, *_state: int) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
