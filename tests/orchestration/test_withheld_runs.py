"""A run that withholds personal data: its drop, and the effect of changing the setting."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from pipeline.contracts.contract import ExportContract
from pipeline.contracts.read_contracts import contracts_in_folder
from pipeline.drops.verify import verify_drop
from pipeline.paths import PROJECT_ROOT
from tests.orchestration.warehouse import Warehouse

SAMPLE = PROJECT_ROOT / "sample"
CONTRACTS = contracts_in_folder(PROJECT_ROOT / "models")
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def week(tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    """A drop with all data, and a week later one without personal data."""
    warehouse = Warehouse(tmp_path_factory.mktemp("withheld"))
    with pytest.MonkeyPatch.context() as environment:
        for as_of, how in (("2025-01-15T00:00:00Z", "keep"), ("2025-01-22T00:00:00Z", "drop")):
            environment.setenv("WAREHOUSE_PERSONAL_DATA", how)
            ended = warehouse.run(SAMPLE, as_of, "--csv-safe", "--xlsx", "--cuts")
            assert ended.returncode == 0, ended.stderr
    return warehouse


def personal_values(drop: Path, contract: ExportContract) -> set[str]:
    """Return the texts that occur only in a drop's personal columns."""
    rows = pq.read_table(drop / f"{contract.name}.parquet")
    found: set[str] = set()
    for column in contract.personal_columns:
        other, meant = column.personal_where or (column.name, None)
        for value, where in zip(rows[column.name].to_pylist(), rows[other].to_pylist(), strict=True):
            if value and not column.is_json and (meant is None or where == meant):
                found.add(value)
    return {value for value in found if len(value) > 6}


def test_nothing_of_the_drop_or_its_reports_names_a_person(week: Warehouse) -> None:
    exports = week.folder / "exports" / "1"
    (kept,) = (folder for folder in exports.iterdir() if folder.name.startswith("20250115"))
    withheld = exports / week.latest(1)
    names = set(pq.read_table(kept / "account_core.parquet", columns=["account_name"])[0].to_pylist())
    names |= set(pq.read_table(kept / "accounts.parquet", columns=["name"])[0].to_pylist())
    values = set().union(*(personal_values(kept, contract) for contract in CONTRACTS))
    values = {value for value in values if not any(value in (name or "") for name in names)}
    assert len(values) > 500
    pages = [page for page in exports.glob("reports/*") if page.name.startswith("20250122")]
    files = [path for path in (*withheld.rglob("*"), *pages) if path.is_file()]
    texts = {
        path: json.dumps(pq.read_table(path).to_pylist(), default=str, ensure_ascii=False)
        if path.suffix == ".parquet"
        else path.read_text(encoding="utf-8", errors="replace")
        for path in files
        if path.suffix != ".xlsx"
    }
    assert pages and len(texts) > 60
    assert [(path.name, value) for path, text in texts.items() for value in values if value in text] == []


def test_a_changed_setting_is_reported_and_stops_nothing(week: Warehouse) -> None:
    manifest = week.manifest(1)
    changes = manifest["changes"]
    assert "stakeholder_fact" in changes["personal_data_changed"]
    rows = {file["name"]: file["rows"] for file in changes["files"]}
    assert rows["changes/team_dimension.changed.csv"] == rows["changes/win_loss.removed.csv"] == 0
    assert [finding for finding in manifest["guards"] if finding["guard"] == "null_rate"] == []


def test_the_drop_verifies_and_can_be_remade(week: Warehouse) -> None:
    assert verify_drop(str(week.folder / "exports" / "1" / "latest")) == []
    command = [sys.executable, "-m", "pipeline.cli", "replay", "1/latest", "--exports", "exports", "--state", "state"]
    ended = subprocess.run(command, cwd=week.folder, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr
