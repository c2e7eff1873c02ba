"""What tests of engines share: a folder that PostgreSQL's own user may enter."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture(scope="module")
def state() -> Iterator[Path]:
    """A state folder outside pytest's own, which every pytest session closes to others, the server's user included."""
    with tempfile.TemporaryDirectory(prefix="warehouse-", ignore_cleanup_errors=True) as name:
        yield Path(name)
