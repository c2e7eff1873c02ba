"""Shared by the tests of engines: a folder that PostgreSQL's user may enter."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture(scope="module")
def state() -> Iterator[Path]:
    """A state folder outside pytest's own, which is closed to other users, including the server's."""
    with tempfile.TemporaryDirectory(prefix="warehouse-", ignore_cleanup_errors=True) as name:
        yield Path(name)
