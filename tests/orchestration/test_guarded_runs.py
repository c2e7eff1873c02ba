"""D42: whole runs that no check of rows would stop end red or amber, with guard, place and both figures."""

from __future__ import annotations

import csv
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pipeline.sample.weeks.write_weeks import write_weeks

Edit = Callable[[list[dict[str, str]]], list[dict[str, str]]]


class Company:
    """A company of two weeks, the first of them published."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.weeks = write_weeks(folder / "weeks", accounts=40, seed=5, weeks=2)

    def run(self, week: int, *options: str) -> subprocess.CompletedProcess[str]:
        """Run a week's sources."""
        sources = [text for name in ("lmn", "crm", "platform") for text in (f"--{name}", str(self.weeks[week] / name))]
        where = ["--exports", str(self.folder / "exports"), "--state", str(self.folder / "state")]
        command = [sys.executable, "-m", "pipeline.cli", "run", *sources, *where, "--as-of", self.weeks[week].name]
        return subprocess.run([*command, *options], capture_output=True, text=True, check=False)

    def edit(self, table: str, edit: Edit) -> None:
        """Change the second week's rows of a table (`crm/accounts`)."""
        path = self.weeks[1] / f"{table}.csv"
        with path.open(newline="", encoding="utf-8") as file:
            rows = edit(list(csv.DictReader(file)))
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)

    def latest(self, organization: int) -> str:
        """Return the name of the drop that `latest` points to."""
        return (self.folder / "exports" / str(organization) / "latest").readlink().name

    def manifest(self, organization: int) -> dict[str, Any]:
        """Read the manifest of that drop."""
        folder = self.folder / "exports" / str(organization) / "latest"
        found: dict[str, Any] = json.loads((folder / "manifest.json").read_text())
        return found


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Company:
    company = Company(tmp_path_factory.mktemp("company"))
    first = company.run(0)
    assert first.returncode == 0, first.stderr
    return company


@pytest.fixture
def company(published: Company, tmp_path: Path) -> Company:
    """A copy of the company, to be spoilt."""
    copy = object.__new__(Company)
    copy.folder = tmp_path / "company"
    shutil.copytree(published.folder, copy.folder, symlinks=True)
    copy.weeks = [copy.folder / "weeks" / week.name for week in published.weeks]
    return copy


def renamed(old: str, new: str) -> Edit:
    return lambda rows: [{new if name == old else name: value for name, value in row.items()} for row in rows]


def test_a_misspelt_optional_header_stops_the_run_and_names_both_columns(company: Company) -> None:
    company.edit("crm/accounts", renamed("lmn_crm_id", "lmn_crmid"))
    stopped = company.run(1)
    assert stopped.returncode == 1
    assert "near_header" in stopped.stderr
    assert "'lmn_crm_id'" in stopped.stderr
    assert "'lmn_crmid'" in stopped.stderr
    assert company.latest(1).startswith(company.weeks[0].name.replace("-", ""))


@pytest.mark.parametrize(
    ("table", "guards"), [("platform/customer", "needed_table"), ("platform/email_prop", "lost_table")]
)
def test_a_missing_table_stops_the_run(company: Company, table: str, guards: str) -> None:
    (company.weeks[1] / f"{table}.csv").unlink()
    stopped = company.run(1)
    assert stopped.returncode == 1
    assert guards in stopped.stderr
    assert table.replace("/", ".") in stopped.stderr


def test_a_file_that_became_no_table_stops_the_run(company: Company) -> None:
    (company.weeks[1] / "crm" / "contacs.tsv").write_text("id\tname\n1\tA\n")
    stopped = company.run(1)
    assert stopped.returncode == 1
    assert "unread_file" in stopped.stderr
    assert "contacs.tsv" in stopped.stderr


def test_a_tenant_without_rows_is_held_back_alone_and_the_run_ends_with_3(company: Company) -> None:
    before = company.latest(2)
    company.edit("platform/customer", lambda rows: [row for row in rows if row["organization_id"] != "2"])
    ended = company.run(1, "--accept", "rows=a tenant left")
    assert ended.returncode == 3, ended.stderr
    assert "organization 2 was held back" in ended.stderr
    assert "kept_keys" in ended.stderr
    assert company.latest(2) == before
    assert company.latest(1).startswith(company.weeks[1].name.replace("-", ""))


def test_what_a_person_accepts_is_published_with_the_reason(company: Company) -> None:
    (company.weeks[1] / "platform" / "note.csv").unlink()
    why = "notes are kept elsewhere now"
    options = [f"lost_table:platform.note={why}", f"null_rate:account_core.last_note={why}", "rows=nothing needs this"]
    ended = company.run(1, *(text for option in options for text in ("--accept", option)))
    assert ended.returncode == 0, ended.stderr
    accepted = company.manifest(1)["accepted"]
    assert [(each["guard"], each["why"]) for each in accepted] == [("lost_table", why), ("null_rate", why)]
    assert "nothing needed it: rows=nothing needs this" in ended.stderr + ended.stdout
    history = subprocess.run(
        [sys.executable, "-m", "pipeline.cli", "runs", "--json", "--state", str(company.folder / "state")],
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(history.stdout)[0]["accepted"][0]["why"] == why
    assert company.manifest(1)["changes"]["against"].startswith(company.weeks[0].name.replace("-", ""))
