"""A run's fingerprint: its sources, its code and settings, and the destination of its drops."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pipeline.orchestration import skip_repeated as repetition
from pipeline.orchestration.skip_repeated import run_fingerprint
from pipeline.run_plan import RunPlan
from pipeline.settings import Settings
from pipeline.state.history import DUPLICATES, DUPLICATES_SCHEMA, METRICS, METRICS_SCHEMA, RunHistory

STARTED = datetime(2025, 1, 15, tzinfo=UTC)


def fingerprint(folder: Path, crm: str = "crm", exports: str = "exports") -> str | None:
    settings = Settings(crm=crm, exports=exports, state=folder / "state")
    return run_fingerprint(settings, RunPlan.of(settings, STARTED))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "crm").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_parts_of_a_table_are_read_through_a_link(folder: Path) -> None:
    elsewhere = folder / "elsewhere"
    elsewhere.mkdir()
    part = elsewhere / "a.csv"
    part.write_text("id,name\n1,Acme\n")
    (folder / "crm" / "accounts").symlink_to(elsewhere)
    before = fingerprint(folder)
    assert fingerprint(folder) == before
    part.write_text("id,name\n1,Beta\n")
    assert fingerprint(folder) != before


def test_a_file_is_read_through_a_link(folder: Path) -> None:
    file = folder / "a.csv"
    file.write_text("id,name\n1,Acme\n")
    (folder / "crm" / "accounts.csv").symlink_to(file)
    before = fingerprint(folder)
    file.write_text("id,name\n1,Beta\n")
    assert fingerprint(folder) != before


@pytest.mark.parametrize("at", ["accounts/status=won/year=2024", "status=won/accounts"])
def test_files_in_hive_folders_are_read(folder: Path, at: str) -> None:
    part = folder / "crm" / at / "a.csv"
    part.parent.mkdir(parents=True)
    part.write_text("id,name\n1,Acme\n")
    before = fingerprint(folder)
    part.write_text("id,name\n1,Beta\n")
    assert fingerprint(folder) != before


def test_a_file_whose_name_is_not_utf_8_has_a_fingerprint(folder: Path) -> None:
    before = fingerprint(folder)
    Path(os.fsdecode(os.fsencode(folder / "crm") + b"/caf\xe9 notes.txt")).write_text("x")
    assert fingerprint(folder) != before


def test_the_same_path_in_another_place_is_another_run(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    crm = str(folder / "crm")
    before = fingerprint(folder, crm)
    assert fingerprint(folder, crm, str(folder / "exports")) == before, "the same place with another path"
    (folder / "other").mkdir()
    monkeypatch.chdir(folder / "other")
    assert fingerprint(folder, crm) != before


@pytest.mark.parametrize(
    ("file", "counts"),
    [
        ("pipeline/drops/stage.py", True),
        ("models/marts/a.sql", True),
        ("expectations/accounts.yml", True),
        ("dbt_project/seeds/won_statuses.csv", True),
        ("dbt_project/target/compiled/a.sql", False),
        ("pipeline/__pycache__/run.pyc", False),
    ],
)
def test_a_changed_program_is_another_run(
    folder: Path, monkeypatch: pytest.MonkeyPatch, file: str, counts: bool
) -> None:
    monkeypatch.setattr(repetition, "PROJECT_ROOT", folder)
    monkeypatch.setattr(repetition, "PACKAGE", folder / "pipeline")
    (folder / file).parent.mkdir(parents=True)
    (folder / file).write_text("1")
    before = fingerprint(folder)
    (folder / file).write_text("2")
    assert (fingerprint(folder) != before) == counts


@pytest.mark.parametrize(("days", "counts"), [(-1, True), (0, False), (1, False)])
def test_the_fingerprint_includes_the_state_of_earlier_runs(folder: Path, days: int, counts: bool) -> None:
    """D22: only runs of earlier instants count."""
    before = fingerprint(folder)
    left = {DUPLICATES: DUPLICATES_SCHEMA.empty_table(), METRICS: METRICS_SCHEMA.empty_table()}
    RunHistory(folder / "state").keep(STARTED + timedelta(days=days), left)
    assert (fingerprint(folder) != before) == counts


@pytest.mark.parametrize(
    "other", [{"csv_safe": True}, {"xlsx": True}, {"target": "postgres"}, {"platform": "platform"}]
)
def test_another_setting_is_another_run(folder: Path, other: dict[str, object]) -> None:
    (folder / "platform").mkdir(exist_ok=True)
    settings = Settings(crm="crm", state=folder / "state")
    plan = RunPlan.of(settings, STARTED)
    assert run_fingerprint(settings.model_copy(update=other), plan) != run_fingerprint(settings, plan)


@pytest.mark.parametrize("source", ["lmn", "crm", "platform"])
def test_a_changed_or_renamed_file_of_any_source_is_another_run(folder: Path, source: str) -> None:
    (folder / source).mkdir(exist_ok=True)
    settings = Settings(**{source: source}, state=folder / "state")
    plan = RunPlan.of(settings, STARTED)
    seen = []
    file = folder / source / "accounts.csv"
    for content in ("1", "2"):
        file.write_text(content)
        seen.append(run_fingerprint(settings, plan))
    file.rename(file.with_name("estimates.csv"))
    seen.append(run_fingerprint(settings, plan))
    assert len(set(seen)) == 3
