"""Every rule of the specs, every decision and every rule of the scores has a place that cites it and a proving test.

The specs in `docs/spec` list the rules; `rules.csv` has for each

- place: the file that implements and cites it; `out of scope: model.column` if only a web page can show it, with the
  column for that page; or `by rule, rule` for an acceptance criterion that consists of other rules;
- proof: a dbt unit test by its name, or a test as `file::function`, which cites it too.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
OUT_OF_SCOPE = "out of scope: "
BY_OTHERS = "by "

_NUMBERED = r"(?:R\d+a?(?: to R\d+)?|AC\d+|D\d+)"
_RANGE = re.compile(r"R(\d+) to R(\d+)")


CONTRACTS = (
    "account",
    "estimate",
    "year-priority",
    "price-priority",
    "status-determination",
    "revenue_by_year",
    "segment_by_year",
    "segments",
    "notification-cache",
    "profile",
    "year-selection",
    "archive-status",
)
"""The rules of the shared data contracts, by the names in citations, because that spec has no numbers."""


SCORES = ("window", "benchmark", "engagement", "sentiment", "response time", "open items", "health", "labels", "parts")
"""The rules in the decisions' section on scores."""


NEGLECTED = ("archived", "icp_status", "snooze", "threshold", "days", "order", "metrics")
"""The rules on neglected accounts in the related exports."""


RELATED = (
    "meeting_summary",
    "stakeholder_fact",
    "team_dimension",
    "linking",
    "account_owner_team",
    "account_topic_fact",
    "topic_dimension",
)
"""The other headings of the related exports that are rules."""


WIN_LOSS = ("lost", "archived", "year", "scopes", "divisions", "rate", "total_estimates_by_year")
"""The rules in the section on win_loss in the related exports."""


def listed_rules() -> list[dict[str, str]]:
    with (HERE / "rules.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def rules_of_the_specs() -> list[str]:
    """Return every rule, acceptance criterion and decision in the form of citations."""
    found = [f"contracts {name}" for name in CONTRACTS]
    found += [f"scores {name}" for name in SCORES]
    found += [f"neglected {name}" for name in NEGLECTED]
    found += [f"related {name}" for name in RELATED]
    found += [f"win_loss {name}" for name in WIN_LOSS]
    for spec, page in (("accounts", "accounts.md"), ("at-risk", "at-risk-accounts.md")):
        text = (ROOT / "docs" / "spec" / page).read_text()
        found += [f"{spec} {number}" for number in re.findall(r"^- \*\*((?:R|AC)\d+a?)\*\*:", text, re.MULTILINE)]
    return found + re.findall(r"^- (D\d+) ", (ROOT / "docs" / "spec" / "decisions.md").read_text(), re.MULTILINE)


RULES = {row["rule"]: row for row in listed_rules()}


def _chains(spec: str, item: str, text: str) -> Iterator[str]:
    """Yield the items of `spec item, item (remark) and item`."""
    for chain in re.findall(rf"\b{spec}((?:(?:,|,? and)?\s+(?:{item})\b(?:\s*\([^)]*\))?)+)", text):
        yield from re.findall(item, re.sub(r"\([^)]*\)", "", chain))


def citations(text: str) -> Iterator[str]:
    """Yield every rule that a text cites: `at-risk R8`, `accounts R24 to R27`, `contracts profile` and `D12`."""
    text = re.sub(r"\s*\n\s*(?:--|#)?\s*", " ", text)
    yield from re.findall(r"\bD\d+\b", text)
    yield from (f"contracts {anchor}" for anchor in _chains("contracts", "|".join(CONTRACTS), text))
    yield from (f"scores {anchor}" for anchor in _chains("scores", "|".join(SCORES), text))
    yield from (f"neglected {anchor}" for anchor in _chains("neglected", "|".join(NEGLECTED), text))
    yield from (f"related {anchor}" for anchor in _chains("related", "|".join(RELATED), text))
    yield from (f"win_loss {anchor}" for anchor in _chains("win_loss", "|".join(WIN_LOSS), text))
    for spec in ("accounts", "at-risk"):
        for item in _chains(spec, _NUMBERED, text):
            if span := _RANGE.fullmatch(item):
                yield from (f"{spec} R{number}" for number in range(int(span[1]), int(span[2]) + 1))
            else:
                yield f"{spec} {item}"


@cache
def model_properties() -> tuple[dict[str, set[str]], dict[str, str]]:
    """Return the columns of each mart, and the description of each dbt unit test, from the models' YAML."""
    columns: dict[str, set[str]] = {}
    unit_tests: dict[str, str] = {}
    for path in (ROOT / "models").rglob("*.yml"):
        content: dict[str, Any] = yaml.safe_load(path.read_text())
        for model in content.get("models", ()):
            columns[model["name"]] = {column["name"] for column in model.get("columns", ())}
        for unit_test in content.get("unit_tests", ()):
            unit_tests[unit_test["name"]] = unit_test.get("description", "")
    return columns, unit_tests


def proof_text(proof: str) -> str | None:
    """Return the text of a test: a unit test's description, or a function's source with its module's docstring."""
    if "::" not in proof:
        return model_properties()[1].get(proof)
    name, function = proof.split("::")
    if not (ROOT / name).exists():
        return None
    source = (ROOT / name).read_text()
    found = re.search(rf"^def {function}\(.*?(?=^\S(?!\))|\Z)", source, re.MULTILINE | re.DOTALL)
    return source.split('"""')[1] + found[0] if found else None


def test_the_table_is_complete() -> None:
    listed = [row["rule"] for row in listed_rules()]
    expected = rules_of_the_specs()
    assert len(expected) > 140, "all rules of the specs are found"
    assert sorted(set(expected) - set(listed)) == [], "rules without a row"
    assert sorted(set(listed) - set(expected)) == [], "rows without a rule"
    assert len(listed) == len(set(listed)), "a rule has one row"


@pytest.mark.parametrize("rule", RULES)
def test_the_place_cites_the_rule(rule: str) -> None:
    place = RULES[rule]["place"]
    if place.startswith(OUT_OF_SCOPE):
        model, column = place.removeprefix(OUT_OF_SCOPE).split(".")
        assert column in model_properties()[0][model], f"{model} has no column {column}"
    elif place.startswith(BY_OTHERS):
        assert set(place.removeprefix(BY_OTHERS).split(", ")) <= set(RULES)
    else:
        assert (ROOT / place).is_file(), f"{place} does not exist"
        assert rule in set(citations((ROOT / place).read_text())), f"{place} does not cite {rule}"


@pytest.mark.parametrize("rule", RULES)
def test_the_proof_exists(rule: str) -> None:
    place, proof = RULES[rule]["place"], RULES[rule]["proof"]
    text = proof_text(proof)
    assert text is not None, f"there is no test {proof}"
    if not place.startswith((OUT_OF_SCOPE, BY_OTHERS)):
        assert rule in set(citations(text)), f"{proof} does not cite {rule}"


@pytest.mark.parametrize(
    ("text", "cited"),
    [
        ("-- accounts R24 to R27: a flag", {"accounts R24", "accounts R25", "accounts R26", "accounts R27"}),
        ("at-risk R6a, R7 (Example 2), D19", {"at-risk R6a", "at-risk R7", "D19"}),
        ("-- at-risk R8,\n    -- R9", {"at-risk R8", "at-risk R9"}),
        ("contracts revenue_by_year and segment_by_year", {"contracts revenue_by_year", "contracts segment_by_year"}),
        ("the accounts of R2 and R3", set()),
    ],
)
def test_citations_are_read_as_people_write_them(text: str, cited: set[str]) -> None:
    assert cited <= set(citations(text))
    assert {rule for rule in citations(text) if re.search(r"R\d", rule)} <= cited
