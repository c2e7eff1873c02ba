"""`warehouse check`: what a run would read, and how, without a run."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pipeline.cli import app

CASES = Path(__file__).parents[1] / "ingest" / "cases"


def check(tmp_path: Path, *arguments: str) -> tuple[int, str]:
    """Return the exit code and the output."""
    result = CliRunner().invoke(app, ["check", "--state", str(tmp_path / "state"), *arguments])
    return result.exit_code, result.stdout


@pytest.fixture
def odd_lmn(tmp_path: Path) -> str:
    """Estimates with titles, a misspelt header, day-first dates, a broken amount and a line of totals."""
    folder = tmp_path / "lmn"
    folder.mkdir()
    (folder / "list.csv").write_text(
        "Estimates;;;;\nEstimate #;Contract End;Total Price;Archivd;Status\n"
        "E1;3/5/2024;1;no;won\nE2;25/12/2024;many;no;won\nTotal;;1;;\n"
    )
    return str(folder)


def test_how_each_file_was_read_is_reported(tmp_path: Path, odd_lmn: str) -> None:
    _, text = check(tmp_path, "--lmn", odd_lmn)
    for line in (
        "lmn.estimates_list: 3 rows read, 2 loaded, 1 rejected, 1 cell nulled",
        "list.csv: 3 rows, utf-8, separator semicolon, headers in line 2, dates day first: '25/12/2024' in row 4",
        "lmn_estimate_id by 'Estimate #'",
        "left out: 'Archivd', which is nearly Archived",
        "1 row rejected: a line of totals",
        "1 cell nulled: total_price",
        "no file or table for leads_list",
    ):
        assert line in text


def test_json_has_the_same_report(tmp_path: Path, odd_lmn: str) -> None:
    _, text = check(tmp_path, "--lmn", odd_lmn, "--json")
    (source,) = json.loads(text)["sources"]
    (table,) = source["tables"]
    assert (table["rejected_for"], table["nulled"]) == ({"a line of totals": 1}, {"total_price": 1})
    (file,) = table["files"]
    assert (file["separator"], file["header_line"], file["date_order"]) == (";", 2, "day_first")
    assert file["left_out"] == {"Archivd": "Archived"}


def test_a_source_that_would_stop_a_run_exits_with_1_and_the_others_are_reported(tmp_path: Path, odd_lmn: str) -> None:
    (tmp_path / "crm").mkdir()
    (tmp_path / "crm" / "accounts.csv").write_text("id,nmae\n1,A\n")
    code, text = check(tmp_path, "--lmn", odd_lmn, "--crm", str(tmp_path / "crm"))
    assert code == 1
    assert "crm: a run would stop here" in text
    assert "the nearest header is 'nmae'" in text
    assert "lmn.estimates_list: 3 rows read" in text


def test_a_stopping_finding_of_the_source_guard_is_reported_and_exits_with_1(tmp_path: Path, odd_lmn: str) -> None:
    code, text = check(tmp_path, "--lmn", odd_lmn)
    assert code == 1
    assert "stops: guard near_header, lmn.estimates_list.Archivd" in text
    _, text = check(tmp_path, "--lmn", odd_lmn, "--json")
    found = {finding["guard"]: finding["level"] for finding in json.loads(text)["findings"]}
    assert found == {"near_header": "stop", "needed_column": "warn", "needed_table": "stop"}


def test_columns_that_may_be_misread_warn(tmp_path: Path) -> None:
    (tmp_path / "crm").mkdir()
    (tmp_path / "crm" / "accounts.csv").write_text("id,name,,status,city\n1,A,,open\n2,B,,open\n")
    code, text = check(tmp_path, "--crm", str(tmp_path / "crm"))
    assert code == 0
    assert "warns: guard unread_file, crm/accounts.csv, city" in text
    assert "warns: guard unread_file, crm/accounts.csv, status, city" in text


def test_a_second_check_gives_the_same_report_and_publishes_nothing(tmp_path: Path, odd_lmn: str) -> None:
    assert check(tmp_path, "--lmn", odd_lmn) == check(tmp_path, "--lmn", odd_lmn)
    assert not (tmp_path / "exports").exists()


ODD_NAMES = ["q'uo\"te", " sp ace ", "per%20c%", "st*r[1]", "new\nline", "-dash", "株é", "x" * 255, "a;b,c", "$HOME ~"]


@pytest.mark.parametrize("name", ODD_NAMES)
def test_folders_with_unusual_names_work_as_source_and_state(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / name
    folder.mkdir()
    (folder / "accounts.csv").write_text("id,name\na,A\n")
    code, text = check(tmp_path / name, f"--crm={name}")
    assert "crm.accounts: 1 row read, 1 loaded" in text
    assert (folder / "state" / "landing").is_dir()
    assert code in (0, 1)


@pytest.mark.parametrize(("name", "says"), [("caf\udce9", "is not UTF-8"), ("x" * 300, "name too long")])
def test_an_invalid_state_folder_name_is_reported_in_one_sentence(name: str, says: str, tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["check", "--state", str(tmp_path / name), "--crm", str(tmp_path)])
    assert result.exit_code == 1
    assert says in str(result.exception).lower() or says in str(result.exception)
