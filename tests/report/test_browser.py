"""The report in a real browser, on a desktop and a phone, in light and dark mode."""

from __future__ import annotations

import colorsys
import os
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from pipeline.common.errors import WarehouseError
from pipeline.guards.findings import GuardError
from pipeline.report.gather import gather_operator_facts
from pipeline.report.page import render_report
from tests.browsers import WIDTHS
from tests.report.made_reports import EMPTIED, FAILED, FELL, MISNAMED, PASSED, WARNED, MadeRun

pytestmark = pytest.mark.browser

CONTRAST = """() => {
  const canvas = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
  const rgb = colour => { canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1);
                          return canvas.getImageData(0, 0, 1, 1).data; };
  const light = colour => { const [r, g, b] = Array.from(rgb(colour)).map(part => { part /= 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4; });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
  const behind = element => { for (let at = element; at; at = at.parentElement) {
    const colour = getComputedStyle(at).backgroundColor; if (rgb(colour)[3] > 0) return colour; } return 'white'; };
  const weak = [];
  for (const element of document.querySelectorAll('body *')) {
    const says = [...element.childNodes].some(node => node.nodeType === 3 && node.textContent.trim());
    if (!says || !element.checkVisibility() || element.closest('title, desc')) continue;
    const style = getComputedStyle(element);
    const ink = element.closest('svg') ? style.fill : style.color;
    const [a, b] = [light(ink), light(behind(element))].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    if (ratio < 4.5) weak.push(`${element.tagName} ${element.textContent.trim().slice(0, 30)}: ${ratio.toFixed(2)}`);
  }
  return weak;
}"""


RGB = """selector => {
  const canvas = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
  canvas.fillStyle = getComputedStyle(document.querySelector(selector)).color;
  canvas.fillRect(0, 0, 1, 1);
  return Array.from(canvas.getImageData(0, 0, 1, 1).data).slice(0, 3);
}"""


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Write a page for each outcome, and one for an organization with long texts."""
    folder = tmp_path_factory.mktemp("pages")
    run = MadeRun(folder / "runs")
    (folder / "runs").mkdir()
    MadeRun(folder / "runs", run.as_of.replace(day=8)).publish(1)
    content = {"published": render_report(run.facts(1))}
    run.checks = (PASSED, WARNED)
    content["warned"] = render_report(run.facts(1))
    run.checks = (PASSED, WARNED, FAILED, MISNAMED)
    content["failed"] = render_report(run.facts(1))
    content["operator"] = render_report(gather_operator_facts(run.measured()))
    run.checks, run.findings = (PASSED,), (FELL,)
    content["guarded"] = render_report(run.facts(1))
    long = "without_any_place_to_break_" * 12
    run.rejects = [("crm", "accounts", f"{long}.csv", 7, "annual_revenue", long, "not an amount", "cell nulled")]
    content["long"] = render_report(run.facts(1)).replace("health_score is between", f"{long} is between")
    run.checks = ()
    run.findings = (FELL, EMPTIED)
    run.problem = GuardError(run.findings)
    content["held"] = render_report(run.facts(1))
    run.findings = ()
    run.problem = WarehouseError("the column 'id' is missing", where="estimates.csv", remedy="add it")
    content["stopped"] = render_report(gather_operator_facts(run.measured(unread=("lmn",))))
    for name, page in content.items():
        (folder / f"{name}.html").write_text(page, encoding="utf-8")
    return {name: folder / f"{name}.html" for name in content}


@pytest.fixture
def said(request: pytest.FixtureRequest) -> list[str]:
    """The network requests and console messages of a page."""
    return []


def open_page(browser: Browser, path: Path, said: list[str], width: str, scheme: str = "light") -> Page:
    across, down = WIDTHS[width]
    page = browser.new_page(viewport={"width": across, "height": down}, color_scheme=scheme)  # type: ignore[arg-type]
    page.on("request", lambda request: said.append(request.url) if not request.url.startswith("data:") else None)
    page.on("console", lambda message: said.append(f"console: {message.text}"))
    page.on("pageerror", lambda error: said.append(f"error: {error}"))
    page.goto(path.as_uri())
    return page


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", ["published", "warned", "failed", "operator", "long", "stopped"])
def test_the_page_opens_from_a_file_and_fits(
    name: str, width: str, browser: Browser, pages: dict[str, Path], said: list[str], tmp_path: Path
) -> None:
    page = open_page(browser, pages[name], said, width)
    page.evaluate("document.querySelectorAll('details').forEach(details => details.open = true)")
    assert said == [pages[name].as_uri()], "the page made requests or logged messages"
    assert page.evaluate("document.documentElement.scrollWidth") == WIDTHS[width][0]
    outside = page.evaluate(
        """() => [...document.querySelectorAll('h1, h2, h3, p, li, dd, summary, figure, svg.plot, pre')]
            .filter(e => e.checkVisibility() && !e.closest('.skip') &&
                (e.getBoundingClientRect().right > innerWidth + 0.5 ||
                    e.clientWidth && e.scrollWidth > e.clientWidth + 1))
            .map(e => e.tagName + ' ' + e.textContent.trim().slice(0, 40))"""
    )
    assert outside == []
    page.screenshot(path=_kept(tmp_path, f"{name}-{width}.png"), full_page=True)
    page.close()


def _kept(tmp_path: Path, name: str) -> Path:
    """Keep screenshots if a folder for them is set."""
    folder = Path(os.environ.get("WAREHOUSE_SCREENSHOTS") or tmp_path)
    folder.mkdir(parents=True, exist_ok=True)
    return folder / name


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", ["published", "warned", "failed", "operator"])
def test_every_text_has_contrast_by_day_and_by_night(
    name: str, scheme: str, browser: Browser, pages: dict[str, Path], said: list[str]
) -> None:
    page = open_page(browser, pages[name], said, "desktop", scheme)
    page.evaluate("document.querySelectorAll('details').forEach(details => details.open = true)")
    assert page.evaluate(CONTRAST) == []
    page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    ("name", "hues"),
    [("published", (90, 170)), ("warned", (20, 60)), ("guarded", (20, 60)), ("failed", (-20, 15)), ("held", (-20, 15))],
)
def test_the_headline_is_green_amber_or_red(
    name: str,
    hues: tuple[int, int],
    scheme: str,
    browser: Browser,
    pages: dict[str, Path],
    said: list[str],
    tmp_path: Path,
) -> None:
    page = open_page(browser, pages[name], said, "desktop", scheme)
    page.screenshot(path=_kept(tmp_path, f"{name}-{scheme}-headline.png"))
    red, green, blue = (part / 255 for part in page.evaluate(RGB, ".verdict .word"))
    hue = colorsys.rgb_to_hsv(red, green, blue)[0] * 360
    assert hues[0] <= (hue - 360 if hue > 300 else hue) <= hues[1], hue
    page.close()


def test_day_and_night_differ(browser: Browser, pages: dict[str, Path], said: list[str]) -> None:
    papers = set()
    for scheme in ("light", "dark"):
        page = open_page(browser, pages["published"], said, "phone", scheme)
        papers.add(page.evaluate("getComputedStyle(document.body).backgroundColor"))
        page.close()
    assert len(papers) == 2


def test_the_verdict_is_seen_first(browser: Browser, pages: dict[str, Path], said: list[str]) -> None:
    for width in WIDTHS:
        page = open_page(browser, pages["failed"], said, width)
        heading = page.get_by_role("heading", level=1)
        assert heading.count() == 1
        assert "Not published" in heading.inner_text()
        box = heading.bounding_box()
        assert box is not None and box["y"] + box["height"] < WIDTHS[width][1] / 2
        page.close()


def test_the_page_can_be_read_with_the_keyboard(browser: Browser, pages: dict[str, Path], said: list[str]) -> None:
    page = open_page(browser, pages["published"], said, "phone")
    page.keyboard.press("Tab")
    skip = page.locator(":focus")
    assert skip.inner_text() == "To the report"
    box = skip.bounding_box()
    assert box is not None and box["x"] >= 0, "the link is visible when focused"
    summary = page.locator("#nulls summary").first
    summary.focus()
    table = page.locator("#nulls details table").first
    assert not table.is_visible()
    page.keyboard.press("Enter")
    assert table.is_visible()
    page.close()


def test_failed_rows_are_shown_with_their_keys_and_values(
    browser: Browser, pages: dict[str, Path], said: list[str]
) -> None:
    page = open_page(browser, pages["failed"], said, "desktop")
    table = page.get_by_role("region", name="Rows that failed: health_score is between 0 and 100").locator("table")
    rows = [row.locator("th, td").all_inner_texts() for row in table.locator("tr").all()]
    assert rows == [["account_id", "health_score"], ["1", "101.50"], ["3", "-1.00"]]
    page.close()


def test_bars_are_drawn_in_colours_that_differ(browser: Browser, pages: dict[str, Path], said: list[str]) -> None:
    for scheme in ("light", "dark"):
        page = open_page(browser, pages["published"], said, "desktop", scheme)
        for plot in page.locator("figure").all():
            fills = plot.locator(".legend rect").evaluate_all("bars => bars.map(bar => getComputedStyle(bar).fill)")
            assert len(fills) == len(set(fills)) > 1
        drawn = page.locator("svg.plot rect").evaluate_all(
            "bars => bars.map(bar => bar.getBoundingClientRect().height)"
        )
        assert drawn and min(drawn) > 0.5
        page.close()


def test_touch_targets_are_large_enough_on_a_phone(browser: Browser, pages: dict[str, Path], said: list[str]) -> None:
    page = open_page(browser, pages["published"], said, "phone")
    heights = page.locator("summary:visible").evaluate_all("all => all.map(one => one.getBoundingClientRect().height)")
    assert heights and min(heights) >= 36
    links = page.locator("nav a").evaluate_all("all => all.map(one => one.getBoundingClientRect().height)")
    assert min(links) >= 24
    page.close()
