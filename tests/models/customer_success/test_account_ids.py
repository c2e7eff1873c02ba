"""D24: the ids of accounts; a collision stops the run instead of mixing two accounts."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from tests.models.harness import BuiltModels, ModelsFailedError, built_models


def crm_only_id(crm_id: str) -> int:
    """500,000,000,000,000 and the first 12 hexadecimal digits of the md5."""
    return 500_000_000_000_000 + int(hashlib.md5(f"crm:{crm_id}".encode()).hexdigest()[:12], 16)


def test_a_crm_only_account_has_an_id_that_a_spreadsheet_keeps(models: BuiltModels) -> None:
    """A spreadsheet keeps 15 digits, JavaScript whole numbers up to 2^53."""
    names = ["a1", "", "é", "7" * 80, "a 'quoted' one"]
    models.refill({("crm", "accounts"): [{"id": name, "name": "A"} for name in names]})
    ids = [row["account_id"] for row in models.rows("account_core")]
    assert ids == sorted(map(crm_only_id, names))
    assert all(len(str(found)) == 15 for found in ids)


def test_a_duplicate_account_id_fails_the_run(tmp_path: Path) -> None:
    taken = crm_only_id("a1")
    with (
        pytest.raises(ModelsFailedError, match="account_ids_are_unique"),
        built_models(
            tmp_path,
            {
                ("crm", "accounts"): [{"id": "a1", "name": "Unlinked"}],
                ("platform", "customer"): [{"id": taken, "name": "In the way"}],
            },
            select=("+account_core", "+account_communication_stats", "+insight_snapshot", "+lifecycle_event_history"),
            commands=("build", "--exclude-resource-type", "unit_test", "--indirect-selection", "cautious"),
        ),
    ):
        raise AssertionError("the run went on")
