"""Finding the text of a rule by its id."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest

from pipeline.common.errors import WarehouseError
from pipeline.contracts.read_contracts import contracts_from_manifest
from pipeline.dbt.runner import parsed_project
from pipeline.explain.column_groups import column_groups, group_of
from pipeline.explain.rule_texts import SPECS, rule_text


@pytest.mark.parametrize(
    ("rule", "document", "begins"),
    [
        ("D1", "decisions.md", "One instant per run, as_of"),
        ("D28", "decisions.md", "Response time: order a thread's messages by time"),
        ("accounts R1", "accounts.md", "Account is archived if account.archived === true"),
        ("accounts R15", "accounts.md", "Segment D: Project only"),
        ("at-risk R6", "at-risk-accounts.md", "If daysUntil <= 180 AND daysUntil >= 0"),
        ("at-risk R6a", "at-risk-accounts.md", "If daysUntil < 0 (past due renewal)"),
        ("scores engagement", "decisions.md", "engagement_score = Up(x)"),
        ("scores open items", "decisions.md", "open_items_score = Down(x)"),
        ("scores labels", "decisions.md", "Labels from the published score"),
        ("scores benchmark", "decisions.md", "Benchmark b = the lower median"),
        ("contracts segment_by_year", "shared-data-contracts.md", "Segment by Year (JSONB Structure)"),
        ("contracts year-priority", "shared-data-contracts.md", "Date Priority (Year Determination); 1. contract_end"),
        ("contracts segments", "shared-data-contracts.md", "Segments are calculated per year"),
        ("scores window", "decisions.md", "Customers only; CRM-only accounts have null. The window is the 90 days"),
        ("accounts days-since-last-contact", "accounts.md", "Days Since Last Contact: differenceInDays"),
    ],
)
def test_a_rule_is_found_where_it_is_stated(rule: str, document: str, begins: str) -> None:
    found = rule_text(rule)
    assert found.document == document
    assert found.text.startswith(begins)


def test_a_rule_number_is_not_taken_for_a_longer_one() -> None:
    assert rule_text("at-risk R1").text != rule_text("at-risk R16").text
    assert rule_text("D1").text != rule_text("D12").text
    assert rule_text("at-risk R6").text != rule_text("at-risk R6a").text


@pytest.mark.parametrize("rule", ["D99", "accounts R99", "nowhere R1", "scores luck", "", "accounts"])
def test_an_unknown_rule_is_an_error(rule: str) -> None:
    with pytest.raises(WarehouseError, match="no document states"):
        rule_text(rule)


def test_every_rule_that_a_contract_cites_is_stated() -> None:
    contracts = contracts_from_manifest(parsed_project().manifest)
    cited = {rule for contract in contracts for column in contract.columns for rule in column.rules}
    assert len(cited) > 50
    assert {rule for rule in cited if not rule_text(rule).text} == set()


def test_every_rule_of_the_table_of_proofs_is_stated() -> None:
    with (Path(__file__).parent.parent / "rules" / "rules.csv").open(newline="") as table:
        rules = [row["rule"] for row in csv.DictReader(table)]
    assert len(rules) > 100
    assert [rule for rule in rules if not rule_text(rule).text] == []


def test_every_numbered_rule_of_the_documents_is_found() -> None:
    documents = {"accounts": "accounts.md", "at-risk": "at-risk-accounts.md"}
    for spec, document in documents.items():
        numbers = re.findall(r"^- \*\*(R\d+\w?)\*\*:", (SPECS / document).read_text(), re.MULTILINE)
        assert len(numbers) > 30
        for number in numbers:
            assert rule_text(f"{spec} {number}").text


def test_columns_are_grouped_as_the_specs_group_them() -> None:
    assert len(column_groups("account_core")) == 78
    assert len(column_groups("account_communication_stats")) == 52
    assert group_of("account_core", "tier_name") == "Identity & Hierarchy"
    assert group_of("account_communication_stats", "ticket_provider") == "Ticket Statistics"
    assert group_of("accounts", "segment_by_year") == "Account"
    assert group_of("accounts", "is_at_risk") == "Filters and sorting"
