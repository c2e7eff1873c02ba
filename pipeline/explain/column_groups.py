"""The headings under which the specs list the columns of the explained tables."""

from __future__ import annotations

import functools
import re
from typing import Final

from pipeline.explain.rule_texts import SPECS

_TABLES: Final = {
    "account_core": "account-core.md",
    "account_communication_stats": "account-communication-stats.md",
}
_HEADING: Final = re.compile(r"^### (?P<name>.+?)(?: \(\d+ columns?\))?$")
_ROW: Final = re.compile(r"^\| *\d+ *\| *(?P<column>\w+) *\|")
_FIELD: Final = re.compile(r"^ {2}(?P<column>\w+)\??:")
_CONTRACT: Final = "Account"
_PAGES: Final = "Filters and sorting"


@functools.lru_cache(maxsize=4)
def column_groups(table: str) -> dict[str, str]:
    """Return the headings of the columns of a table that a spec lists; `group_of` covers the others."""
    if table not in _TABLES:
        contracts = (SPECS / "shared-data-contracts.md").read_text(encoding="utf-8")
        fields = contracts.split("**Table**: `accounts`", 1)[1].split("```")[1]
        return {found["column"]: _CONTRACT for line in fields.splitlines() if (found := _FIELD.match(line))}
    groups: dict[str, str] = {}
    heading = ""
    for line in (SPECS / _TABLES[table]).read_text(encoding="utf-8").splitlines():
        if found := _HEADING.match(line):
            heading = found["name"]
        elif found := _ROW.match(line):
            groups[found["column"]] = heading
    return groups


def group_of(table: str, column: str) -> str:
    """Return the heading of a column; columns that only the accounts page needs have their own heading."""
    return column_groups(table).get(column, _PAGES)
