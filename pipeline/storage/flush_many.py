"""Flushes everything written to a file system at once, where Linux can: one wait instead of one per file."""

from __future__ import annotations

import ctypes
import os
import platform
import re
import sys
from pathlib import Path
from typing import Final

_KNOWN: Final = {0xEF53: "ext4", 0x58465342: "XFS", 0x9123683E: "btrfs", 0x794C7630: "overlayfs"}
"""File systems, by their number in the kernel, on which `syncfs` is known to flush everything."""
_REPORTS_FAILURES_SINCE: Final = (5, 8)
"""The first version of Linux in which `syncfs` fails if a file could not be written."""


def flush_file_system(folder: Path) -> bool:
    """Flush all files of the file system of a folder to disk; False if that is not supported.

    OSError, which names the folder, if one could not be written.
    """
    if sys.platform != "linux" or _version() < _REPORTS_FAILURES_SINCE:
        return False
    system = ctypes.CDLL(None, use_errno=True)
    if not hasattr(system, "syncfs") or _kind(system, folder) not in _KNOWN:
        return False
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        if system.syncfs(descriptor) != 0:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number), str(folder))
    finally:
        os.close(descriptor)
    return True


def _version() -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", platform.release())[:2])


def _kind(system: ctypes.CDLL, folder: Path) -> int:
    """Return the kernel's number of a folder's file system, the first field of `statfs`."""
    answer = ctypes.create_string_buffer(512)
    if system.statfs(os.fsencode(folder), answer) != 0:
        return 0
    return ctypes.c_long.from_buffer(answer).value
