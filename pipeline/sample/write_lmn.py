"""Writes LMN's four exports of a sample: workbooks as people save them, or CSV files if there are too many rows.

This module formats the ordinary rows (dates as cells or text; prices as numbers or `$1,234.50`); rows with values
that no typed column accepts are in `edge_cases/bad_lmn_cells.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from pipeline.ingest.schema import ROW_COLUMN, Kind, SourceTable
from pipeline.ingest.tables import source_table
from pipeline.sample.draw.estimates import Estimates
from pipeline.sample.draw.population import CAST, Account, Population
from pipeline.sample.draw.random_columns import rows
from pipeline.sample.draw.roles import Role
from pipeline.sample.edge_cases import bad_lmn_cells as lmn_traps
from pipeline.sample.files.workbook import Cell, write_workbook

WORKBOOKS_UP_TO: Final = 2_000
"""Above this many accounts (10,000 estimates) the exports are CSV files. LMN's real workbooks have 8,000 estimates of
1,200 accounts, which take openpyxl 3 s; people could not open a workbook of 240,000."""

_ARCHIVED: Final = frozenset({Role.ARCHIVED_ACCOUNT})

_WORKBOOKS: Final = {
    "contacts_export": "Contacts Export.xlsx",
    "leads_list": "Leads List.xlsx",
    "estimates_list": "LE Estimates List.xlsx",
    "jobsite_export": "Jobsite Export (1).xlsx",
}


def write_lmn(folder: Path, population: Population, estimates: Estimates) -> dict[str, int]:
    """Write the four exports into `folder`; return their row counts, including rows that ingest rejects."""
    folder.mkdir(parents=True, exist_ok=True)
    known = [account for account in population.crm_tenant if account.in_lmn]
    in_lmn = np.asarray([account.lmn_crm_id is not None for account in population.accounts])[estimates.account]
    tables: dict[str, pa.Table] = {
        "contacts_export": _typed("contacts_export", _contacts(known)),
        "leads_list": _typed("leads_list", _leads(population, known)),
        "estimates_list": estimates.table.filter(pa.array(in_lmn)),
        "jobsite_export": _typed("jobsite_export", _jobsites(known)),
    }
    traps = lmn_traps.traps(population)
    written = {}
    for name, table in tables.items():
        source = source_table("lmn", name)
        if len(population.accounts) <= WORKBOOKS_UP_TO:
            _write_workbook(folder / _WORKBOOKS[name], source, table, traps[name])
        else:
            _write_csv(folder / _WORKBOOKS[name].replace(".xlsx", ".csv"), source, table, traps[name])
        written[f"lmn.{name}"] = len(table) + len(traps[name])
    return written


def _typed(name: str, made: list[dict[str, Any]]) -> pa.Table:
    schema = source_table("lmn", name).arrow_schema
    return rows(pa.schema([field for field in schema if field.name != ROW_COLUMN]), made)


# the values of the rows


def _contacts(accounts: Sequence[Account]) -> list[dict[str, Any]]:
    made = []
    for account in accounts:
        people = list(enumerate(account.people))
        if account.number % 5 == 0:  # the primary contact is not always the first row
            people.reverse()
        for index, person in people:
            site = account.sites[min(index, len(account.sites) - 1)]
            made.append(
                {
                    "lmn_crm_id": account.lmn_crm_id,
                    "lmn_contact_id": person.lmn_contact_id,
                    "name": account.name,
                    "account_type": ("Client", "Lead", "Client", "Other")[account.number % 4],
                    "classification": "Residential" if account.kind == "home" else "Commercial",
                    "tags": ("Client", "Client, VIP", "Lead", None)[account.number // 4 % 4],
                    "archived": account.number in _ARCHIVED or (account.number >= CAST and account.number % 23 == 0),
                    "primary_contact": index == 0,
                    "first_name": person.first_name,
                    "last_name": person.last_name,
                    "phone_1": person.phone,
                    "email_1": person.email,
                    "notes": "Gate code at the office.\nCall before mowing." if account.number % 11 == 0 else None,
                    "address_1": site.address,
                    "city": site.city,
                    "state": site.state,
                    "postal_code": site.postal_code,
                    "country": "USA",
                }
            )
    return made


def _leads(population: Population, accounts: Sequence[Account]) -> list[dict[str, Any]]:
    made = []
    for account in accounts[::3]:
        person, site = account.people[0], account.sites[0]
        made.append(
            {
                "lead_name": account.name,
                "first_name": person.first_name,
                "last_name": person.last_name,
                "position": person.title,
                "address_1": site.address,
                "city": site.city,
                "state": site.state,
                "postal_code": site.postal_code,
                "country": "USA",
                "phone_1": person.phone,
                "email_1": person.email,
                "type": "Lead",
                "created": date(
                    population.as_of.year - 1 - account.number % 4, 1 + account.number % 12, 1 + account.number % 28
                ),
                "classification": "Residential" if account.kind == "home" else "Commercial",
                "do_not_email": account.number % 7 == 0,
                "do_not_mail": False,
                "do_not_call": account.number % 13 == 0,
                "custom_client_id": f"C-{account.number}",
                "referral_source": ("Web search", "Yard sign", None)[account.number % 3],
            }
        )
    return made


def _jobsites(accounts: Sequence[Account]) -> list[dict[str, Any]]:
    made = []
    for account in accounts:
        for index, site in enumerate(account.sites):
            made.append(
                {
                    "crm_link": account.lmn_crm_id,
                    "contact_name": account.name,
                    "jobsite_id": str(4_100_000 + account.number * 3 + index),
                    "jobsite_name": account.name if index == 0 else f"{account.name} (site {index + 1})",
                    "address_1": site.address,
                    "city": site.city,
                    "state": site.state,
                    "postal_code": site.postal_code,
                    "country": "USA",
                    "notes": "Salt only; no sand.\nPile snow at the north lot." if account.number % 9 == 0 else None,
                }
            )
    return made


# the cells of a workbook

# columns that Excel stores as numbers if their text is all digits
_DIGITS: Final = frozenset({"lmn_crm_id", "crm_link", "jobsite_id", "postal_code"})


def _write_workbook(path: Path, source: SourceTable, table: pa.Table, traps: Sequence[dict[str, Cell]]) -> None:
    headers = [column.headers[0] for column in source.columns]
    columns = [
        [_spell(column.kind, column.name)(value, row) for row, value in enumerate(table[column.name].to_pylist())]
        for column in source.columns
    ]
    trap_rows = [[trap.get(header) for header in headers] for trap in traps]
    body: list[Sequence[Cell]] = [list(row) for row in zip(*columns, strict=True)]
    # people leave empty rows, which do not count
    write_workbook(
        path, path.stem, [headers, *body, [None] * len(headers), *trap_rows], since_1904=source.name == "leads_list"
    )


def _spell(kind: Kind, name: str) -> Callable[[Any, int], Cell]:
    """Return the function that formats a value of `kind` for a row; formats differ from row to row."""
    if kind is Kind.DATE:
        return _date_cell
    if kind in (Kind.MONEY, Kind.NUMBER):
        return _number_cell
    if kind is Kind.BOOL:
        return _flag_cell
    if name in _DIGITS:
        return lambda value, row: int(value) if value is not None and value.isdigit() and row % 4 != 3 else value
    return lambda value, row: value


def _date_cell(value: date | None, row: int) -> Cell:
    if value is None:
        return None
    match row % 11:
        case 7:
            return f"{value.month}/{value.day}/{value.year}"
        case 8:
            return f"{value.isoformat()}T06:00:00Z"
        case 9:
            return f"{value.month}/{value.day}/{value.year % 100:02d} 4:30 PM"
        case 10:
            return datetime.combine(value, time(17, 15))
        case _:
            return value


def _number_cell(value: Decimal | None, row: int) -> Cell:
    if value is None:
        return None
    match row % 13:
        case 11:
            return f"${value:,.2f}" if value >= 0 else f"(${-value:,.2f})"
        case 12:
            return f"{value:,.2f}" if value >= 0 else f"{-value:,.2f}-"
        case _:
            return float(value)


def _flag_cell(value: bool | None, row: int) -> Cell:
    if value is None:
        return None
    spellings: tuple[tuple[Cell, Cell], ...] = (
        (True, False),
        ("Yes", "No"),
        ("x", None),
        ("TRUE", "FALSE"),
        (1, 0),
        ("on", "off"),
    )
    yes, no = spellings[row % len(spellings)]
    return yes if value else no


# the texts of a CSV file


def _write_csv(path: Path, source: SourceTable, table: pa.Table, traps: Sequence[dict[str, Cell]]) -> None:
    headers = [column.headers[0] for column in source.columns]
    texts = [_text_column(column.kind, table[column.name]) for column in source.columns]
    spelt = [[_trap_text(trap.get(header)) for trap in traps] for header in headers]
    schema = pa.schema([(header, pa.string()) for header in headers])
    whole = pa.concat_tables([pa.table(texts, schema=schema), pa.table(spelt, schema=schema)])
    csv.write_csv(whole, path)


def _text_column(kind: Kind, column: pa.ChunkedArray) -> pa.ChunkedArray:
    if kind is Kind.DATE:
        return pc.strftime(column, format="%m/%d/%Y")
    if kind is Kind.BOOL:
        return pc.if_else(column, "Yes", "No")
    return column.cast(pa.string())


def _trap_text(cell: Cell) -> str | None:
    if isinstance(cell, bool):
        return "Yes" if cell else "No"
    return None if cell is None else str(cell)
