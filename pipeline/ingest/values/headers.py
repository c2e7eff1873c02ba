"""Which header is which column (source-schema): after trimming, in any case, by every alias; and what is amiss."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.common.errors import WarehouseError
from pipeline.ingest.schema import Column, SourceTable


@dataclass(frozen=True)
class HeaderMatch:
    """Where each column of a table stands in a file (None: absent), and the headers that no column wants."""

    positions: tuple[int | None, ...]
    extra: tuple[str, ...]


def fold(header: str) -> str:
    """The spelling by which headers are compared."""
    return header.strip().lstrip("\ufeff").strip().casefold()


def match_headers(table: SourceTable, headers: Sequence[str], where: str) -> HeaderMatch:
    """Find the table's columns among `headers`.

    Of several headers that name one column the first alias in the table's order wins, and of two equal headers the
    left one; the others are extra. Raises WarehouseError, naming `where`, the column and the nearest header, if a
    required column is missing.
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
    extra = tuple(header.strip() for at, header in enumerate(headers) if at not in used and header.strip())
    return HeaderMatch(tuple(positions), extra)


def nearest(name: str, candidates: Sequence[str]) -> str | None:
    """The candidate most like `name`, None if none is alike."""
    folded = {fold(candidate): candidate.strip() for candidate in candidates if candidate.strip()}
    close = difflib.get_close_matches(fold(name), list(folded), n=1, cutoff=0.5)
    return folded[close[0]] if close else None


def _missing(table: SourceTable, column: Column, headers: Sequence[str], where: str) -> WarehouseError:
    name = column.headers[0]
    near = next((found for alias in column.headers if (found := nearest(alias, headers))), None)
    what = f"the required column '{name}' of {table.source} {table.name} is missing"
    if near:
        return WarehouseError(
            f"{what}; the nearest header is '{near}'", where=where, remedy=f"rename '{near}' to '{name}', if it is that"
        )
    return WarehouseError(what, where=where, remedy=f"add a column '{name}'; found: {', '.join(headers) or 'none'}")
