"""Reads the questions in `queries/<name>.sql`: an SQL query below a header that describes it.

-- Which red accounts has nobody contacted for 30 days?
-- Asked by: customer success, every morning
-- Reads: two drops                     (left out if it reads the marts)
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
    """A question: `asks` is its text, `columns` describes each column of the answer, `sql` is one select.

    It reads the marts by their names. If it `compares_drops`, it reads a drop's exports, those of the previous drop in
    the schema `before`, and `account_changes`.
    """

    name: str
    asks: str
    asked_by: str
    columns: dict[str, str]
    compares_drops: bool
    sql: str


def read_questions(folder: Path = QUERIES) -> list[Question]:
    """Read the questions of a folder, in the order of their names."""
    return [_question(path) for path in sorted(folder.glob("*.sql"))]


def find_question(name: str) -> Question:
    """Return the question of this name; WarehouseError, with similar names, if there is none."""
    known = {question.name: question for question in read_questions()}
    if name not in known:
        near = difflib.get_close_matches(name.lower().replace("-", "_"), known, n=3)
        remedy = f"similar names: {', '.join(near)}" if near else f"choose one of {', '.join(known)}"
        raise WarehouseError("no question has that name", where=name, remedy=remedy)
    return known[name]


def _question(path: Path) -> Question:
    """Read a file; WarehouseError if its header lacks the question, who asks it or its columns."""
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
        elif column is not None:  # the description of a column continues
            columns[column] += " " + line.strip()
        elif line.startswith(_ASKED_BY):
            asked_by = line.removeprefix(_ASKED_BY)
        elif line.startswith(_READS):
            reads = line.removeprefix(_READS)
        elif line != _COLUMNS:
            sentence = f"{sentence} {line}".strip()
    if not (sentence and asked_by and columns) or reads not in ("", _TWO_DROPS):
        raise WarehouseError(
            "its header lacks the question, who asks it, or its columns",
            where=str(path),
            remedy="write the header like those of the other files in the folder",
        )
    return Question(path.stem, sentence, asked_by, columns, reads == _TWO_DROPS, sql)
