"""Drops in the making."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pipeline.drops.stage import StagedDrop, stage_drops
from tests.drops.made_drops import CONTRACTS, CRM, marts


@pytest.fixture
def stage(tmp_path: Path) -> Callable[..., StagedDrop]:
    """Stage the marts of an organization in a folder of its own name."""

    def stage_into(
        folder: Path | None = None, organization_id: int = 1, *, csv_safe: bool = False, **tables: Any
    ) -> StagedDrop:
        target = folder or tmp_path / "staged"
        (drop,) = stage_drops(marts(**tables), CONTRACTS, {organization_id: target}, CRM, csv_safe=csv_safe)
        return drop

    return stage_into
