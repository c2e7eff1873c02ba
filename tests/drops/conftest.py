"""Drops in the making."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from made_drops import CONTRACTS, CRM, marts

from pipeline.drops.stage import StagedDrop, stage_drop


@pytest.fixture
def stage(tmp_path: Path) -> Callable[..., StagedDrop]:
    """Stage the marts of an organization in a folder of its own name."""

    def stage_into(
        folder: Path | None = None, organization_id: int = 1, *, csv_safe: bool = False, **tables: Any
    ) -> StagedDrop:
        target = folder or tmp_path / "staged"
        return stage_drop(marts(**tables), CONTRACTS, organization_id, CRM, target, csv_safe=csv_safe)

    return stage_into
