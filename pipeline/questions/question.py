"""A question as its file has it: `queries/<name>.sql`, headed by who asks it and what its columns are.

-- Which red accounts has nobody contacted for 30 days?
-- Asked by: customer success, every morning
-- Reads: two drops                     (left out where it reads the marts)
-- Columns:
--   account_id: the account
select ...
"""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pipeline.common.errors import WarehouseError
from pipeline.paths import PROJECT_ROOT

QUERIES: Final = PROJECT_ROOT / "queries"

_ASKED_BY: Final = "Asked by: "
_READS: Final = "Reads: "
_TWO_DROPS: Final = "two drops"
_COLUMNS: Final = "Columns:"
_COLUMN: Final = re.compile(r"  (\w+): (.*)")  # "  account_id: the account"


@dataclass(frozen=True)
class Question:
    """`asks` is the question, `columns` what each column of its answer says; `sql` is one select.

    It reads the marts by their names. One that `compares_drops` reads a drop's exports, those of the drop before it in
    the schema `before`, and `account_changes`.
    """

    name: str
    asks: str
    asked_by: str
    columns: dict[str, str]
    compares_drops: bool
    sql: str


def read_questions(folder: Path = QUERIES) -> list[Question]:
    """Read every question of the folder, in the order of their names."""
    return [_question(path) for path in sorted(folder.glob("*.sql"))]


def find_question(name: str) -> Question:
    """Return the question; WarehouseError with the nearest names where there is none."""
    known = {question.name: question for question in read_questions()}
    if name not in known:
        near = difflib.get_close_matches(name.lower().replace("-", "_"), known, n=3)
        remedy = f"the nearest: {', '.join(near)}" if near else f"there are {', '.join(known)}"
        raise WarehouseError("no question has that name", where=name, remedy=remedy)
    return known[name]


def _question(path: Path) -> Question:
    """Read a file; WarehouseError where its head lacks the question, who asks it or its columns."""
    sql = path.read_text(encoding="utf-8")
    head: list[str] = []
    for line in sql.splitlines():
        if not line.startswith("-- "):
            break
        head.append(line.removeprefix("-- "))
    sentence, asked_by, reads, columns = "", "", "", dict[str, str]()
    column = None
    for line in head:
        if found := _COLUMN.fullmatch(line):
            column = found[1]
            columns[column] = found[2]
        elif column is not None:  # the words of a column go on
            columns[column] += " " + line.strip()
        elif line.startswith(_ASKED_BY):
            asked_by = line.removeprefix(_ASKED_BY)
        elif line.startswith(_READS):
            reads = line.removeprefix(_READS)
        elif line != _COLUMNS:
            sentence = f"{sentence} {line}".strip()
    if not (sentence and asked_by and columns) or reads not in ("", _TWO_DROPS):
        raise WarehouseError(
            "its head does not say what it asks, who asks it and its columns",
            where=str(path),
            remedy="write it as the other files of its folder do",
        )
    return Question(path.stem, sentence, asked_by, columns, reads == _TWO_DROPS, sql)
