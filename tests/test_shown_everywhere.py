"""No control character of data, names or arguments reaches a terminal, log or report, in any command (canaries)."""

from __future__ import annotations

import csv
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from shutil import copytree, rmtree

import pytest

from pipeline.paths import PROJECT_ROOT

SAMPLE = PROJECT_ROOT / "sample"
CANARY = "Oak\x1b[31m[bold]\r\nFAKE publish  3 new drops\x07\x9b2K\u202e"
FILE = "weird\x1b[31m\nFAKE publish.csv"
UNSHOWN = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]|^FAKE", re.MULTILINE)


def said(*arguments: str, folder: Path, code: int = 0) -> str:
    """Run a command in a folder; return its output, and check that it has no control characters."""
    command = [sys.executable, "-m", "pipeline.cli", *arguments]
    kept = {name: value for name, value in os.environ.items() if not name.startswith("WAREHOUSE_")}
    ended = subprocess.run(
        command, cwd=folder, env={**kept, "PYTHONPATH": str(PROJECT_ROOT)}, capture_output=True, check=False
    )
    text = (ended.stdout + ended.stderr).decode()
    assert ended.returncode == code, text
    assert UNSHOWN.search(text) is None, repr(text)
    return text


def sources(folder: Path, name: str, status: str = "active") -> list[str]:
    """Copy the sample with a canary in a header, an account's name and an unread file's name; return the options."""
    for source in ("crm", "platform"):
        copytree(SAMPLE / source, folder / source)
    accounts, customer = folder / "crm" / "accounts.csv", folder / "platform" / "customer.csv"
    with accounts.open(newline="") as file:
        header, *rows = csv.reader(file)
    rows[0][header.index("name")] = name
    with accounts.open("w", newline="") as file:
        csv.writer(file).writerows([[*header, f"x{CANARY}"], *([*row, CANARY] for row in rows)])
    with customer.open(newline="") as file:
        header, *rows = csv.reader(file)
    rows[0][header.index("status")] = status
    for row in rows:
        row[header.index("name")] = row[header.index("name")].replace("Crystal Valley Senior Living", name)
    with customer.open("w", newline="") as file:
        csv.writer(file).writerows([header, *rows])
    (folder / "crm" / FILE).write_text("a,b\n1,2\n")
    return ["--crm", "crm", "--platform", "platform", "--state", "state", "--accept", "unread_file=known"]


@pytest.mark.parametrize(
    "arguments",
    [
        ("check", "--crm", f"no{CANARY}"),
        ("check", "--crm", f"postgresql://u:p@h{CANARY}/x"),
        ("run", "--crm", "crm", "--var", CANARY),
        ("run", "--crm", "crm", "--accept", CANARY),
        ("run", "--crm", "crm", "--as-of", CANARY),
        ("run", "--crm", "crm", f"--no{CANARY[:-1]}"),
        ("run", "--crm", "crm", "--exports", f"s3://b{CANARY}/x"),
        ("run", "--crm", f"no{CANARY}", "--state", f"state{CANARY}"),
        ("verify", f"no{CANARY}"),
        ("diff", f"no{CANARY}", "1/latest"),
        ("rollback", f"no{CANARY}"),
        ("explain", "account", f"no{CANARY}"),
        ("plan", "--crm", f"no{CANARY}"),
        ("contract", "diff", f"no{CANARY}", "HEAD"),
        ("sample", f"out{CANARY}", "--accounts", "1", "--seed", "1"),
    ],
)
def test_arguments_of_a_command_are_shown_escaped(arguments: tuple[str, ...], tmp_path: Path) -> None:
    (tmp_path / "crm").mkdir()
    said(*arguments, folder=tmp_path, code=2 if arguments[-1].startswith("--no") else 1)


def test_check_shows_headers_and_names_of_files(tmp_path: Path) -> None:
    options = sources(tmp_path, CANARY)[:-2]
    text = said("check", *options, folder=tmp_path, code=1)
    assert r"weird\x1b[31m\nFAKE publish.csv" in text
    assert r"xOak\x1b[31m[bold]" in text
    said("check", *options, "--json", folder=tmp_path, code=1)


def hold_back(folder: Path) -> None:
    """Make a figure of organization 1 too large for its column: the cost of hours for a revenue of one cent."""
    for table, column, value in (("customer", "revenue", "0.01"), ("users", "hourly_cost", "9000000.00")):
        path = folder / "platform" / f"{table}.csv"
        with path.open(newline="") as file:
            header, *rows = csv.reader(file)
        for row in rows:
            if row[header.index("organization_id")] == "1":
                row[header.index(column)] = value
        with path.open("w", newline="") as file:
            csv.writer(file).writerows([header, *rows])


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Two published drops, and between them one that a figure held back, with canaries in a text that was cut (D39)."""
    folder = tmp_path_factory.mktemp("canaries")
    for week, (name, status, code) in enumerate(
        [(f"1 {CANARY}", "active", 0), ("2", CANARY + 60 * "x", 3), (f"3 {CANARY}", "active", 0)]
    ):
        for source in ("crm", "platform"):
            rmtree(folder / source, ignore_errors=True)
        options = [*sources(folder, name, status), "--as-of", f"2025-01-{15 + week}T00:00:00Z"]
        if code:
            hold_back(folder)
        if week:  # the amounts of the second week differ from those before and after
            options += ["--accept", "amounts=known"]
        said("run", *options, "--exports", "exports", folder=folder, code=code)
    yield folder


@pytest.mark.slow
def test_commands_over_drops_show_names(published: Path) -> None:
    drops = ["1/previous", "1/latest", "--exports", "exports"]
    assert r"Oak\x1b[31m" in said("explain", "account", "1032", "--state", "state", folder=published)
    for column in ("account_name", "revenue"):
        said("explain", "account", "1032", column, "--state", "state", folder=published)
    said("explain", "account", "1032", "--state", "state", "--json", folder=published)
    said("diff", *drops, folder=published)
    said("diff", *drops, "--json", folder=published)
    said("runs", "--state", "state", folder=published)
    said("runs", "--state", "state", "--json", folder=published)
    said("verify", "exports/1/latest", folder=published)
    for form in ("table", "json"):
        said("query", "revenue_at_risk", "--format", form, "--state", "state", folder=published)


@pytest.mark.slow
def test_no_report_or_record_contains_control_characters(published: Path) -> None:
    pages = [
        *published.glob("exports/*/reports/*"),
        *published.glob("state/reports/*"),
        *published.glob("state/runs/*"),
    ]
    assert len(pages) > 10
    assert [page for page in pages if UNSHOWN.search(page.read_text())] == []
