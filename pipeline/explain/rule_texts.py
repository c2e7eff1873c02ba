"""Finds the text of a rule by its id in the specs and the decisions (`docs/spec/`).

An id is a decision (`D28`), a numbered rule of a spec (`accounts R15`, `at-risk R6a`), a score (`scores engagement`), a
rule of the neglected accounts (`neglected threshold`) or of win_loss (`win_loss rate`), an export or topic of the
related exports (`related meeting_summary`) or the name of something that a document defines (`contracts
segment_by_year`, `accounts days-since-last-contact`).
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from typing import Final

from pipeline.common.errors import WarehouseError
from pipeline.paths import PROJECT_ROOT

SPECS: Final = PROJECT_ROOT / "docs" / "spec"
_DOCUMENTS: Final = {
    "": "decisions.md",
    "accounts": "accounts.md",
    "at-risk": "at-risk-accounts.md",
    "contracts": "shared-data-contracts.md",
    "lmn-format": "lmn-format.md",
    "neglected": "related-exports.md",
    "related": "related-exports.md",
    "scores": "decisions.md",
    "source-schema": "source-schema.md",
    "win_loss": "related-exports.md",
}
_SECTIONS: Final = {
    "neglected": "# Neglected accounts",
    "scores": "## Scores (0 to 100, two decimals, half up)",
    "win_loss": "## win_loss: ",
}
"""The heading of each spec that is a section of a document."""
_NUMBER: Final = re.compile(r"[A-Z]\d+[a-z]?")
_ITEM: Final = re.compile(r"^ *(?:[-*]|\d+\.) +(?P<text>.*)$")
_HEADING: Final = re.compile(r"^#+ +(?P<title>.+)$", re.MULTILINE)
_TITLE: Final = re.compile(r"^(?P<title>\*\*.*:(?:\*\*)?) *$", re.MULTILINE)
_SECTION_LINES: Final = 5


@dataclass(frozen=True)
class RuleText:
    """A rule: its id, the document that states it, and its text there, without markup."""

    id: str
    document: str
    text: str


def rule_text(rule_id: str) -> RuleText:
    """Return the text of a rule; WarehouseError if no document states it."""
    spec, _, name = rule_id.rpartition(" ") if _NUMBER.fullmatch(rule_id) else rule_id.partition(" ")
    document = _DOCUMENTS.get(spec)
    if document and name:
        text = _text(spec)
        found = _numbered(text, name) if _NUMBER.fullmatch(name) else _named(text, name)
        if found:
            return RuleText(rule_id, document, found)
    raise WarehouseError(
        f"no document states the rule {rule_id}", where="docs/spec", remedy="cite it as the documents name it"
    )


@functools.lru_cache(maxsize=8)
def _text(spec: str) -> str:
    """Read the document of a spec without its code, or the section of the document that is the spec."""
    text = re.sub(r"```.*?```", "", (SPECS / _DOCUMENTS[spec]).read_text(encoding="utf-8"), flags=re.DOTALL)
    if heading := _SECTIONS.get(spec):
        return re.split(r"^##? ", text.partition(heading)[2], maxsplit=1, flags=re.MULTILINE)[0]
    return text


def _numbered(text: str, number: str) -> str | None:
    for statement in _statements(text):
        if re.match(rf"{number}\b", statement):
            return statement.removeprefix(number).lstrip(": ")
    return None


def _named(text: str, name: str) -> str | None:
    """Return the section or statement that begins with the name, or else one with all its words; sections first."""
    wanted = _words(name)
    sections = [*_sections(text, _HEADING), *_sections(text, _TITLE)]
    statements = _statements(text)
    for section in sections:
        if _words(section.split("; ")[0]).startswith(wanted):
            return section
    for statement in statements:
        if _words(statement).startswith(wanted):
            return statement
    candidates = [(section.split("; ")[0], section) for section in sections]
    candidates += [(statement, statement) for statement in statements]
    return next((text for title, text in candidates if set(wanted.split()) <= set(_words(title).split())), None)


def _words(text: str) -> str:
    """Return a text as lower-case words, the form in which names are compared."""
    return " ".join(re.findall(r"[a-z0-9]+", text.lower()))


@functools.lru_cache(maxsize=8)
def _statements(text: str) -> tuple[str, ...]:
    """Return the list items of a text, each with its continuation lines, and its paragraphs, without markup."""
    statements: list[list[str]] = []
    is_inside = False
    for line in text.splitlines():
        item = _ITEM.match(line)
        if item or (line.strip() and not is_inside):
            statements.append([item["text"] if item else line])
        elif line.strip():
            statements[-1].append(line.strip())
        is_inside = bool(line.strip())
    return tuple(_plain(" ".join(parts)) for parts in statements)


def _sections(text: str, title: re.Pattern[str]) -> list[str]:
    """Return the sections that begin with such titles: the title and the first lines of its text."""
    sections = []
    starts = list(title.finditer(text))
    for start, end in zip(starts, [*starts[1:], None], strict=False):
        lines = [line for line in text[start.end() : end.start() if end else None].splitlines() if line.strip()]
        points = [_plain(line).lstrip("-* ") for line in lines if not line.startswith("#")]
        sections.append("; ".join([_plain(start["title"]), *points[:_SECTION_LINES]]))
    return sections


def _plain(text: str) -> str:
    return re.sub(r"\*\*|`", "", text).strip()
