"""The valid values of settings from the command line, the environment and `warehouse.toml`."""

from __future__ import annotations

import os
import traceback
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import ValidationError

from pipeline.settings import Settings

MIDNIGHT = datetime(2025, 1, 15, tzinfo=UTC)


@pytest.fixture(autouse=True)
def working_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("written", "instant"),
    [
        ("2025-01-15", MIDNIGHT),
        ('"2025-01-15"', MIDNIGHT),
        ("2025-01-15T00:00:00", MIDNIGHT),
        ("2025-01-15T02:00:00+02:00", MIDNIGHT),
        ('"2025-01-15T00:00:00.9Z"', MIDNIGHT),
        ("2000-01-01", datetime(2000, 1, 1, tzinfo=UTC)),
        ("2100-12-31T23:59:59Z", datetime(2100, 12, 31, 23, 59, 59, tzinfo=UTC)),
    ],
)
def test_native_toml_dates_are_instants_in_utc(written: str, instant: datetime, working_folder: Path) -> None:
    (working_folder / "warehouse.toml").write_text(f"as_of = {written}\n")
    assert Settings().as_of == instant


@pytest.mark.parametrize(
    "given",
    [
        "1999-12-31T23:59:59",
        "2000-01-01T00:30:00+01:00",
        "2101-01-01",
        "2100-12-31T23:30:00-01:00",
        "0001-01-01T00:00:00+05:00",
        "9999-12-31T23:59:59-05:00",
    ],
)
def test_an_instant_outside_the_sources_years_is_refused(given: str) -> None:
    with pytest.raises(ValidationError, match="is outside the years 2000 to 2100"):
        Settings(as_of=given)


def test_a_number_is_not_an_instant() -> None:
    with pytest.raises(ValidationError, match="is not a date or date-time"):
        Settings(as_of=20250115)


def test_an_empty_variable_is_unset(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WAREHOUSE_CRM", "")
    monkeypatch.setenv("WAREHOUSE_EXPORTS", "")
    settings = Settings()
    assert (settings.crm, settings.exports) == (None, "exports")


@pytest.mark.parametrize("name", ["lmn", "crm", "platform", "exports", "state"])
def test_a_path_that_is_not_utf_8_is_refused(name: str, tmp_path: Path) -> None:
    folder = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9"))
    with pytest.raises(ValidationError, match=r"caf\\xe9 is not UTF-8"):
        Settings(**{name: folder if name == "state" else str(folder)})


@pytest.mark.parametrize("name", ["lmn", "crm", "platform", "exports"])
def test_a_blank_path_is_not_the_working_folder(name: str) -> None:
    with pytest.raises(ValidationError, match="is blank"):
        Settings(**{name: " "})


@pytest.mark.parametrize("name", ["lmn", "crm", "platform", "exports", "state", "spark_master"])
@pytest.mark.parametrize(
    "url",
    [
        "postgresql://u:k3/CANARY@h/x",
        "sftp:/u:CANARY@h/x",
        "host=h password=CANARY",
        "u:CANARY@h/x",
        "spark://u:CANARY@h:7077?",
    ],
)
def test_an_unparsable_url_is_refused_with_its_setting_and_not_quoted(name: str, url: str) -> None:
    if url.startswith("spark") and name != "spark_master":
        url = f"//{url}"
    with pytest.raises(ValidationError, match=r"URL|user or password") as raised:
        Settings(**{name: url})
    assert "CANARY" not in "".join(traceback.format_exception(raised.value))


def test_findings_cannot_be_accepted_by_a_file_or_a_variable(
    monkeypatch: pytest.MonkeyPatch, working_folder: Path
) -> None:
    monkeypatch.setenv("WAREHOUSE_ACCEPT", '["rows=always"]')
    assert "accept" not in Settings().model_dump()
    (working_folder / "warehouse.toml").write_text('accept = ["rows=always"]')
    with pytest.raises(ValidationError, match="accept"):
        Settings()
