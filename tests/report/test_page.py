"""The page as HTML: valid, self-contained, safe with any data, and with a correct summary sentence."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pytest

from pipeline.common.errors import WarehouseError
from pipeline.drops.diff import DropDiff, ExportDiff, MovedAccount
from pipeline.guards.findings import GuardError
from pipeline.report.facts import Problem, RejectReason, RejectSample, RunFacts, SourceFacts
from pipeline.report.gather import gather_facts, gather_operator_facts
from pipeline.report.page import render_report, report_files
from pipeline.report.verdict import notices, verdict
from pipeline.state.runs import RunRecord
from tests.report.made_reports import AS_OF, EMPTIED, FAILED, FELL, METRICS, MISNAMED, PASSED, WARNED, MadeRun

VOID = ("meta", "link", "br", "wbr", "hr", "img", "input")
IMPLIED = ("thead", "tbody", "tr", "th", "td", "li", "dt", "dd")
"""Elements whose end tags are optional in HTML; the page omits them."""


class Outline(HTMLParser):
    """Parses a page for the tests, and fails on tags that do not match."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.headings: list[tuple[int, str]] = []
        self.text: list[str] = []
        self.feed(page)
        self.close()
        assert self.open == [], "tags are left open"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if re.fullmatch("h[1-6]", tag):
            self.headings.append((int(tag[1]), ""))
        if tag not in (*VOID, *IMPLIED):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] in ("style", "script"):
            return
        self.text.append(data)
        if self.headings and any(re.fullmatch("h[1-6]", tag) for tag in self.open):
            level, text = self.headings[-1]
            self.headings[-1] = (level, text + data)

    def values(self, attribute: str) -> list[str]:
        return [value for _, attrs in self.tags if (value := attrs.get(attribute)) is not None]


@pytest.fixture
def run(tmp_path: Path) -> MadeRun:
    return MadeRun(tmp_path)


@pytest.fixture(params=["published", "warned", "failed", "stopped", "operator"])
def facts(request: pytest.FixtureRequest, run: MadeRun) -> RunFacts:
    if request.param == "warned":
        run.checks = (PASSED, WARNED)
    elif request.param in ("failed", "operator"):
        run.checks = (PASSED, WARNED, FAILED, MISNAMED)
    elif request.param == "stopped":
        run.checks = ()
        run.problem = WarehouseError("the models could not be built", where="account_core", remedy="mend it")
        return gather_facts(run.measured(), run.destination.place, 1, None, None, ())
    return gather_operator_facts(run.measured()) if request.param == "operator" else run.facts(1)


def test_the_page_is_valid(facts: RunFacts) -> None:
    page = Outline(render_report(facts))
    assert page.tags[0] == ("html", {"lang": "en"})
    ids = page.values("id")
    assert len(ids) == len(set(ids))
    for named in ("aria-labelledby", "aria-describedby"):
        assert {one for value in page.values(named) for one in value.split()} <= set(ids)
    assert {href[1:] for href in page.values("href") if href.startswith("#")} <= set(ids)


def test_headings_start_at_level_one_and_skip_none(facts: RunFacts) -> None:
    levels = [level for level, _ in Outline(render_report(facts)).headings]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(later - earlier <= 1 for earlier, later in pairwise(levels))


def test_the_list_of_sections_is_in_the_order_of_the_page(facts: RunFacts) -> None:
    page = Outline(render_report(facts))
    sections = [attrs["id"] for tag, attrs in page.tags if tag == "section"]
    linked = [href[1:] for href in page.values("href") if href.startswith("#")]
    start = linked.index("main") + 1
    assert linked[start : start + len(sections)] == sections


def test_nothing_is_fetched_and_nothing_runs(facts: RunFacts) -> None:
    content = render_report(facts)
    page = Outline(content)
    assert not {tag for tag, _ in page.tags} & {"script", "img", "iframe", "object", "embed", "video", "form"}
    assert page.values("src") == []
    assert all(href.startswith("#") or href == "data:," for href in page.values("href"))
    assert "url(" not in content and "@import" not in content
    assert not [name for _, attrs in page.tags for name in attrs if name.startswith("on")]


def test_every_table_has_headers(facts: RunFacts) -> None:
    page = Outline(render_report(facts))
    assert all(attrs.get("scope") in ("col", "row") for tag, attrs in page.tags if tag == "th")
    regions = [attrs for _, attrs in page.tags if attrs.get("role") == "region"]
    assert all(attrs.get("aria-label") and attrs.get("tabindex") == "0" for attrs in regions)
    assert len(regions) == sum(tag == "table" for tag, _ in page.tags)


def test_plots_have_text_alternatives(run: MadeRun) -> None:
    page = Outline(render_report(run.facts(1)))
    plots = [attrs for tag, attrs in page.tags if tag == "svg" and attrs.get("class") == "plot"]
    assert len(plots) == 4
    assert all(attrs.get("role") == "img" and attrs.get("aria-labelledby") for attrs in plots)
    decoration = [attrs for tag, attrs in page.tags if tag == "svg" and attrs.get("class") != "plot"]
    assert all(attrs.get("aria-hidden") == "true" for attrs in decoration)


NASTY = '</style><script>alert("x")</script><img src=http://elsewhere/x onerror=alert(1)>{{ 7 * 7 }}{% raw %}'


def test_text_of_the_data_is_never_markup(run: MadeRun) -> None:
    facts = run.facts(1)
    nasty = replace(
        facts,
        name=NASTY,
        rejects=(RejectReason(NASTY, NASTY, NASTY, NASTY, NASTY, 1, (RejectSample(NASTY, 1, NASTY),)),),
        sources=(SourceFacts("crm", "accounts", True, (NASTY,), 1, 1, 0, None),),
        settings=((NASTY, NASTY),),
        checks=(replace(FAILED, says=NASTY, problem=NASTY, export=NASTY, name=NASTY, rules=(NASTY,)),),
        problem=Problem((NASTY, NASTY), NASTY),
        is_published=False,
    )
    content = render_report(nasty)
    page = Outline(content)
    assert not {tag for tag, _ in page.tags} & {"script", "img"}
    assert content.count("</style>") == 1
    assert NASTY in "".join(page.text)


def test_control_characters_are_shown_as_escapes(run: MadeRun) -> None:
    check = replace(FAILED, says="a\x1b[2K", problem="b\x9bc", name="d\ne", rules=("f\u202eg",))
    files = report_files(replace(run.facts(1), checks=(check,), problem=Problem(("h\x07i", "j\rk"), "l\0m")))
    page, checks = (content.decode() for content in files.values())
    assert not [sign for sign in page + checks if (sign < " " and sign != "\n") or sign in "\x9b\u202e"]
    for shown in (r"a\x1b[2K", r"b\x9bc", r"d\ne", r"f\u202eg", r"h\x07i<br>j\rk", r"l\x00m"):
        assert shown in page


def test_what_changed_since_the_last_drop_is_a_section(run: MadeRun) -> None:
    export = ExportDiff("accounts", before=9, now=10, added=2, changed=3, removed=1, cells={"name": 3})
    moved = tuple(MovedAccount(number, f"Oak {number}", "segment", "A", "B", None) for number in range(12))
    money = {"accounts.revenue": (Decimal("10.50"), Decimal("12.75"))}
    facts = replace(run.facts(), diff=DropDiff("20250108T000000Z-aaaaaaaa", "now", (export,), money, moved))
    text = " ".join(" ".join(Outline(render_report(facts)).text).split())
    assert "Compared with 20250108T000000Z-aaaaaaaa , the last published drop" in text
    assert "accounts 9 10 2 3 1 name 3" in text
    assert "10.50 12.75 2.25" in text
    assert "segment 12 accounts" in text
    assert "and 2 more, in changes/account_changes.csv" in text
    same = replace(export, added=0, changed=0, removed=0, cells={})
    text = render_report(replace(facts, diff=DropDiff("before", "now", (same,), {}, ())))
    assert "The rows are the same as in <code>before</code>" in text


def test_the_json_beside_the_page_has_the_checks(run: MadeRun) -> None:
    run.checks = (PASSED, WARNED)
    facts = run.facts(1)
    checks_file = json.loads(report_files(facts)[f"{facts.name}.checks.json"])
    assert [(check["name"], check["passed"], check["failed"]) for check in checks_file["checks"]] == [
        ("parents_exist", False, 1)
    ]
    assert checks_file["passed"] == {"account_core": 1}  # from the drop's manifest
    assert checks_file["checks"][0]["samples"] == [
        {"organization_id": 1, "key": {"account_id": "3"}, "values": {"parent_account_id": "77"}}
    ]


def test_the_json_of_an_unpublished_run_names_the_passed_checks(run: MadeRun) -> None:
    run.checks = (PASSED, FAILED)
    facts = run.facts(1)
    checks_file = json.loads(report_files(facts)[f"{facts.name}.checks.json"])
    assert checks_file["passed"] == {"account_core": ["account_id.not_null"]}


# the summary sentence


def sentence(facts: RunFacts) -> tuple[str, str]:
    said = verdict(facts)
    assert said.sentence.count(". ") == 0 and said.sentence.endswith(".")
    return said.level, said.sentence


def test_all_is_well(run: MadeRun) -> None:
    run.rejects = ()
    facts = run.facts(2)
    assert sentence(facts) == ("good", "All 1 check passed on 2 source rows, and nothing was rejected.")


def test_rejected_rows_are_in_the_sentence(run: MadeRun) -> None:
    assert sentence(run.facts(1)) == (
        "good",
        "All 1 check passed; 4 source rows were loaded and 2 rejected, for the reasons below.",
    )


def test_warnings_are_in_the_sentence(run: MadeRun) -> None:
    run.checks = (PASSED, WARNED)
    assert sentence(run.facts(1)) == ("look", "1 of 2 checks warns: read it before you rely on account_core.")


def test_a_failure_names_the_drop_that_stays(run: MadeRun) -> None:
    run.checks = (PASSED, FAILED)
    assert sentence(run.facts(1)) == (
        "bad",
        "1 check failed on account_core, so nothing was published and there is still no drop.",
    )
    name = MadeRun(run.folder, run.as_of.replace(day=8)).publish(1)
    assert sentence(run.facts(1))[1].endswith(f"so nothing was published and the last drop, {name}, stays in place.")


def test_a_failure_of_another_organization_holds_this_one_back_too(run: MadeRun) -> None:
    run.checks = (PASSED, replace(FAILED, failed_by_organization={2: 1}, samples=FAILED.samples[1:2]))
    level, said = sentence(run.facts(1))
    assert level == "bad"
    assert said.startswith("The drop passed its own checks, but the run failed, so nothing was published")


def test_a_decrease_is_in_the_sentence(run: MadeRun) -> None:
    earlier = MadeRun(run.folder, run.as_of.replace(day=12))
    earlier.publish(1)
    run.accounts = [{**row, "account_name": None} for row in run.accounts][:-1]
    texts = [notice.text for notice in notices(run.facts(1))]
    assert "account_core has 1 row fewer than in the previous drop." in texts
    assert "Empty now, but not in the previous drop: account_core.account_name." in texts
    assert "2 rows were rejected." in texts


def test_stale_data_is_reported_only_if_the_newest_row_is_that_of_the_previous_drop(run: MadeRun) -> None:
    earlier = MadeRun(run.folder, run.as_of.replace(day=12))
    earlier.publish(1)
    words = "platform.customer has no newer row than at the previous drop of 12 January 2025, 00:00 UTC."
    assert words not in [notice.text for notice in notices(run.facts(1))], "the previous newest row is unknown"
    run.records = [earlier.record(1)]
    assert words in [notice.text for notice in notices(run.facts(1))]
    kept = run.records[0].figures["organizations"]["1"]["newest"]
    kept["platform.customer"] = "2025-01-02T00:00:00"
    assert words not in [notice.text for notice in notices(run.facts(1))], "it has something newer"


def test_an_unusual_figure_is_in_the_sentence_and_marked(run: MadeRun) -> None:
    figures = {"organizations": {"1": {"measures": {"rows": "500"}}}}
    days = [run.as_of - timedelta(weeks=week) for week in range(1, 7)]
    run.records = [RunRecord(str(day), day, day, "published", figures=figures) for day in days]
    (text,) = [notice.text for notice in notices(run.facts(1)) if notice.section == "trends"]
    assert text == "Rows of all exports: 11 rows; in the last 6 runs it was 500 rows to 500 rows."
    page = render_report(run.facts(1))
    assert page.count("out of line") == 1
    assert 'aria-label="Rows of all exports, from 500 rows to 11 rows"' in page


KEYS = [
    ("accounts_with_two_revenues", "organization 1", 65),
    ("accounts_whose_revenues_differ", "organization 1", 64),
    ("accounts_to_renew", "organization 1, account_core only", 20),
    ("accounts_with_two_revenues", "organization 2", 0),
    ("accounts_whose_revenues_differ", "organization 2", 0),
]


def test_differences_between_the_platform_and_the_crm_are_reported(tmp_path: Path) -> None:
    """D25: two truths in one drop are shown; an organization without any has no such section."""
    run = MadeRun(tmp_path, metrics=[*METRICS, *((AS_OF, *row) for row in KEYS)])
    page = Outline(render_report(run.facts(1)))
    assert (2, "Two truths") in page.headings
    text = " ".join(page.text)
    assert re.search(r"different revenues in the CRM and on the platform\s+64\s+65", text)
    assert re.search(r"by account_core's renewal_date only\s+20", text)
    assert (2, "Two truths") not in Outline(render_report(run.facts(2))).headings


def test_the_page_is_green_amber_or_red_by_the_worst_of_checks_and_guards(run: MadeRun) -> None:
    assert sentence(run.facts(1))[0] == "good"
    run.findings = (FELL,)
    assert sentence(run.facts(1)) == (
        "look",
        "Everything was published, with 1 finding of the guards (rows): read it before you rely on this drop.",
    )
    run.findings = (FELL, EMPTIED)
    run.problem = GuardError(run.findings)
    run.checks = ()
    level, headline = sentence(run.facts(1))
    assert level == "bad"
    assert headline.startswith("The guards found implausible changes (lost_table), so nothing was published")


def test_a_finding_is_reported_with_both_figures_the_place_and_the_remedy(run: MadeRun) -> None:
    run.findings = (FELL,)
    page = render_report(run.facts(1))
    assert "crm.accounts: its number of rows changed by -30 % (100 rows before, 70 rows now). To do: see it." in page
