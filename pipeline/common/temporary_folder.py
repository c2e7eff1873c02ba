"""A temporary folder of our own, in place of the machine's, for this process and those that it starts."""

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
    """Have everything temporary lie in `folder` meanwhile: it is cleared before, for who was killed, and after.

    Whoever calls it sees to it that nobody else uses the folder.
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
        shutil.rmtree(folder, ignore_errors=True)  # what a helper still writes as it ends, the next one clears
