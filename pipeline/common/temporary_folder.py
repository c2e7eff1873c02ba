"""A private temporary folder, instead of the system's, for this process and its children."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_VARIABLE = "TMPDIR"


@contextmanager
def temporary_folder(folder: Path) -> Iterator[None]:
    """Use `folder` for all temporary files in the block; it is emptied before, because of killed runs, and afterwards.

    The caller ensures that no other process uses the folder.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(exist_ok=True)
    before = os.environ.get(_VARIABLE), tempfile.tempdir
    os.environ[_VARIABLE] = tempfile.tempdir = str(folder)
    try:
        yield
    finally:
        variable, tempfile.tempdir = before
        if variable is None:
            os.environ.pop(_VARIABLE, None)
        else:
            os.environ[_VARIABLE] = variable
        shutil.rmtree(
            folder, ignore_errors=True
        )  # helpers that are still ending may write more; the next run clears it
