"""The same values land the same from every format and database."""

from __future__ import annotations

import datetime as dt
import sqlite3
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.ingest.schema import Kind
from pipeline.ingest.tables import SOURCE_TABLES, source_table
from tests.ingest.ingest_harness import Row, land, rows, write_csv, write_parquet, write_workbook

# values that every format supports: no control characters and no empty text, which a workbook does not have
WORDS = st.text(
    st.characters(exclude_categories=["Cc", "Cs", "Cn", "Co"], max_codepoint=0xFFFF), min_size=1, max_size=12
)
NAMES = WORDS.filter(lambda text: text.strip() and not text.startswith(("#", "=")) and "_x" not in text)
INSTANTS = st.datetimes(dt.datetime(1950, 1, 1), dt.datetime(2200, 1, 1)).map(
    lambda value: value.replace(microsecond=value.microsecond // 1000 * 1000)
)

COLUMNS = ("id", "name", "annual_revenue", "organization_score", "archived", "created_at", "city")
ACCOUNT = st.fixed_dictionaries(
    {
        "id": st.integers(1, 10**15),
        "name": NAMES,
        "annual_revenue": st.none() | st.decimals(-(10**9), 10**9, places=2),
        "organization_score": st.none() | st.integers(0, 100),
        "archived": st.none() | st.booleans(),
        "created_at": st.none() | INSTANTS,
        "city": st.none() | NAMES,
    }
).map(lambda row: {name: row[name] for name in COLUMNS})
ACCOUNTS = st.lists(ACCOUNT, min_size=1, max_size=5, unique_by=lambda row: row["id"])


def as_csv(folder: Path, accounts: list[Row]) -> Path:
    """Write them as a program writes CSV."""
    lines = [[None if value is None else str(value) for value in row.values()] for row in accounts]
    write_csv(folder / "crm" / "accounts.csv", list(accounts[0]), lines)
    return folder / "crm"


def as_workbook(folder: Path, accounts: list[Row]) -> Path:
    """Write them with a spreadsheet's cells for each type."""
    lines = [[float(v) if isinstance(v, Decimal) else v for v in row.values()] for row in accounts]
    write_workbook(folder / "crm" / "accounts.xlsx", list(accounts[0]), lines)
    return folder / "crm"


def as_parquet(folder: Path, accounts: list[Row]) -> Path:
    """Write them with Parquet's own types."""
    types = {"created_at": pa.timestamp("us", tz="UTC"), "annual_revenue": pa.decimal128(18, 2)}
    columns = {name: pa.array([row[name] for row in accounts], types.get(name)) for name in accounts[0]}
    write_parquet(folder / "crm" / "accounts.parquet", columns)
    return folder / "crm"


def as_sqlite(folder: Path, accounts: list[Row]) -> str:
    """Write them into columns without a type."""
    folder.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(folder / "crm.db")
    connection.execute(f"create table accounts ({', '.join(accounts[0])})")
    for row in accounts:
        values = [str(v) if isinstance(v, (Decimal, dt.datetime)) else v for v in row.values()]
        connection.execute(f"insert into accounts values ({', '.join('?' * len(values))})", values)
    connection.commit()
    connection.close()
    return f"sqlite:///{folder}/crm.db"


def as_postgres(connection: sa.Connection, accounts: list[Row]) -> None:
    """Write them into columns of PostgreSQL's types."""
    connection.exec_driver_sql("drop table if exists accounts")
    connection.exec_driver_sql(
        "create table accounts (id bigint, name text, annual_revenue numeric, organization_score int, archived boolean,"
        "created_at timestamptz, city varchar(50))"
    )
    rows_in_utc = [
        {**row, "created_at": row["created_at"] and row["created_at"].replace(tzinfo=dt.UTC)} for row in accounts
    ]
    marks = ", ".join(f":{name}" for name in accounts[0])
    connection.execute(sa.text(f"insert into accounts values ({marks})"), rows_in_utc)


def landed(folder: Path, location: Path | str) -> list[Row]:
    """Return the landed accounts by id, because a database has no row order."""
    found = rows(land("crm", location, folder)["accounts"])
    return sorted(({name: value for name, value in row.items() if name != "_row"} for row in found), key=_id)


def _id(row: Row) -> Any:
    return row["id"]


@settings(max_examples=12)
@given(accounts=ACCOUNTS)
def test_every_format_gives_the_same_landing(
    tmp_path_factory: pytest.TempPathFactory, postgres_url: str, accounts: list[Row]
) -> None:
    folder = tmp_path_factory.mktemp("formats")
    expected = sorted(
        (
            {
                **dict.fromkeys(name for name in rows_schema()),
                "id": str(row["id"]),
                "name": row["name"],
                "annual_revenue": row["annual_revenue"],
                "organization_score": None if row["organization_score"] is None else Decimal(row["organization_score"]),
                "archived": row["archived"],
                "created_at": row["created_at"],
                "city": row["city"],
            }
            for row in accounts
        ),
        key=_id,
    )
    for make in (as_csv, as_workbook, as_parquet, as_sqlite):
        place = folder / make.__name__
        assert landed(place, make(place, accounts)) == expected, make.__name__
    url = postgres_url.replace("postgresql://", "postgresql+psycopg://")
    engine = sa.create_engine(url, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    with engine.connect() as connection:
        as_postgres(connection, accounts)
        assert landed(folder / "postgres", postgres_url) == expected
        connection.exec_driver_sql("drop table accounts")


def rows_schema() -> list[str]:
    """Return the names of an account's columns."""
    return [column.name for column in source_table("crm", "accounts").columns]


def test_columns_named_as_ids_are_read_as_ids() -> None:
    ids = [
        (table.shown_name, column.name)
        for table in SOURCE_TABLES
        for column in table.columns
        if column.name.endswith(("id", "_number", "crm_link")) and column.kind not in (Kind.ID, Kind.KEY)
    ]
    assert ids == []


def test_postal_codes_and_telephone_numbers_are_read_as_text() -> None:
    codes = {
        column.kind
        for table in SOURCE_TABLES
        for column in table.columns
        if column.name.startswith(("phone", "postal"))
    }
    assert codes == {Kind.CODE}
