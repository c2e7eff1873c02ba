"""`warehouse ui` starts Dagster on the settings that `warehouse run` would have there: same folder, same precedence."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pipeline.cli import ui
from pipeline.definitions import defs
from pipeline.settings import Settings

SETTINGS = """\
lmn = "sources/lmn"
crm = "sources/crm"
exports = "out"
state = "kept"
"""


class BecameError(Exception):
    """In place of becoming another program."""

    def __init__(self, program: str, arguments: list[str], environment: dict[str, str]) -> None:
        super().__init__(program)
        self.arguments = arguments
        self.environment = environment


@pytest.fixture
def working_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "work"
    folder.mkdir()
    (folder / "warehouse.toml").write_text(SETTINGS)
    monkeypatch.chdir(folder)
    for name in [name for name in os.environ if name.startswith("WAREHOUSE_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("WAREHOUSE_CRM", "other/crm")
    return folder


def started_by_ui(state: Path | None, monkeypatch: pytest.MonkeyPatch) -> BecameError:
    """What `warehouse ui` becomes; this process then has its environment."""

    def become(program: str, arguments: list[str], environment: dict[str, str]) -> None:
        raise BecameError(program, arguments, environment)

    monkeypatch.setattr(os, "execve", become)
    with pytest.raises(BecameError) as caught:
        ui(port=3123, state=state)
    for name, value in caught.value.environment.items():
        monkeypatch.setenv(name, value)
    return caught.value


def settings_served() -> Settings:
    """The settings of the definitions that Dagster loads here."""
    settings = defs().resources["settings"]
    assert isinstance(settings, Settings)
    return settings


def test_the_state_of_the_command_line_is_the_one_that_dagster_uses(
    working_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    became = started_by_ui(Path("../elsewhere"), monkeypatch)
    elsewhere = working_folder.parent / "elsewhere"
    assert settings_served().state == elsewhere
    assert Path(became.environment["DAGSTER_HOME"]) == elsewhere / "dagster"
    assert (elsewhere / "dagster" / "dagster.yaml").is_file()


def test_the_working_folder_and_its_settings_stay(working_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    started_by_ui(None, monkeypatch)
    assert Path.cwd() == working_folder
    served = settings_served()
    assert served == Settings()
    assert (served.lmn, served.crm, served.exports) == ("sources/lmn", "other/crm", "out")
    assert served.state == working_folder / "kept"


def test_the_page_is_for_this_machine_only(working_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    arguments = started_by_ui(None, monkeypatch).arguments
    assert arguments[arguments.index("--host") + 1] == "127.0.0.1"
    assert arguments[arguments.index("--port") + 1] == "3123"
