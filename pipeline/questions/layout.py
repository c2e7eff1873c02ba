"""Formats an answer: a table for people, CSV in the form of a drop, or JSON; and the list of queries."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal

import pyarrow as pa

from pipeline.common.formats import plural
from pipeline.common.instants import instant_text
from pipeline.common.shown_text import shown, shown_json
from pipeline.drops.csv_file import write_csv
from pipeline.questions.answer import Answer
from pipeline.questions.question import Question


def written(answer: Answer, question: Question, form: Literal["table", "csv", "json"]) -> str:
    """Format the answer; in JSON, decimals, dates and instants are texts, so that they stay exact."""
    if form == "csv":
        return _csv(answer)
    if form == "json":
        rows = [dict(zip(answer.columns, map(_plain, row), strict=True)) for row in answer.rows]
        return shown_json(json.dumps(rows, indent=2, ensure_ascii=False)) + "\n"
    return _table(answer, question)


def question_lines(questions: Sequence[Question]) -> Iterator[str]:
    """Yield lines that list the queries: name, question, and who asks it."""
    width = max(len(question.name) for question in questions)
    for question in questions:
        yield f"{question.name:<{width}}  {question.asks}"
        yield f"{'':<{width}}  {question.asked_by}"


def _csv(answer: Answer) -> str:
    columns = zip(*answer.rows, strict=True) if answer.rows else ([] for _ in answer.columns)
    table = pa.table({name: pa.array(values) for name, values in zip(answer.columns, columns, strict=True)})
    with TemporaryDirectory(prefix="answer-") as scratch:
        path = Path(scratch) / "answer.csv"
        write_csv(table, path)
        return path.read_text(encoding="utf-8")


def _table(answer: Answer, question: Question) -> str:
    from rich.console import Console
    from rich.table import Table

    table = Table(title=question.asks, title_justify="left", caption=plural(len(answer.rows), "row"))
    for position, name in enumerate(answer.columns):
        kinds = {type(row[position]) for row in answer.rows}
        table.add_column(name, justify="right" if kinds & {int, Decimal} else "left")
    for row in answer.rows:
        table.add_row(*map(_text, row))
    page = StringIO()
    Console(file=page, width=10_000, highlight=False, markup=False).print(table)
    return "\n".join(line.rstrip() for line in page.getvalue().splitlines()) + "\n"


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else shown(str(_plain(value)))


def _plain(value: Any) -> Any:
    """Return a value as JSON."""
    if isinstance(value, datetime):
        return instant_text(value)
    if isinstance(value, Decimal | date):
        return str(value)
    return value
