"""Finds the line of headers and matches headers to a table's columns (source-schema), for files of every format.

Headers are compared as they are seen, case-insensitively.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from pipeline.common.errors import WarehouseError
from pipeline.ingest.schema import Column, SourceTable
from pipeline.ingest.values.white_space import as_seen, trimmed, without_armour

MOST_LINES_ABOVE: Final = 10
"""How many lines (titles, blank lines, `sep=`) may be above the headers."""

_ROW_NAMES: Final = re.compile(r"__index_level_[0-9]+__|unnamed: [0-9]+")
"""The names that pandas gives to its row numbers. They are not reported as unknown headers."""
_LONGEST_SHOWN: Final = 60
_MOST_SHOWN: Final = 12


@dataclass(frozen=True)
class HeaderMatch:
    """The position of each of a table's columns in a file (None if absent), and the extra headers that name no column.

    `matched` has the header of each column that was found; `near` has, by extra header, the absent column that it
    resembles most.
    """

    positions: tuple[int | None, ...]
    extra: tuple[str, ...]
    matched: dict[str, str] = field(default_factory=dict)
    near: dict[str, str] = field(default_factory=dict)


def fold(header: str) -> str:
    """Return a header in the form in which headers are compared."""
    return as_seen(without_armour(trimmed(header))).casefold()


def shown_header(header: str) -> str:
    """Return a header as messages show it: on one line, and shortened."""
    seen = as_seen(header)
    return seen if len(seen) <= _LONGEST_SHOWN else seen[: _LONGEST_SHOWN - 1] + "…"


def find_header(lines: Sequence[Sequence[str | None]], known: Iterable[str]) -> int:
    """Return which of a file's first lines (from 0) has the headers: the first with the most `known` headers.

    If no line has any, it is the first one. Only `MOST_LINES_ABOVE` + 1 lines are checked.
    """
    names = {fold(header) for header in known}
    counts = [known_headers(line, names) for line in lines[: MOST_LINES_ABOVE + 1]]
    return counts.index(max(counts)) if counts else 0


def join_headers(lines: Sequence[Sequence[str | None]], at: int, known: Iterable[str]) -> list[str]:
    """Return the headers of line `at`, completed with known headers from the line above or below.

    Merged cells lead to two lines of headers: one column has `Estimate ID` and an empty cell below it, another one
    `Contract` and below it `Contract Start`. The line below is a row if it has any other text; the line above is a
    title if it has only one cell.
    """
    names = {fold(header) for header in known}
    headers = [cell or "" for cell in lines[at]]
    above, below = lines[max(at - 1, 0) : at], lines[at + 1 : at + 2]
    for line, is_below in [*((line, False) for line in above), *((line, True) for line in below)]:
        cells = [fold(cell or "") for cell in line]
        filled = list(filter(None, cells))
        if set(filled) - names if is_below else len(filled) < 2:
            continue
        headers += [""] * (len(cells) - len(headers))
        taken = set(map(fold, headers))
        for place, cell in enumerate(cells):
            is_free = fold(headers[place]) not in names if is_below else not fold(headers[place])
            if cell in names - taken and is_free:
                headers[place] = line[place] or ""
    return headers


def known_headers(line: Sequence[str | None], names: set[str]) -> int:
    """Count the distinct headers of a line that are among the folded `names`."""
    return len({fold(cell) for cell in line if cell} & names)


def match_headers(table: SourceTable, headers: Sequence[str], where: str) -> HeaderMatch:
    """Find the table's columns among `headers`.

    If several headers name one column, the first alias in the table's order wins, and of equal headers the left one;
    the others are extra. Raises WarehouseError if a required column is missing; it names `where`, the column and the
    nearest header.
    """
    first_at: dict[str, int] = {}
    for at, header in enumerate(headers):
        first_at.setdefault(fold(header), at)
    positions: list[int | None] = []
    for column in table.columns:
        found = next((first_at[name] for alias in column.headers if (name := fold(alias)) in first_at), None)
        if found is None and column.required:
            raise _missing(table, column, headers, where)
        positions.append(found)
    used = {at for at in positions if at is not None}
    extra = tuple(
        shown_header(header)
        for at, header in enumerate(headers)
        if at not in used and (name := fold(header)) and not _ROW_NAMES.fullmatch(name)
    )
    absent = [column for column, at in zip(table.columns, positions, strict=True) if at is None]
    return HeaderMatch(
        tuple(positions),
        extra,
        matched={
            column.name: shown_header(headers[at])
            for column, at in zip(table.columns, positions, strict=True)
            if at is not None
        },
        near=_near(extra, absent),
    )


def nearest(name: str, candidates: Sequence[str]) -> str | None:
    """Return the candidate that resembles `name` most, or None if none does."""
    folded = {fold(shown): shown for candidate in candidates if (shown := shown_header(candidate))}
    close = difflib.get_close_matches(fold(name), list(folded), n=1, cutoff=0.5)
    return folded[close[0]] if close else None


def _near(extra: Sequence[str], absent: Sequence[Column]) -> dict[str, str]:
    """Return, by extra header, the usual header of the absent column that it resembles most, if any."""
    aliases = {alias: column.headers[0] for column in absent for alias in column.headers}
    found = {header: nearest(header, list(aliases)) for header in extra}
    return {header: aliases[alias] for header, alias in found.items() if alias is not None}


def _missing(table: SourceTable, column: Column, headers: Sequence[str], where: str) -> WarehouseError:
    name = column.headers[0]
    near = next((found for alias in column.headers if (found := nearest(alias, headers))), None)
    what = f"the required column '{name}' of {table.source} {table.name} is missing"
    if near:
        return WarehouseError(
            f"{what}; the nearest header is '{near}'",
            where=where,
            remedy=f"rename '{near}' to '{name}' if it is the same column",
        )
    return WarehouseError(what, where=where, remedy=f"add a column '{name}'; found: {_listed(headers)}")


def _listed(headers: Sequence[str]) -> str:
    shown = [shown_header(header) for header in headers if fold(header)]
    more = f" and {len(shown) - _MOST_SHOWN} more" if len(shown) > _MOST_SHOWN else ""
    return (", ".join(shown[:_MOST_SHOWN]) or "none") + more
