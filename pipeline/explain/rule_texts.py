"""The rules in their own words: finds a rule by its id in the specs and the decisions (`docs/spec/`).

An id is a decision (`D28`), a numbered rule of a spec (`accounts R15`, `at-risk R6a`), a score (`scores engagement`) or
the name of something that a document defines (`contracts segment_by_year`, `accounts days-since-last-contact`).
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from typing import Final

from pipeline.errors import WarehouseError
from pipeline.settings import PROJECT_ROOT

SPECS: Final = PROJECT_ROOT / "docs" / "spec"
_DOCUMENTS: Final = {
    "accounts": "accounts.md",
    "at-risk": "at-risk-accounts.md",
    "contracts": "shared-data-contracts.md",
    "lmn-format": "lmn-format.md",
    "scores": "decisions.md",
    "source-schema": "source-schema.md",
}
_DECISIONS: Final = "decisions.md"
_NUMBER: Final = re.compile(r"[A-Z]\d+[a-z]?")
_ITEM: Final = re.compile(r"^(?P<indent> *)(?:[-*]|\d+\.) +(?P<text>.*)$")


@dataclass(frozen=True)
class RuleText:
    """A rule: its id, the document that states it and its words there, without markup."""

    id: str
    document: str
    text: str


def rule_text(rule_id: str) -> RuleText:
    """Find a rule's text; WarehouseError where no document states it."""
    if _NUMBER.fullmatch(rule_id):
        document, name = _DECISIONS, rule_id
    else:
        spec, _, name = rule_id.partition(" ")
        document = _DOCUMENTS.get(spec, "")
    if document and name:
        statements = _statements(document)
        found = _numbered(statements, name) if _NUMBER.fullmatch(name) else _named(statements, document, name)
        if found:
            return RuleText(rule_id, document, found)
    raise WarehouseError(
        f"no document states the rule {rule_id}", where="docs/spec", remedy="cite it as the documents name it"
    )


def _numbered(statements: tuple[str, ...], number: str) -> str | None:
    for statement in statements:
        if re.match(rf"{number}\b", statement):
            return statement.removeprefix(number).lstrip(": ")
    return None


def _named(statements: tuple[str, ...], document: str, name: str) -> str | None:
    wanted = _words(name)
    for statement in statements:
        if _words(statement).startswith(wanted):
            return statement
    return _section(document, wanted)


def _words(text: str) -> str:
    """Reduce a text to lower-case words, by which names are compared."""
    return " ".join(re.findall(r"[a-z0-9]+", text.lower()))


@functools.lru_cache(maxsize=8)
def _statements(document: str) -> tuple[str, ...]:
    """List the items of a document's lists, each with its continuation lines, without markup."""
    statements: list[list[str]] = []
    in_item = False
    for line in (SPECS / document).read_text().splitlines():
        item = _ITEM.match(line)
        if item:
            statements.append([item["text"]])
        elif in_item and line.startswith(" ") and line.strip():
            statements[-1].append(line.strip())
        in_item = bool(item) or (in_item and bool(line.strip()))
    return tuple(_plain(" ".join(parts)) for parts in statements)


def _section(document: str, wanted: str) -> str | None:
    """Find the section whose heading begins with the words; give what it says outside of examples."""
    text = re.sub(r"```.*?```", "", (SPECS / document).read_text(), flags=re.DOTALL)
    for section in re.split(r"^#+ +", text, flags=re.MULTILINE)[1:]:
        heading, _, body = section.partition("\n")
        if _words(heading).startswith(wanted):
            said = [_plain(line) for line in body.splitlines() if line.strip()]
            return "; ".join([heading, *(line.lstrip("-* ") for line in said)][:6])
    return None


def _plain(text: str) -> str:
    return re.sub(r"\*\*|`", "", text).strip()
