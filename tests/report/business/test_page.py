"""The business page: its figures come from the drop, its size is bounded, the same drop gives the same bytes."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from pipeline.report.business.lists import MOST_ROWS
from pipeline.report.business.page import render_business_pages
from tests.report.business.made_drop import HOSTILE, PLAN, made_sources, rendered_page


def section(page: str, name: str) -> str:
    """Return one section of a page."""
    found = re.search(rf'<section id="{name}".*?</section>', page, re.DOTALL)
    assert found is not None, f"there is no section {name}"
    return found[0]


def rows_of(page: str, name: str) -> list[list[str]]:
    """Return the texts of a list's cells."""
    body = section(page, name).split("<tbody>")[1].split("</table>")[0]
    return [
        [re.sub(r"<[^>]+>", "", f"<td{cell}").strip() for cell in row.split("<td")[1:]]
        for row in body.split("<tr>")[1:]
    ]


def rendered(folder: Path, **drop: int) -> str:
    return rendered_page(made_sources(folder, **drop)).decode()


def test_the_at_risk_list_has_owner_value_reason_and_date(tmp_path: Path) -> None:
    first = rows_of(rendered(tmp_path), "at-risk")[0]
    assert first[:4] == ["Account 1", "2025-01-16", "1", "$100.00"]
    assert first[5:8] == ["A", "Ann", "Snow"]
    assert first[8] == "contract e1 ends, nothing renews it"


def test_renewals_are_summed_by_month(tmp_path: Path) -> None:
    assert rows_of(rendered(tmp_path, accounts=3), "renewals") == [
        ["2025-02", "3", "$2,999,994.00", "1", "$999,997.00"]
    ]


def test_red_and_untouched_accounts_have_their_revenue(tmp_path: Path) -> None:
    assert [row[0] for row in rows_of(rendered(tmp_path, accounts=7), "red")] == ["Account 3", "Account 6"]


def test_win_rates_are_those_of_the_drop_by_division_and_salesperson(tmp_path: Path) -> None:
    assert rows_of(rendered(tmp_path), "win-rates") == [
        ["2025", "division", "Snow", "5", "3", "1", "75", "$300.00", "85.70"],
        ["2025", "salesperson", "Ann", "5", "3", "1", "75", "$300.00", "85.70"],
        ["2024", "division", "Snow", "1", "0", "0", "", "$0.00", "0"],
    ]


def test_the_revenue_of_divisions_comes_from_the_mart_latest_year_first(tmp_path: Path) -> None:
    assert rows_of(rendered(tmp_path), "division-revenue") == [
        ["2025", "Snow", "4", "2", "$100.01"],
        ["2025", "Uncategorized", "1", "1", "$-1.50"],
        ["2024", "Snow", "3", "1", "$0.01"],
    ]


def test_moved_accounts_have_both_values(tmp_path: Path) -> None:
    assert rows_of(rendered(tmp_path), "moved") == [["Account 3", "health label", "Green", "Red", ""]]


def test_an_accounts_view_has_the_parts_of_its_scores_and_its_trend(tmp_path: Path) -> None:
    view = rendered(tmp_path).split('id="account-1"')[1].split("</article>")[0]
    assert "engagement +52.5, sentiment +27.5" in view
    assert "30 → 80" in view


def test_an_accounts_figures_link_to_their_rules_which_are_quoted_once(tmp_path: Path) -> None:
    page = rendered(tmp_path)
    view = page.split('id="account-1"')[1].split("</article>")[0]
    assert '<a href="#r0">health</a>' in view
    assert '<a href="#r3">Revenue</a>' in view
    rules = section(page, "rules")
    assert '<div id="r0"><dt>Health score<dd><strong>scores health</strong> the weights of the others<' in rules
    assert page.count("the lower median") == 1
    assert '<div id="r2"><dt>Open items score<dd><strong>scores benchmark</strong> as above<' in rules


def test_a_list_has_its_first_thousand_rows_and_links_the_rest(tmp_path: Path) -> None:
    page = rendered(tmp_path, accounts=4000, risks=1500)
    assert len(rows_of(page, "at-risk")) == MOST_ROWS
    assert "The first 1,000 of 1,500 rows." in section(page, "at-risk")
    assert 'href="at_risk_accounts.csv"' in section(page, "at-risk")
    assert len(page.encode()) < 3_000_000


def test_no_text_of_the_data_becomes_markup(tmp_path: Path) -> None:
    page = rendered_page(made_sources(tmp_path, hostile=True)).decode()
    assert HOSTILE not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; Söhne" in page


def test_the_same_drop_gives_the_same_bytes(tmp_path: Path) -> None:
    assert rendered(tmp_path / "a") == rendered(tmp_path / "b")


def test_a_list_whose_export_the_drop_lacks_is_left_out(tmp_path: Path) -> None:
    sources = made_sources(tmp_path)
    files, counts = dict(sources.files), dict(sources.counts)
    del files["at_risk_accounts"], counts["at_risk_accounts"]
    page = rendered_page(replace(sources, files=files, counts=counts)).decode()
    assert 'id="at-risk"' not in page
    assert rows_of(page, "renewals")


def test_drops_rendered_together_have_the_same_pages_as_alone(tmp_path: Path) -> None:
    drops = [
        made_sources(tmp_path / "1", accounts=7),
        replace(made_sources(tmp_path / "2", risks=0), organization_id=2),
    ]
    assert list(render_business_pages(drops, PLAN)) == [rendered_page(drop) for drop in drops]
