"""Computes a value again from its evidence in plain Python, as `Makes` describes."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

from pipeline.explain.evidence import Kind
from pipeline.explain.explanation import (
    EvidenceRows,
    ExplainedColumn,
    Explanation,
    choose_columns,
    explain_columns,
)
from pipeline.explain.identity import find_account
from pipeline.explain.queries import Queries

Rows = Sequence[dict[str, Any]]

DEFAULTS = {"account_type": "prospect", "status": "active", "tags": "[]", "archived": False}
"""The accounts spec's defaults for missing values."""


def rounded(value: Fraction, scale: int) -> Decimal:
    """Round half away from zero."""
    shifted = abs(value) * 10**scale
    whole = int(shifted + Fraction(1, 2))
    return Decimal(whole if value >= 0 else -whole).scaleb(-scale)


def remade(column: ExplainedColumn) -> Any:
    """Compute the value of the column from the rows of its evidence."""
    made = [piece for piece in column.evidence if piece.evidence.makes]
    kinds = {piece.evidence.makes.kind for piece in made if piece.evidence.makes}
    if len(kinds) == 1:
        return _MAKERS[kinds.pop()](column, made)
    for piece in made:  # of different kinds: the first that gives a value
        assert piece.evidence.makes
        value = _MAKERS[piece.evidence.makes.kind](column, [piece])
        if value is not None:
            return value
    return None


def _rows(pieces: Sequence[EvidenceRows]) -> Rows:
    return [row for piece in pieces for row in piece.rows]


def _columns(piece: EvidenceRows) -> tuple[str, ...]:
    assert piece.evidence.makes
    return piece.evidence.makes.columns


def _values(pieces: Sequence[EvidenceRows]) -> list[Any]:
    return [row[name] for piece in pieces for row in piece.rows for name in _columns(piece) if row[name] is not None]


def _count(column: ExplainedColumn, pieces: Sequence[EvidenceRows]) -> Any:
    return len(_rows(pieces))


def _any(column: ExplainedColumn, pieces: Sequence[EvidenceRows]) -> Any:
    return bool(_rows(pieces))


def _two(column: ExplainedColumn, pieces: Sequence[EvidenceRows]) -> Any:
    return len(_rows(pieces)) >= 2


def _sum(column: ExplainedColumn, pieces: Sequence[EvidenceRows]) -> Any:
    values = _values(pieces)
    return sum(values) if values else None


def _shares(rows: Rows) -> Decimal:
    return rounded(sum((Fraction(row["price_used"]) / row["shares"] for row in rows), Fraction()), 2)


def _rounded_shares(column: ExplainedColumn, pieces: Sequence[EvidenceRows]) -> Any:
    rows = _rows(pieces)
    if not column.contract.is_json:
        return _shares(rows)
    years = sorted({row["year"] for row in rows})
    return {str(year): _shares([row for row in rows if row["year"] == year]) for year in years}


def _by_year(column: ExplainedColumn, pieces: Sequence[EvidenceRows]) -> Any:
    """Leave out the selected year if it has no revenue, because it is explained anyway."""
    return {str(row["year"]): row["segment"] for row in _rows(pieces) if row["revenue"] is not None}


def _counts_by_year(column: ExplainedColumn, pieces: Sequence[EvidenceRows]) -> Any:
    counted = Counter(
        str(row["first_decided_year"] + year) for row in _rows(pieces) for year in range(row["decided_years"])
    )
    return {year: Decimal(count) for year, count in counted.items()}


def _as_asked(column: ExplainedColumn, value: Any) -> Any:
    return value.date() if column.contract.data_type == "date" and isinstance(value, datetime) else value


def _latest(column: ExplainedColumn, pieces: Sequence[EvidenceRows]) -> Any:
    values = _values(pieces)
    return _as_asked(column, max(values)) if values else None


def _earliest(column: ExplainedColumn, pieces: Sequence[EvidenceRows]) -> Any:
    values = _values(pieces)
    return _as_asked(column, min(values)) if values else None


def _first(column: ExplainedColumn, pieces: Sequence[EvidenceRows]) -> Any:
    """Return the newest text, blank or not; of several sources, the first with a value."""
    rows = _rows(pieces)
    if rows and len(_columns(pieces[0])) == 1 and pieces[0].evidence.query in ("texts", "providers"):
        return rows[0][_columns(pieces[0])[0]]
    values = _values(pieces)
    return next((value for value in values if str(value).strip()), values[0] if values else None)


def _default(column: ExplainedColumn, pieces: Sequence[EvidenceRows]) -> Any:
    value = _first(column, pieces)
    return DEFAULTS[column.name] if value is None or not str(value).strip() else value


def _names(column: ExplainedColumn, pieces: Sequence[EvidenceRows]) -> Any:
    return sorted({value.strip() for value in _values(pieces) if value.strip()})


def _seconds(pieces: Sequence[EvidenceRows]) -> Fraction:
    """Sum the seconds: whole ones of answers, exact decimals of meetings and effort."""
    return sum(map(Fraction, _values(pieces)), Fraction())


def _average_hours(column: ExplainedColumn, pieces: Sequence[EvidenceRows]) -> Any:
    rows = _rows(pieces)
    return rounded(_seconds(pieces) / (3600 * len(rows)), 2) if rows else None


def _hours(column: ExplainedColumn, pieces: Sequence[EvidenceRows]) -> Any:
    return rounded(_seconds(pieces) / 3600, 2)


def _cost(column: ExplainedColumn, pieces: Sequence[EvidenceRows]) -> Any:
    rows = _rows(pieces)
    return rounded(
        sum((Fraction(row["effort_seconds"]) * Fraction(row["hourly_cost"]) for row in rows), Fraction()) / 3600, 2
    )


def _label(column: ExplainedColumn, pieces: Sequence[EvidenceRows]) -> Any:
    score, red, yellow = (_rows(pieces)[0][name] for name in _columns(pieces[0])) if _rows(pieces) else (None, 0, 0)
    return None if score is None else "Red" if score <= red else "Yellow" if score <= yellow else "Green"


def _segment(column: ExplainedColumn, pieces: Sequence[EvidenceRows]) -> Any:
    (row,) = _rows(pieces)
    return row["segment"]


def _time_frame(column: ExplainedColumn, pieces: Sequence[EvidenceRows]) -> Any:
    rows = _rows(pieces)
    return rounded(Fraction(rows[0]["revenue"]) * rows[0]["effort_window_days"] / 365, 2) if rows else None


def _quotient(column: ExplainedColumn, pieces: Sequence[EvidenceRows]) -> Any:
    rows = _rows(pieces)
    if not rows or rows[0]["time_frame_revenue"] <= 0:
        return None
    return rounded(Fraction(rows[0]["team_effort_cost"]) / Fraction(rows[0]["time_frame_revenue"]), 4)


def _days(column: ExplainedColumn, pieces: Sequence[EvidenceRows]) -> Any:
    (row,) = _rows(pieces)
    last: datetime | None = row["last_interaction_date"]
    today: date = row["today"]
    return None if last is None or last.date() > today else (today - last.date()).days


_MAKERS: dict[Kind, Callable[[ExplainedColumn, Sequence[EvidenceRows]], Any]] = {
    "count": _count,
    "any": _any,
    "two": _two,
    "sum": _sum,
    "rounded_shares": _rounded_shares,
    "by_year": _by_year,
    "counts_by_year": _counts_by_year,
    "latest": _latest,
    "earliest": _earliest,
    "first": _first,
    "default": _default,
    "names": _names,
    "average_hours": _average_hours,
    "hours": _hours,
    "cost": _cost,
    "label": _label,
    "segment": _segment,
    "time_frame": _time_frame,
    "quotient": _quotient,
    "days": _days,
}


def as_remade(column: ExplainedColumn) -> Any:
    """Return the column's value in the form that `remade` returns."""
    if not column.contract.is_json or column.value is None or column.name == "tags":
        return column.value
    return json.loads(column.value, parse_float=Decimal, parse_int=Decimal)


def not_remade(column: ExplainedColumn) -> str | None:
    """Return the difference if the rows don't make the value; None if they do or if no rule says how."""
    if column.note or not any(piece.evidence.makes for piece in column.evidence):
        return None
    made, value = remade(column), as_remade(column)
    return None if made == value else f"the rows make {made!r}, the value is {value!r}"


def faults(explanation: Explanation, fault: Callable[[ExplainedColumn], str | None]) -> list[str]:
    return [f"{c.table}.{c.name}: {said}" for c in explanation.columns if (said := fault(c))]


def explained(queries: Queries, name: str) -> Explanation:
    identifier, _, organization = name.partition("@")
    account = find_account(queries.identities(), identifier, int(organization) if organization else None)
    return explain_columns(queries, account, choose_columns(None, queries.manifest), is_story=True)
