"""Formats an explanation: with colours and boxes on a terminal, as plain text elsewhere, or as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from itertools import groupby
from typing import Any, Final, Literal

from rich.console import Console, Group, RenderableType
from rich.measure import Measurement
from rich.padding import Padding
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from pipeline.common.shown_text import shown, shown_json
from pipeline.explain.evidence import Evidence
from pipeline.explain.explanation import EvidenceRows, ExplainedColumn, Explanation
from pipeline.explain.queries import Row

SHOWN_ROWS: Final = 20
"""The most rows of a piece of evidence that are shown; the others are counted."""

_CELL: Final = 60
_LONG_CELL: Final = 1000
_PLAIN_WIDTH: Final = 200
_INDENT: Final = 2
_MISSING: Final = "null"
_MEASURING: Final = Console(width=10_000)
"""A console that is never printed to, wide enough to measure the preferred width of a table."""


def open_console() -> Console:
    """Open the standard output: as wide as the terminal, or, without one, wide enough for a table."""
    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=_PLAIN_WIDTH)


def render(explanation: Explanation, console: Console, *, shown_rows: int = SHOWN_ROWS) -> None:
    """Print an explanation, with at most `shown_rows` rows of each piece of evidence."""
    if console.is_terminal:
        _print(explanation, console, shown_rows)
        return
    with console.capture() as captured:
        _print(explanation, console, shown_rows)
    console.out("\n".join(line.rstrip() for line in captured.get().splitlines()))


def _print(explanation: Explanation, console: Console, shown_rows: int) -> None:
    console.print(_heading(explanation, console.is_terminal))
    if explanation.remark:
        console.print(Text(explanation.remark, style="yellow"))
    if not explanation.is_story:
        for table, columns in groupby(explanation.columns, key=lambda column: column.table):
            console.print()
            console.print(Text(table, style="bold cyan"))
            console.print(_overview(columns))
        return
    for column in explanation.columns:
        console.print()
        console.print(_story(column, console.width, shown_rows))


def as_json(explanation: Explanation) -> str:
    """Return the explanation as JSON, with all rows of all evidence; decimals and instants are texts."""
    described = {
        "account": vars(explanation.account),
        "as_of": explanation.as_of,
        "selected_year": explanation.selected_year,
        "drop": explanation.drop,
        "remark": explanation.remark,
        "columns": [_described(column, explanation.is_story) for column in explanation.columns],
    }
    return shown_json(json.dumps(described, default=_json_value, ensure_ascii=False, indent=2))


def _described(column: ExplainedColumn, is_story: bool) -> dict[str, Any]:
    described: dict[str, Any] = {
        "table": column.table,
        "column": column.name,
        "group": column.group,
        "type": column.contract.data_type,
        "value": column.value,
        "note": column.note,
        "definition": column.contract.description,
        "source": column.contract.source,
    }
    if is_story:
        described["rules"] = [vars(rule) for rule in column.rules]
        described["evidence"] = [
            {
                "title": piece.evidence.title,
                "lost": piece.evidence.lost,
                "makes": piece.evidence.makes.says if piece.evidence.makes else None,
                "rows": list(piece.rows),
            }
            for piece in column.evidence
        ]
    return described


def _json_value(value: object) -> str:
    return _instant(value) if isinstance(value, datetime) else str(value)


def _heading(explanation: Explanation, is_terminal: bool) -> RenderableType:
    account = explanation.account
    kind = "customer" if account.is_customer else "CRM account without a customer"
    ids = [f"account {account.account_id}", f"organization {account.organization_id}", kind]
    if account.crm_account_id:
        ids.append(f"CRM {shown(account.crm_account_id)}")
    if account.lmn_crm_id:
        ids.append(f"LMN {shown(account.lmn_crm_id)}")
    when = f"as of {_instant(explanation.as_of)}, selected year {explanation.selected_year}"
    text = Text.assemble((shown(account.name or "unnamed"), "bold"), "\n", " · ".join(ids), "\n", (when, "dim"))
    return Panel(text, expand=False, border_style="cyan") if is_terminal else text


def _overview(columns: Iterable[ExplainedColumn]) -> RenderableType:
    """List columns with their values, one per line, under the headings of the specs."""
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True, overflow="ellipsis")
    for group, members in groupby(columns, key=lambda column: column.group):
        table.add_row(Text(group, style="bold"), "")
        for column in members:
            table.add_row(Text("  " + column.name), _value_text(column, one_line=True))
    return table


def _value_text(column: ExplainedColumn, *, one_line: bool = False) -> Text:
    if column.value is None:
        return Text(_MISSING + (f"  ({column.note})" if column.note and not one_line else ""), style="dim")
    text = plain_text(column.value)
    return Text(" ".join(text.split()) if one_line else text, style="green" if not one_line else "")


def _story(column: ExplainedColumn, width: int, shown_rows: int) -> RenderableType:
    parts: list[RenderableType] = [
        Text.assemble((f"{column.table}.{column.name}", "bold cyan"), " = ", _value_text(column)),
        Text(column.contract.description),
        Text(f"{column.contract.data_type}, from {column.contract.source or 'the platform'}", style="dim"),
    ]
    if column.rules:
        rules = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
        rules.add_column(no_wrap=True, style="bold")
        rules.add_column(overflow="fold")
        for rule in column.rules:
            rules.add_row(rule.id, Text.assemble(rule.text, (f"  [{rule.document}]", "dim")))
        parts += [Text(), Text("Rules", style="bold"), _indented(rules)]
    for piece in column.evidence:
        if piece.rows or not (piece.evidence.lost or column.note):
            parts += [Text(), *_evidence(piece, width - _INDENT, shown_rows)]
    return Group(*parts)


def _evidence(piece: EvidenceRows, width: int, shown_rows: int) -> list[RenderableType]:
    evidence = piece.evidence
    title = Text(f"{evidence.title} ({len(piece.rows):,})", style="bold yellow" if evidence.lost else "bold")
    blocks: list[RenderableType] = [title]
    if evidence.makes:
        blocks.append(_indented(Text(evidence.makes.says, style="dim")))
    if not piece.rows:
        return [*blocks, _indented(Text("none", style="dim"))]
    blocks.append(_indented(_rows_layout(evidence, piece.rows[:shown_rows], width)))
    if len(piece.rows) > shown_rows:
        blocks.append(_indented(Text(f"… and {len(piece.rows) - shown_rows:,} more", style="dim")))
    return blocks


def _indented(block: RenderableType) -> RenderableType:
    return Padding(block, (0, 0, 0, _INDENT))


def _rows_layout(evidence: Evidence, rows: Sequence[Row], width: int) -> RenderableType:
    """Format rows: one row vertically, several as a table, or as a paragraph each if the table is too wide.

    Several rows are shown without columns that are null in all of them, except columns that the value is made from.
    """
    names = evidence.shows
    if len(rows) == 1:
        vertical = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
        vertical.add_column(no_wrap=True, style="dim")
        vertical.add_column(overflow="fold")
        for name in names:
            vertical.add_row(_heading_of(name), _cell(rows[0][name], _LONG_CELL))
        return vertical
    used = evidence.makes.columns if evidence.makes else ()
    shown = [name for name in names if name in used or any(row[name] is not None for row in rows)]
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for name in shown:
        justify: Literal["left", "right"] = "right" if all(_is_number(row[name]) for row in rows) else "left"
        table.add_column(_heading_of(name, "\n"), justify=justify, no_wrap=True, header_style="dim", vertical="bottom")
    for row in rows:
        table.add_row(*(_cell(row[name]) for name in shown))
    if Measurement.get(_MEASURING, _MEASURING.options, table).maximum <= width:
        return table
    return Group(*(_paragraph(shown, row) for row in rows))


def _paragraph(names: Sequence[str], row: Row) -> RenderableType:
    """Format a row as a paragraph of names and values, as an item of a list."""
    values = {name: row[name] for name in names if row[name] is not None}
    parts = [Text.assemble((_heading_of(name) + " ", "dim"), _cell(value)) for name, value in values.items()]
    item = Table(box=None, show_header=False, padding=(0, 1, 0, 0), pad_edge=False)
    item.add_column(no_wrap=True)
    item.add_column(overflow="fold")
    item.add_row("-", Text(" · ").join(parts))
    return item


def _is_number(value: object) -> bool:
    return value is None or (isinstance(value, int | Decimal) and not isinstance(value, bool))


def _heading_of(name: str, between: str = " ") -> str:
    """Return a column's name as words."""
    return name.replace("_", between)


def _cell(value: object, longest: int = _CELL) -> Text:
    if value is None:
        return Text(_MISSING, style="dim")
    text = " ".join(plain_text(value).split())
    return Text(text if len(text) <= longest else text[: longest - 1] + "…")


def plain_text(value: object) -> str:
    """Format a value for people: yes and no, separators of thousands, instants in UTC."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Decimal):
        return f"{value:,f}".removesuffix(".000000")  # exact seconds, which are mostly whole
    return _instant(value) if isinstance(value, datetime) else shown(str(value))


def _instant(value: datetime) -> str:
    """Format an instant in UTC, with a fraction only if it is not zero."""
    return value.replace(tzinfo=None).isoformat(sep=" ").removesuffix(".000000") + " UTC"
