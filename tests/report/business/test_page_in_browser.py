"""The business page in a real browser: clicks answer questions, with and without scripts, accessibly."""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from tests.browsers import WIDTHS
from tests.report.business.made_drop import made_sources, rendered_page

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def drop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("drop")
    (folder / "index.html").write_bytes(rendered_page(made_sources(folder, accounts=12, risks=6)))
    return folder


def opened(browser: Browser, drop: Path, width: str = "desktop", *, script: bool = True, dark: bool = False) -> Page:
    across, down = WIDTHS[width]
    context = browser.new_context(
        viewport={"width": across, "height": down},
        java_script_enabled=script,
        color_scheme="dark" if dark else "light",
    )
    page = context.new_page()
    page.on("request", lambda request: pytest.fail(request.url) if request.url.startswith("http") else None)
    page.goto((drop / "index.html").as_uri())
    return page


def names(page: Page, section: str) -> list[str]:
    """Return the first column of the visible rows."""
    return page.locator(f"#{section} tbody tr:visible td:first-child").all_inner_texts()


def test_the_list_starts_with_the_first_renewal(browser: Browser, drop: Path) -> None:
    risks = pq.read_table(drop / "at_risk_accounts.parquet").sort_by("days_until_renewal")
    assert names(opened(browser, drop), "at-risk") == risks["account_name"].to_pylist()


def test_a_click_sorts_the_highest_value_first(browser: Browser, drop: Path) -> None:
    page = opened(browser, drop)
    value = page.locator("#at-risk").get_by_role("button", name="Value")
    value.click()
    value.click()
    risks = pq.read_table(drop / "at_risk_accounts.parquet").sort_by([("estimate_value", "descending")])
    assert names(page, "at-risk") == risks["account_name"].to_pylist()
    assert page.locator("#at-risk th[aria-sort=descending]").inner_text().startswith("Value")


def test_a_division_and_an_owner_can_be_chosen(browser: Browser, drop: Path) -> None:
    page = opened(browser, drop)
    page.locator("#at-risk").get_by_label("Division").select_option("Lawn")
    assert names(page, "at-risk") == ["Account 2", "Account 4", "Account 6"]
    page.locator("#at-risk").get_by_label("Owner").select_option("Ann")
    assert names(page, "at-risk") == []
    assert page.locator("#at-risk output").inner_text() == "0 of 6 rows shown"


def test_a_red_account_is_found_by_a_part_of_its_name(browser: Browser, drop: Path) -> None:
    page = opened(browser, drop)
    page.locator("#red").get_by_label("Search").fill("unt 9")
    assert names(page, "red") == ["Account 9"]


def test_an_account_opens_with_its_scores(browser: Browser, drop: Path) -> None:
    page = opened(browser, drop)
    page.locator("#at-risk").get_by_role("link", name="Account 1", exact=True).click()
    assert page.locator("#account-1").is_visible()
    assert "engagement +52.5" in page.locator("#account-1").inner_text()
    assert not page.locator("#account-2").is_visible()


def test_a_figure_shows_its_rules_within_the_accounts_view(browser: Browser, drop: Path) -> None:
    page = opened(browser, drop)
    page.locator("#at-risk").get_by_role("link", name="Account 1", exact=True).click()
    account = page.locator("#account-1")
    health = account.get_by_role("link", name="health", exact=True)
    health.click()
    assert "the weights of the others" in account.locator(".words").inner_text()
    assert health.get_attribute("aria-expanded") == "true"
    health.click()
    assert account.locator(".words").count() == 0
    assert account.is_visible()


def test_a_rule_quoted_above_is_shown_with_its_text(browser: Browser, drop: Path) -> None:
    page = opened(browser, drop)
    page.goto(f"{(drop / 'index.html').as_uri()}#account-1")
    page.locator("#account-1").get_by_role("link", name="open items", exact=True).click()
    assert "scores benchmark the lower median" in page.locator("#account-1 .words").inner_text()


def test_lists_and_accounts_are_there_without_script(browser: Browser, drop: Path) -> None:
    page = opened(browser, drop, script=False)
    assert len(names(page, "at-risk")) == 6
    assert not page.locator("#at-risk .tools").is_visible()
    page.locator("#at-risk a", has_text="Account 1").first.click()
    assert page.locator("#account-1").is_visible()
    page.locator("#account-1").get_by_role("link", name="health", exact=True).click()
    assert "the weights of the others" in page.locator("#rules div:target").inner_text()


@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_is_wider_than_the_screen(width: str, browser: Browser, drop: Path) -> None:
    page = opened(browser, drop, width)
    assert page.evaluate("document.documentElement.scrollWidth") == WIDTHS[width][0]


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("width", WIDTHS)
def test_axe_finds_nothing(width: str, dark: bool, browser: Browser, drop: Path) -> None:
    page = opened(browser, drop, width, dark=dark)
    page.goto(f"{(drop / 'index.html').as_uri()}#account-1")
    page.locator("#account-1").get_by_role("link", name="health", exact=True).click()
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
