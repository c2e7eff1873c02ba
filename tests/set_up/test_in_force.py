"""`warehouse config` shows the settings in force and their origins, but no secrets."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from pipeline.commands.set_up import config
from pipeline.settings import Settings


@pytest.fixture(autouse=True)
def working_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("WAREHOUSE_")]:
        monkeypatch.delenv(name)
    (tmp_path / "warehouse.toml").write_text('lmn = "lmn"\nkeep_drops = 3\n[var]\nat_risk_days = 60\n')
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WAREHOUSE_CRM", "postgresql://reader:SECRETONE@db:5432/crm")
    monkeypatch.setenv("WAREHOUSE_POSTGRES_URL", "postgresql://loader:SECRETTWO@db/warehouse")
    monkeypatch.setenv("WAREHOUSE_ALERT_URLS", "json://user:SECRETTHREE@host")


def in_force(capsys: pytest.CaptureFixture[str], **given: Path) -> dict[str, tuple[object, str]]:
    config(state=given.get("state"), as_json=True)
    return {entry["name"]: (entry["value"], entry["origin"]) for entry in json.loads(capsys.readouterr().out)}


def test_every_setting_has_its_value_and_its_origin(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    found = in_force(capsys, state=tmp_path / "other")
    assert list(found) == list(Settings.model_fields)
    assert found["lmn"] == ("lmn", "warehouse.toml")
    assert found["var"] == ({"at_risk_days": 60}, "warehouse.toml")
    assert found["crm"][1] == "WAREHOUSE_CRM"
    assert found["state"] == (str(tmp_path / "other"), "--state")
    assert found["target"] == ("duckdb", "default")


@pytest.mark.parametrize("as_json", [True, False])
def test_no_secret_is_reported(capsys: pytest.CaptureFixture[str], as_json: bool) -> None:
    config(state=None, as_json=as_json)
    printed = capsys.readouterr().out
    assert "SECRET" not in printed
    assert "postgresql://db/crm" in printed
