"""The site of docs/: built without a network, complete and correct: every command and query in it runs."""

from __future__ import annotations

import csv
import re
import shlex
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest
from playwright.sync_api import Browser

from pipeline.contracts.read_contracts import contracts_in_folder
from pipeline.contracts.timeline import TIMELINE_MARTS, timeline_contract
from pipeline.paths import PROJECT_ROOT
from pipeline.questions.question import read_questions

DOCS = PROJECT_ROOT / "docs"
PAGES = ("index.md", "analyst.md", "receiver.md", "operations.md", "history.md", "data-engineer.md")
"""The pages with commands; index.md comes first, because it makes the drops that the others use."""


def blocks(page: str, language: str) -> list[str]:
    return re.findall(
        rf"^```{language}\n(.*?)^```", (DOCS / page).read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
    )


def commands(page: str) -> list[str]:
    return [line.removeprefix("$ ") for block in blocks(page, "console") for line in block.splitlines()]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("docs") / "site"
    ended = subprocess.run(
        [sys.executable, DOCS / "site/make_site.py", out], capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return out


def test_no_page_needs_a_network(site: Path) -> None:
    for page in site.rglob("*.html"):
        asked = re.findall(r"<(?:script|link|img)[^>]*(?:src|href)=\"?(https?:[^\" >]+)", page.read_text("utf-8"))
        assert asked == [], page


def test_every_rule_mart_and_question_has_its_place(site: Path) -> None:
    rules = (site / "rules.html").read_text("utf-8")
    with (PROJECT_ROOT / "tests/rules/rules.csv").open(newline="") as file:
        listed = [row["rule"] for row in csv.DictReader(file)]
    assert [rule for rule in listed if f'id="{rule.lower().replace(" ", "-").replace("_", "-")}"' not in rules] == []
    for contract in contracts_in_folder(PROJECT_ROOT / "models"):
        page = (site / f"columns/{contract.name}.html").read_text("utf-8")
        assert [c.name for c in contract.columns if f"<code>{c.name}</code>" not in page] == []
        assert "Source tables" in page
    for mart in TIMELINE_MARTS:
        page = (site / f"columns/{mart}.html").read_text("utf-8")
        assert [c.name for c in timeline_contract(mart).columns if f"<code>{c.name}</code>" not in page] == []
    assert all(question.name in (site / "questions.html").read_text("utf-8") for question in read_questions())


def test_every_page_of_docs_is_linked(site: Path) -> None:
    index = (site / "index.html").read_text("utf-8")
    pages = {path.with_suffix(".html").name for path in DOCS.glob("*.md")} - {"data-dictionary.html"}
    assert [page for page in pages if page not in index] == []


@pytest.mark.browser
def test_the_search_works_on_a_page_opened_from_a_file(site: Path, browser: Browser) -> None:
    page = browser.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto((site / "columns/account_keys.html").as_uri())
    page.get_by_role("button", name="Search").first.click()
    field = page.get_by_placeholder("Search")
    field.wait_for()
    field.fill("normalized division")
    page.get_by_text("at-risk R8").first.wait_for(timeout=30_000)
    assert [url for url in asked if not url.startswith("file:")] == []


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A working folder like a reader's: the checkout's sample and models, nothing published."""
    folder = tmp_path_factory.mktemp("reader")
    for name in ("sample", "models"):
        (folder / name).symlink_to(PROJECT_ROOT / name)
    return folder


@pytest.fixture(scope="module")
def published(folder: Path) -> Path:
    """The same after the first page's commands."""
    for command in commands(PAGES[0]):
        run(command, folder)
    return folder


def run(command: str, folder: Path) -> None:
    program, *arguments = shlex.split(command)
    if program == "make":
        ended = subprocess.run(["make", *arguments], capture_output=True, text=True, check=False, cwd=PROJECT_ROOT)
    else:
        assert program == "warehouse", command
        ended = subprocess.run(
            [sys.executable, "-m", "pipeline.cli", *arguments], capture_output=True, text=True, check=False, cwd=folder
        )
    assert ended.returncode == 0, f"{command}\n{ended.stdout}{ended.stderr}"


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES[1:])
def test_every_command_of_a_page_runs(published: Path, page: str) -> None:
    assert commands(page)
    for command in commands(page):
        run(command, published)


@pytest.mark.slow
@pytest.mark.parametrize("page", ["analyst.md", "two-truths.md"])
def test_every_query_of_a_page_returns_rows(published: Path, page: str) -> None:
    with duckdb.connect(str(published / ".state/published.duckdb"), read_only=True) as connection:
        connection.execute("set schema = 'marts'")
        for query in blocks(page, "sql"):
            assert connection.execute(query).fetchall(), query


def test_the_page_of_settings_explains_every_one_as_the_code_has_it() -> None:
    from pipeline.set_up.settings_page import settings_page
    from pipeline.settings import Settings

    text = (DOCS / "settings.md").read_text(encoding="utf-8")
    assert text == settings_page(), "run `make contract`"
    assert [name for name, field in Settings.model_fields.items() if not field.description] == []
    assert [name for name in Settings.model_fields if text.count(f"\n| `{name}` |") != 1] == []


def test_all_pages_with_commands_are_tested() -> None:
    with_commands = {path.name for path in DOCS.glob("*.md") if "```console" in path.read_text(encoding="utf-8")}
    assert with_commands == set(PAGES)
