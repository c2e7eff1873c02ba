"""Formats the changes of an account, for people or as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any, Final

from pipeline.common.formats import plural
from pipeline.common.shown_text import shown, shown_json
from pipeline.explain.changes import AccountChanges, ChangedColumn, ChangedRow
from pipeline.explain.render import plain_text

SHOWN_ROWS: Final = 20
"""The most rows of one kind that are listed; the others are counted."""
_LONGEST: Final = 80


def changes_lines(changes: AccountChanges) -> Iterator[str]:
    """Yield lines with the changed columns and the rows behind them, then the account's rows that changed."""
    yield shown(str(changes.account))
    yield f"{changes.before} → {changes.now}"
    if not changes.columns and not changes.rows:
        yield "Nothing has changed."
    for column in changes.columns:
        yield ""
        yield from _column_lines(column)
    if changes.rows:
        yield ""
        yield "Rows"
        yield from _limited([_row_line(row) for row in changes.rows], "  ")


def changes_as_json(changes: AccountChanges) -> str:
    """Return the changes as JSON; decimals, dates and instants are texts."""
    described = {
        "account": asdict(changes.account),
        "before": changes.before,
        "now": changes.now,
        "columns": [
            {
                **{name: getattr(column, name) for name in ("table", "name", "source", "before", "now")},
                "causes": [{"title": cause.evidence.title, "rows": list(cause.rows)} for cause in column.causes],
            }
            for column in changes.columns
        ],
        "rows": [asdict(row) for row in changes.rows],
    }
    return shown_json(json.dumps(described, default=_json_value, ensure_ascii=False, indent=2))


def _column_lines(column: ChangedColumn) -> Iterator[str]:
    source = "" if column.source in (None, "computed") else f"  ({column.source})"
    yield f"{column.table}.{column.name}: {_short(column.before)} → {_short(column.now)}{source}"
    for cause in column.causes:
        yield f"  {cause.evidence.title}: {plural(len(cause.rows), 'row')} new or changed"
        yield from _limited([_cells(row) for row in cause.rows], "    ")


def _row_line(changed: ChangedRow) -> str:
    key = ", ".join(_short(value) for value in changed.key.values())
    if changed.kind == "changed":
        cells = " · ".join(f"{name} {_short(old)} → {_short(new)}" for name, (old, new) in changed.cells.items())
    else:
        cells = _cells({name: value for name, value in changed.row.items() if name not in changed.key})
    return f"{changed.export} {key} {changed.kind}: {cells}"


def _cells(row: Mapping[str, Any]) -> str:
    return " · ".join(f"{name} {_short(value)}" for name, value in row.items() if value is not None)


def _limited(lines: Iterable[str], indent: str) -> Iterator[str]:
    listed = list(lines)
    yield from (indent + line for line in listed[:SHOWN_ROWS])
    if len(listed) > SHOWN_ROWS:
        yield f"{indent}… and {len(listed) - SHOWN_ROWS:,} more"


def _short(value: Any) -> str:
    text = "null" if value is None else shown(" ".join(plain_text(value).split()))
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def _json_value(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
