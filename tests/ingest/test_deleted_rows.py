"""Deleted rows that are still in their source."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pyarrow as pa
import pytest
import sqlalchemy as sa

from pipeline.ingest.deleted_rows import marks_deleted
from pipeline.ingest.landing.landed_table import LandedTable
from pipeline.ingest.tables import SOURCE_TABLES
from tests.ingest.ingest_harness import land, write_csv, write_parquet, write_workbook


def deleted(table: LandedTable) -> dict[str, int]:
    return {header: count for reading in table.readings for header, count in reading.deleted_rows.items()}


@pytest.mark.parametrize(
    "header",
    [
        "deleted_at",
        "IsDeleted",
        "is_deleted",
        "_fivetran_deleted",
        "__deleted",
        "_ab_cdc_deleted_at",
        "Op",
        "_change_type",
    ],
)
def test_columns_that_mark_deleted_rows(header: str) -> None:
    assert marks_deleted(header)


def test_no_column_of_the_schema_marks_them() -> None:
    assert not [
        name for table in SOURCE_TABLES for column in table.columns for name in column.headers if marks_deleted(name)
    ]


@pytest.mark.parametrize(
    ("header", "cells", "count"),
    [
        ("deleted_at", ["2024-05-01", None, "NULL", "0000-00-00"], 1),
        ("is_deleted", ["true", "f", "0", "N"], 1),
        ("Op", ["D", "I", "U", "d"], 2),
        ("_change_type", ["delete", "insert", "update_postimage", None], 1),
        ("deleted", [None, "", "false", "0"], 0),
    ],
)
@pytest.mark.parametrize("suffix", ["csv", "xlsx", "parquet"])
def test_deleted_rows_are_counted_by_column_and_read(
    tmp_path: Path, suffix: str, header: str, cells: list[str | None], count: int
) -> None:
    path, names = tmp_path / "crm" / f"accounts.{suffix}", ["id", "name", header]
    lines = [(str(at), "Oak", cell) for at, cell in enumerate(cells)]
    if suffix == "parquet":
        write_parquet(path, dict(zip(names, map(list, zip(*lines, strict=True)), strict=True)))
    else:
        (write_csv if suffix == "csv" else write_workbook)(path, names, lines)
    table = land("crm", tmp_path / "crm", tmp_path)["accounts"]
    assert (table.loaded, deleted(table)) == (4, {header: count} if count else {})


def test_flags_and_instants_of_a_copied_parquet_file_are_checked(tmp_path: Path) -> None:
    ids = pa.array([1, 2, 3])
    columns = {"organization_id": ids, "id": ids, "name": ["a", "b", "c"]}
    write_parquet(tmp_path / "one" / "tier.parquet", {**columns, "is_deleted": [True, False, None]})
    write_parquet(tmp_path / "two" / "tier.parquet", {**columns, "deleted_at": [dt.datetime(2024, 5, 1), None, None]})
    for folder, header in [("one", "is_deleted"), ("two", "deleted_at")]:
        assert deleted(land("platform", tmp_path / folder, tmp_path)["tier"]) == {header: 1}


def test_deleted_rows_of_a_database_are_counted_too(tmp_path: Path) -> None:
    engine = sa.create_engine(f"sqlite:///{tmp_path}/crm.db")
    with engine.begin() as connection:
        connection.exec_driver_sql("create table accounts (id text, name text, deleted_at datetime, deleted int)")
        connection.exec_driver_sql("insert into accounts values ('a', 'A', '2024-05-01', 0), ('b', 'B', null, 1)")
    table = land("crm", f"sqlite:///{tmp_path}/crm.db", tmp_path)["accounts"]
    assert (table.loaded, deleted(table)) == (2, {"deleted_at": 1, "deleted": 1})
