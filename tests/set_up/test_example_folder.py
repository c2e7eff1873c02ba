"""`warehouse init` writes a folder that the commands accept unchanged."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pipeline.commands.set_up import init
from pipeline.common.errors import WarehouseError
from pipeline.common.progress import Progress
from pipeline.ingest.tables import SOURCE_TABLES
from pipeline.orchestration.check import check_sources
from pipeline.settings import Settings
from tests.orchestration.runs import Listener


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in [name for name in os.environ if name.startswith("WAREHOUSE_")]:
        monkeypatch.delenv(name)
    init(tmp_path / "new")
    monkeypatch.chdir(tmp_path / "new")
    return tmp_path / "new"


def test_the_example_has_every_table_and_each_is_read_as_that_table(folder: Path) -> None:
    checked = check_sources(Settings(), Progress(Listener()))
    found = {
        (table.table.source, table.table.name) for source in checked.sources for table in source.tables if table.files
    }
    assert found == {(table.source, table.name) for table in SOURCE_TABLES}
    assert [source.problem for source in checked.sources if source.problem] == []
    assert {finding.guard for finding in checked.findings} == {"needed_table"}  # because they have no rows


def test_the_settings_of_the_example_exist(folder: Path) -> None:
    lines = (folder / "warehouse.toml").read_text().splitlines()
    plain = [line.removeprefix("# ") for line in lines if " = " in line]
    named = {line.split(" = ")[0] for line in plain} - {"at_risk_days"}
    assert named <= set(Settings.model_fields)
    assert Settings().crm == "sources/crm"


def test_a_folder_with_files_is_not_changed(folder: Path) -> None:
    before = sorted(folder.rglob("*"))
    with pytest.raises(WarehouseError, match="is not empty"):
        init(folder)
    assert sorted(folder.rglob("*")) == before
