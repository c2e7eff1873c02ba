"""The changes of an account since the previous drop and the rows behind them, after two runs of a small company."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pipeline.cli import app
from pipeline.common.errors import WarehouseError
from pipeline.drops.diff import diff_drops, diff_lines
from pipeline.drops.find_drop import find_drop, open_drop
from pipeline.explain.changes import AccountChanges, explain_changes
from pipeline.questions.answer import ask
from pipeline.questions.question import find_question
from pipeline.settings import Settings
from tests.drops.delivered import delivered_encrypted
from tests.explain.company import write, write_company

BEFORE, NOW = "2025-01-08", "2025-01-15"


def run(folder: Path, as_of: str) -> None:
    places = ["--exports", folder / "exports", "--state", folder / "state", "--as-of", as_of]
    command = ["-m", "pipeline.cli", "run", "--crm", folder / "crm", "--platform", folder / "platform", *places]
    ended = subprocess.run([sys.executable, *map(str, command)], capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr


@pytest.fixture(scope="module")
def first_week(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("company")
    write_company(folder)
    run(folder, BEFORE)
    return folder


def settings_of(folder: Path) -> Settings:
    return Settings(state=folder / "state", exports=str(folder / "exports"))


@pytest.fixture(scope="module")
def refusal(first_week: Path) -> str:
    """The message with only one drop."""
    with pytest.raises(WarehouseError) as refused:
        explain_changes(settings_of(first_week), "busy")
    return str(refused.value)


@pytest.fixture(scope="module")
def two_weeks(first_week: Path, refusal: str) -> Path:
    """The company a week later: one estimate added, one removed, one with a higher price."""
    estimates = first_week / "crm/estimates.csv"
    with estimates.open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["id"] != "lost"]
    for row in rows:
        if row["id"] == "first":
            row["total_price"] = "120"
    write(estimates, [*rows, rows[0] | {"id": "extra", "lmn_estimate_id": "EST99", "total_price": "50"}])
    run(first_week, NOW)
    return first_week


@pytest.fixture(scope="module")
def changes(two_weeks: Path) -> AccountChanges:
    return explain_changes(settings_of(two_weeks), "usy cor")  # a part of a customer's name


def test_a_first_drop_has_no_previous_one(refusal: str) -> None:
    assert "there is no previous drop" in refusal


def test_added_changed_and_removed_rows_are_named(changes: AccountChanges) -> None:
    estimates = {row.key["id"]: row for row in changes.rows if row.export == "estimates"}
    assert {name: row.kind for name, row in estimates.items()} == {
        "extra": "added",
        "first": "changed",
        "lost": "removed",
    }
    assert estimates["first"].cells["price_used"] == (Decimal("100.00"), Decimal("120.00"))


def test_a_changed_value_has_the_rows_that_changed_it(changes: AccountChanges) -> None:
    (revenue,) = [column for column in changes.columns if column.name == "annual_revenue"]
    assert revenue.now - revenue.before == Decimal("70.00")
    numbers = {row["estimate_id"] for cause in revenue.causes for row in cause.rows if "estimate_id" in row}
    assert numbers == {"extra", "first"}


def test_unchanged_columns_are_not_listed(two_weeks: Path, changes: AccountChanges) -> None:
    names = {column.name for column in changes.columns}
    assert not names & {"account_name", "extracted_at", "data_as_of"}
    assert explain_changes(settings_of(two_weeks), "large", "name").columns == ()


@pytest.fixture(scope="module")
def encrypted(two_weeks: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """Both weeks' drops on an object store, encrypted."""
    scratch = tmp_path_factory.mktemp("encrypted")
    with (
        pytest.MonkeyPatch.context() as monkeypatch,
        delivered_encrypted(two_weeks / "exports", two_weeks / "state", scratch, "s3", monkeypatch) as settings,
    ):
        yield settings


def answers(settings: Settings) -> list[object]:
    """Return the results of the commands on drops: explain --changes, query --drop, diff."""
    latest, previous = (find_drop(f"1/{name}", settings) for name in ("latest", "previous"))
    with open_drop(previous) as before, open_drop(latest) as now:
        differences = diff_drops(before, now)
    questions = [ask(settings, find_question(name), "1/latest") for name in ("won_and_lost", "changes_since_last_drop")]
    return [explain_changes(settings, "usy cor"), *questions, diff_lines(differences)[1:]]


def test_encrypted_drops_on_a_server_give_the_same_answers_as_those_in_a_folder(
    two_weeks: Path, encrypted: Settings
) -> None:
    assert answers(encrypted) == answers(settings_of(two_weeks))


def test_without_the_key_each_command_says_that_the_drops_are_encrypted(two_weeks: Path, encrypted: Settings) -> None:
    key = two_weeks / "state" / "encryption.key"
    content = key.read_bytes()
    key.unlink()
    latest = find_drop("1/latest", encrypted)
    asked: list[Callable[[], object]] = [
        lambda: explain_changes(encrypted, "usy cor"),
        lambda: ask(encrypted, find_question("won_and_lost"), "1/latest"),
        lambda: open_drop(latest).__enter__(),
    ]
    try:
        for ask_for_rows in asked:
            with pytest.raises(WarehouseError, match=r"encrypted[^\0]*encryption\.key"):
                ask_for_rows()
    finally:
        key.write_bytes(content)


def test_the_command_writes_lines_or_json(two_weeks: Path) -> None:
    places = ["--state", str(two_weeks / "state"), "--exports", str(two_weeks / "exports")]
    explained = CliRunner().invoke(app, ["explain", "account", "busy", "annual_revenue", "--changes", *places])
    assert explained.exit_code == 0, explained.output
    assert "accounts.annual_revenue: " in explained.output
    assert "estimates lost removed" in explained.output
    as_json = CliRunner().invoke(app, ["explain", "account", "busy", "--changes", "--json", *places])
    assert {row["kind"] for row in json.loads(as_json.output)["rows"]} >= {"added", "changed", "removed"}
