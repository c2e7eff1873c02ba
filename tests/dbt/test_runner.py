"""Where a parse of the dbt project is stored."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from pipeline.dbt import runner
from pipeline.dbt.runner import parsed_project
from pipeline.paths import DBT_PROJECT


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A dbt project with one folder of macros, in its own installation."""
    dbt_project = tmp_path / "installed/dbt_project"
    dbt_project.mkdir(parents=True)
    for name in ("dbt_project.yml", "profiles.yml"):
        shutil.copy(DBT_PROJECT / name, dbt_project)
    monkeypatch.setattr(runner, "DBT_PROJECT", dbt_project)
    monkeypatch.setattr(runner, "PROJECT_ROOT", dbt_project.parent)
    return dbt_project


def test_a_parse_is_kept_beside_the_project(project: Path, tmp_path: Path) -> None:
    parsed = parsed_project(spare=tmp_path / "state")
    assert parsed.folder.parent == project / "target"
    assert parsed.manifest["metadata"]["adapter_type"] == "duckdb"


def test_a_parse_has_the_read_permissions_of_the_project(project: Path) -> None:
    """For an image or a folder that root has set up and another user runs."""
    (project / "target").mkdir()
    left = project / "target" / ".999999999-0a1b2c3d4e5f-0"
    left.mkdir()
    assert parsed_project().folder.stat().st_mode == project.stat().st_mode
    assert not left.exists(), "leftovers of a killed parse"


def test_a_parse_is_kept_in_the_state_folder_if_the_project_is_read_only(project: Path, tmp_path: Path) -> None:
    (project / "target").write_text("a file in its way: root may write everywhere")
    parsed = parsed_project("postgres", spare=tmp_path / "state")
    assert parsed.folder.parent == tmp_path / "state/parsed"
    assert parsed.manifest["metadata"]["adapter_type"] == "postgres"
