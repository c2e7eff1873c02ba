"""D42: complete runs that no row check would stop end red or amber, with guard, place and both figures."""

from __future__ import annotations

import csv
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.sample.weeks.write_weeks import write_weeks
from pipeline.state.runs import RunRecords
from tests.orchestration.warehouse import Warehouse

Edit = Callable[[list[dict[str, str]]], list[dict[str, str]]]


class Company:
    """A company with two weeks, the first published; tests spoil the files of the second."""

    def __init__(self, weeks: list[Path], warehouse: Warehouse) -> None:
        self.weeks = weeks
        self.warehouse = warehouse

    def run(self, week: int, *options: str) -> subprocess.CompletedProcess[str]:
        """Run a week's sources."""
        return self.warehouse.run(self.weeks[week], self.weeks[week].name, *options)

    def file(self, table: str) -> Path:
        """Return the second week's file of a table (`crm/accounts`)."""
        return self.weeks[1] / f"{table}.csv"

    def edit(self, table: str, edit: Edit) -> None:
        """Change the second week's rows of a table."""
        with self.file(table).open(newline="", encoding="utf-8") as file:
            rows = edit(list(csv.DictReader(file)))
        with self.file(table).open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)

    def has_published(self, organization: int, week: int) -> bool:
        """Return whether an organization's latest drop is of that week."""
        return self.warehouse.latest(organization).startswith(self.weeks[week].name.replace("-", ""))


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Company:
    folder = tmp_path_factory.mktemp("company")
    company = Company(write_weeks(folder / "weeks", accounts=40, seed=5, weeks=2), Warehouse(folder / "warehouse"))
    first = company.run(0)
    assert (first.returncode, company.warehouse.colour) == (0, "green"), first.stderr
    return company


@pytest.fixture
def company(published: Company, tmp_path: Path) -> Company:
    """A copy of the company for spoiling."""
    folder = tmp_path / "weeks"
    shutil.copytree(published.weeks[0].parent, folder)
    return Company([folder / week.name for week in published.weeks], published.warehouse.copy(tmp_path / "warehouse"))


def renamed(old: str, new: str) -> Edit:
    return lambda rows: [{new if name == old else name: value for name, value in row.items()} for row in rows]


def test_a_misspelt_optional_header_stops_the_run_and_names_both_columns_week_after_week(company: Company) -> None:
    company.edit("crm/accounts", renamed("lmn_crm_id", "lmn_crmid"))
    for _ in range(2):
        stopped = company.run(1)
        assert (stopped.returncode, company.warehouse.colour) == (1, "red")
        assert "guard near_header, crm.accounts.lmn_crmid" in stopped.stderr
        assert "'lmn_crm_id'" in stopped.stderr
        assert company.has_published(1, week=0)


def test_the_reason_for_a_stop_is_in_the_report_and_the_history(company: Company) -> None:
    company.edit("crm/accounts", renamed("lmn_crm_id", "lmn_crmid"))
    company.run(1)
    report = company.warehouse.report
    assert "The guards found implausible changes (near_header and lost_column)" in report
    assert "correct the header in the file" in report
    kept = RunRecords(company.warehouse.folder / "state" / "runs").newest_first()[0]
    assert [(finding["guard"], finding["place"]) for finding in kept.findings if finding["level"] == "stop"] == [
        ("near_header", "crm.accounts.lmn_crmid"),
        ("lost_column", "crm.accounts.lmn_crm_id"),
    ]


@pytest.mark.parametrize(
    ("table", "guards"), [("platform/customer", "needed_table"), ("platform/email_prop", "lost_table")]
)
def test_a_missing_table_stops_the_run(company: Company, table: str, guards: str) -> None:
    company.file(table).unlink()
    stopped = company.run(1)
    assert (stopped.returncode, company.warehouse.colour) == (1, "red")
    assert f"guard {guards}, {table.replace('/', '.')}" in stopped.stderr
    assert company.has_published(1, week=0)


@pytest.mark.parametrize(
    ("end", "words"),
    [("\n", "guard rows, platform.email_prop: its number of rows changed by -"), ("", "email_prop.csv")],
)
def test_a_half_written_file_stops_the_run(company: Company, end: str, words: str) -> None:
    """It ends with a complete line, or in the middle of one."""
    content = company.file("platform/email_prop").read_text(encoding="utf-8")
    half = content[: len(content) * 2 // 5]
    company.file("platform/email_prop").write_text(half[: half.rindex(end) + 1] if end else half, encoding="utf-8")
    stopped = company.run(1)
    assert (stopped.returncode, company.warehouse.colour) == (1, "red")
    assert words in stopped.stderr
    assert company.has_published(1, week=0)


def test_two_title_lines_hide_no_estimates(company: Company) -> None:
    estimates = company.file("lmn/estimates_list")
    estimates.write_text("Estimates\nof this week\n" + estimates.read_text(encoding="utf-8"), encoding="utf-8")
    ended = company.run(1)
    assert (ended.returncode, company.warehouse.colour) == (0, "green"), ended.stderr
    assert next(file["rows"] for file in company.warehouse.manifest(1)["files"] if file["export"] == "estimates") > 0


def test_twenty_title_lines_stop_the_run(company: Company) -> None:
    estimates = company.file("lmn/estimates_list")
    estimates.write_text("Estimates\n" * 20 + estimates.read_text(encoding="utf-8"), encoding="utf-8")
    stopped = company.run(1)
    assert (stopped.returncode, company.warehouse.colour) == (1, "red")
    assert "estimates_list.csv" in stopped.stderr
    assert company.has_published(1, week=0)


def test_a_file_that_is_no_longer_read_as_a_table_stops_the_run(company: Company) -> None:
    (company.weeks[1] / "crm" / "contacs.tsv").write_text("id\tname\n1\tA\n")
    stopped = company.run(1)
    assert stopped.returncode == 1
    assert "unread_file" in stopped.stderr
    assert "contacs.tsv" in stopped.stderr


def test_only_a_tenant_without_rows_is_held_back_and_the_run_exits_with_3(company: Company) -> None:
    before = company.warehouse.latest(2)
    company.edit("platform/customer", lambda rows: [row for row in rows if row["organization_id"] != "2"])
    ended = company.run(1, "--accept", "rows=a tenant left")
    assert (ended.returncode, company.warehouse.colour) == (3, "amber"), ended.stderr
    assert "organization 2 was held back" in ended.stderr
    assert "kept_keys" in ended.stderr
    assert company.warehouse.latest(2) == before
    assert company.has_published(1, week=1)


def test_an_accepted_finding_is_published_with_the_reason(company: Company) -> None:
    company.file("platform/note").unlink()
    why = "notes are kept elsewhere now"
    options = [f"lost_table:platform.note={why}", f"null_rate:account_core.last_note={why}", "rows=nothing needs this"]
    ended = company.run(1, *(text for option in options for text in ("--accept", option)))
    assert ended.returncode == 0, ended.stderr
    accepted = company.warehouse.manifest(1)["accepted"]
    assert [(each["guard"], each["why"]) for each in accepted] == [("lost_table", why), ("null_rate", why)]
    assert "no finding needed it: rows=nothing needs this" in ended.stderr + ended.stdout
    history = subprocess.run(
        [sys.executable, "-m", "pipeline.cli", "runs", "--json", "--state", str(company.warehouse.folder / "state")],
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(history.stdout)[0]["accepted"][0]["why"] == why
    assert company.warehouse.manifest(1)["changes"]["against"].startswith(company.weeks[0].name.replace("-", ""))
