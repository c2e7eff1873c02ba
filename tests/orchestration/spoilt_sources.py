"""The bundled sample as clean CSV files, and every way in which a week's export may be wrong."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from pathlib import Path

import pyarrow.parquet as pq

from pipeline.common.progress import Progress
from pipeline.guards.compared_columns import LONG_TEXTS, MOVING, NAMES, PERSONAL, WORDS
from pipeline.ingest.landing.record import SOURCES
from pipeline.ingest.landing.zone import Landing
from pipeline.ingest.schema import Column, Kind, SourceTable
from pipeline.ingest.sources import ingest_source
from pipeline.ingest.tables import SOURCE_TABLES, source_table
from pipeline.paths import PROJECT_ROOT
from tests.orchestration.runs import Listener

Rows = list[dict[str, str]]
AMOUNTS = (Kind.MONEY, Kind.RATE)
DATES = (Kind.DATE, Kind.TIMESTAMP)
_ALIKE = (
    ("platform.customer", "renewal", "contract_start_date"),
    ("crm.accounts", "status", "account_type"),
    ("crm.accounts", "name", "account_type"),
    ("crm.estimates", "total_price", "total_price_with_tax"),
)
"""Columns that could be swapped without a type error."""
_PATTERNS = ("words renamed", "seven hours later", "one id for all")
_FEW, _MANY = 3, 20
"""The fewest changed cells that show a pattern, and the fewest texts that show truncation."""


@dataclass(frozen=True)
class Spoiling:
    """One way to spoil a folder of sources: the change and its place (`crm.accounts.lmn_crm_id`)."""

    kind: str
    place: str
    spoil: Callable[[Path], None]

    def __str__(self) -> str:
        return f"{self.kind}: {self.place}"


def write_clean_sample(folder: Path) -> None:
    """Write every table of the bundled sample as CSV: only the rows that ingest loads, without faults."""
    for source in SOURCES:
        with Progress(Listener()).step(source) as step:
            landed = ingest_source(source, str(PROJECT_ROOT / "sample" / source), Landing(folder / "landing"), step)
        (folder / source).mkdir()
        for table in landed:
            rows = [row for part in table.parts for row in pq.read_table(part).to_pylist()]
            texts = [{_header(column): _text(row[column.name]) for column in table.table.columns} for row in rows]
            if table.table.name == "customer":
                texts = _without_warnings(texts)
            write_table(folder, table.table, texts)
    shutil.rmtree(folder / "landing")


def _without_warnings(customers: Rows) -> Rows:
    """Remove the audit's warnings: unknown parents, and a CRM account of a second customer."""
    known: set[tuple[str, str]] = set()
    clean = []
    for row in customers:
        link = (row["organization_id"], row["crm_id"])
        clean.append({**row, "parent_id": "", "crm_id": "" if link in known else row["crm_id"]})
        known.add(link)
    return clean


def _header(column: Column) -> str:
    return column.headers[0]


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%dT%H:%M:%S}.{value.microsecond:06}Z"
    return value.isoformat() if isinstance(value, date) else str(value)


def path_of(folder: Path, table: SourceTable) -> Path:
    """Return the path of a table's file."""
    return folder / table.source / f"{table.name}.csv"


def read_table(folder: Path, table: SourceTable) -> Rows:
    """Read a table's rows as texts by header."""
    with path_of(folder, table).open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def write_table(folder: Path, table: SourceTable, rows: Rows, headers: list[str] | None = None) -> None:
    """Write a table's rows, with the headers of its columns unless others are given."""
    with path_of(folder, table).open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, headers or [_header(column) for column in table.columns])
        writer.writeheader()
        writer.writerows(rows)


def spoilings(folder: Path) -> Iterator[Spoiling]:
    """List every spoiling of the sources in a folder; empty columns cannot be spoilt."""
    for table in SOURCE_TABLES:
        if path_of(folder, table).exists():
            yield from _of_table(table, read_table(folder, table))
    for name, one, other in _ALIKE:
        table = source_table(*name.split("."))
        yield Spoiling("columns swapped", f"{name}.{one} with {other}", partial(_swap_columns, table, one, other))
    yield Spoiling("tenant emptied", "platform, organization 3", partial(_edit_all, _without_tenant))


def _of_table(table: SourceTable, rows: Rows) -> Iterator[Spoiling]:
    name = f"{table.source}.{table.name}"
    yield Spoiling("table removed", name, lambda folder: path_of(folder, table).unlink())
    if len(rows) > 1:
        yield Spoiling("half the rows", name, partial(_edit, table, lambda found: found[::2]))
    for column in table.columns:
        values = [row[_header(column)] for row in rows if row[_header(column)]]
        if values:
            for kind, spoil in _of_column(table, column, values):
                yield Spoiling(kind, f"{name}.{column.name}", spoil)


def _of_column(table: SourceTable, column: Column, values: list[str]) -> Iterator[tuple[str, Callable[[Path], None]]]:
    header = _header(column)
    if not column.required and column.name not in table.one_of:
        yield "header misspelt", partial(_misspell, table, header)
    edits: dict[str, Callable[[str], str]] = {}
    if column.kind in AMOUNTS and any(float(value) for value in values):
        edits["amount in cents"] = _in_cents
    elif column.kind is Kind.BOOL:
        edits["flag inverted"] = {"true": "false", "false": "true"}.__getitem__
    elif column.kind in DATES:
        edits["day and month swapped"] = _swapped
        edits["swapped where that is a date too"] = _swapped_if_a_date
    # only the texts that guards compare: ordinary work changes the others
    if column.name in LONG_TEXTS and len(values) >= _MANY:
        edits["texts cut"] = partial(_cut, max(map(len, values)) // 2)
    if column.name in (NAMES | WORDS | PERSONAL) - MOVING and column.kind is not Kind.TAGS:
        edits["words renamed"] = "{} v2".format
    if column.kind is Kind.TIMESTAMP and column.name not in MOVING:
        edits["seven hours later"] = partial(_later, timedelta(hours=7))
    if column.kind is Kind.ID and column.name not in table.key:
        edits["one id for all"] = partial(_always, values[0])
    for kind, edit in edits.items():
        if sum(edit(value) != value for value in values) >= (_FEW if kind in _PATTERNS else 1):
            yield kind, partial(_edit_column, table, header, edit)


def _misspell(table: SourceTable, header: str, folder: Path) -> None:
    """Remove a letter in the middle of a header."""
    middle = len(header) // 2
    headers = [_header(column) for column in table.columns]
    wrong = header[:middle] + header[middle + 1 :]
    rows = [
        {wrong if name == header else name: value for name, value in row.items()} for row in read_table(folder, table)
    ]
    write_table(folder, table, rows, [wrong if name == header else name for name in headers])


def _edit(table: SourceTable, edit: Callable[[Rows], Rows], folder: Path) -> None:
    write_table(folder, table, edit(read_table(folder, table)))


def _edit_column(table: SourceTable, header: str, edit: Callable[[str], str], folder: Path) -> None:
    rows = read_table(folder, table)
    write_table(folder, table, [{**row, header: edit(row[header]) if row[header] else ""} for row in rows])


def _edit_all(edit: Callable[[Rows], Rows], folder: Path) -> None:
    for path in sorted((folder / "platform").glob("*.csv")):
        _edit(source_table("platform", path.stem), edit, folder)


def _without_tenant(rows: Rows) -> Rows:
    return [row for row in rows if row["organization_id"] != "3"]


def _in_cents(value: str) -> str:
    """Write 1200.50 as 120050."""
    return f"{float(value) * 100:.0f}"


def _swapped(value: str) -> str:
    """Write 2024-03-05 as 2024-05-03, and 2024-03-25 as 2024-25-03, which is no date."""
    return f"{value[:4]}-{value[8:10]}-{value[5:7]}{value[10:]}"


def _swapped_if_a_date(value: str) -> str:
    return _swapped(value) if int(value[8:10]) <= 12 else value


def _later(span: timedelta, value: str) -> str:
    """Write an instant of `_text` some time later."""
    return f"{datetime.fromisoformat(value) + span:%Y-%m-%dT%H:%M:%S.%fZ}"


def _cut(length: int, value: str) -> str:
    return value[:length]


def _always(same: str, value: str) -> str:
    return same


def _swap_columns(table: SourceTable, one: str, other: str, folder: Path) -> None:
    rows = read_table(folder, table)
    write_table(folder, table, [{**row, one: row[other], other: row[one]} for row in rows])


def every_hundredth_date_a_day_later(folder: Path) -> None:
    """Write every hundredth row's dates and instants one day later, in every table."""
    for table in SOURCE_TABLES:
        headers = [_header(column) for column in table.columns if column.kind in DATES]
        rows = read_table(folder, table)
        for row in rows[::100]:
            row.update({header: _a_day_later(row[header]) for header in headers if row[header]})
        write_table(folder, table, rows)


def _a_day_later(value: str) -> str:
    return f"{date.fromisoformat(value[:10]) + timedelta(days=1)}{value[10:]}"
