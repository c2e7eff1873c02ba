"""Small inputs with faults that people reported for other software, each with the right result (cases/README.md).

`00-sound` is the same data without a fault: most cases must land the same. The files are read unchanged.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa

from tests.ingest.ingest_harness import Row, land, refused, rejects, rows

CASES = Path(__file__).parent / "cases"

Landed = dict[str, list[Row]]


def landed(case: str, state: Path) -> tuple[Landed, dict[str, list[tuple[object, ...]]]]:
    """Return the rows of every table of a case, by the table's name, and the rejects of those that have any."""
    tables = [
        table
        for source in ("lmn", "crm", "platform")
        if (CASES / case / source).is_dir()
        for table in land(source, CASES / case / source, state).values()
        if table.is_configured
    ]
    found = {table.table.qualified_name: [without_row_number(row) for row in rows(table)] for table in tables}
    return found, {table.table.qualified_name: refused(table) for table in tables if rejects(table)}


def without_row_number(row: Row) -> Row:
    """Return the row without its number."""
    return {name: value for name, value in row.items() if name != "_row"}


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Landed:
    """The rows of the sound files, which have no rejects."""
    found, refusals = landed("00-sound", tmp_path_factory.mktemp("sound"))
    assert refusals == {}
    return found


def test_the_sound_case_has_the_contents_of_its_readme(sound: Landed) -> None:
    assert [row["total_price"] for row in sound["lmn__estimates_list"]] == [Decimal(12000), Decimal(8000), Decimal(500)]
    assert [row["lmn_crm_id"] for row in sound["crm__accounts"]] == ["7100001", "7100002"]
    assert [row["crm_id"] for row in sound["platform__customer"]] == ["7100001", "7100002"]


@pytest.mark.parametrize(
    "case",
    [
        "04-title-lines",
        "05-sep-line",
        "06-wrapped-headers",
        "07-trailing-comma",
        "10-armoured-ids",
        "15-odd-packages",
    ],
)
def test_the_same_tables_written_by_different_tools_land_the_same(case: str, sound: Landed, tmp_path: Path) -> None:
    assert landed(case, tmp_path) == (sound, {})


def test_booleans_written_t_and_f(sound: Landed, tmp_path: Path) -> None:
    found, refusals = landed("02-booleans-t-f", tmp_path)
    assert refusals == {}
    assert [row["archived"] for row in found["crm__accounts"]] == [False, True]
    assert [(row["archived"], row["exclude_stats"]) for row in found["crm__estimates"]] == [(False, True)]
    assert found["lmn__estimates_list"] == sound["lmn__estimates_list"]


def test_ids_with_a_point(sound: Landed, tmp_path: Path) -> None:
    found, refusals = landed("03-ids-with-a-point", tmp_path)
    assert refusals == {}
    assert found["crm__accounts"][:2] == sound["crm__accounts"]
    assert found["crm__accounts"][2]["lmn_crm_id"] is None


def test_one_bad_byte(tmp_path: Path) -> None:
    found, refusals = landed("08-one-bad-byte", tmp_path)
    assert [row["name"] for row in found["lmn__contacts_export"]] == ["Château Frênes Ltd", "Cedar Court Inc"]
    assert refusals == {"lmn__contacts_export": [(4, "name", "Ravine Caf\\xff", "row dropped")]}


def test_local_times(sound: Landed, tmp_path: Path) -> None:
    found, refusals = landed("09-local-times", tmp_path)
    assert refusals == {}
    assert [note["created_at"] for note in found.pop("platform__note")] == [
        dt.datetime(2024, 12, 20, 14, 30),
        dt.datetime(2024, 12, 21, 14, 30, 0, 123456),
        dt.datetime(2024, 12, 22, 14, 30),
    ]
    assert found == sound


def test_null_literals(sound: Landed, tmp_path: Path) -> None:
    found, refusals = landed("12-null-literals", tmp_path)
    assert refusals == {}
    assert found["crm__accounts"][:2] == sound["crm__accounts"]
    dogwood = found["crm__accounts"][2]
    assert [dogwood[name] for name in ("lmn_crm_id", "status", "archived", "annual_revenue", "renewal_date")] == [
        None
    ] * 5
    assert [row["crm_id"] for row in found["platform__customer"]] == ["7100001", "7100002", None]


def test_a_repeated_header_and_a_line_of_totals(sound: Landed, tmp_path: Path) -> None:
    found, refusals = landed("13-repeated-header-and-total", tmp_path)
    assert found == sound
    assert refusals == {
        "lmn__estimates_list": [
            (4, "lmn_estimate_id", "Estimate ID", "row dropped"),
            (6, "lmn_estimate_id", "Grand Total", "row dropped"),
        ]
    }


def test_hive_folders(tmp_path: Path) -> None:
    found, refusals = landed("11-hive-folders", tmp_path)
    assert refusals == {}
    assert [(row["organization_id"], row["id"], row["name"]) for row in found["platform__customer"]] == [
        (1, 10, "Birch Yard Ltd"),
        (2, 20, "Other tenant"),
    ]


def test_a_newer_download(sound: Landed, tmp_path: Path) -> None:
    found, _ = landed("14-newer-download", tmp_path)
    first = {**sound["lmn__estimates_list"][0], "contract_end": dt.date(2026, 2, 28), "total_price": Decimal(15000)}
    assert found == {**sound, "lmn__estimates_list": [first, *sound["lmn__estimates_list"][1:]]}


def case_database(case: str, name: str, server: sa.Connection, server_url: str) -> str:
    """Create the database that a case's setup.sql describes, named `name` as in it; return its URL."""
    url = sa.make_url(server_url).set(database=name).render_as_string(hide_password=False)
    statements = [statement.strip() for statement in (CASES / case / "setup.sql").read_text().split(";")]
    made = [statement for statement in statements if statement.startswith("create database")]
    server.exec_driver_sql(made[0] if made else f"create database {name}")
    with psycopg.connect(url, autocommit=True, client_encoding="UTF8") as connection:
        for statement in statements:
            if statement and statement not in made:
                connection.execute(statement.encode())
    return url


def test_a_database_with_days_first(postgres: sa.Connection, postgres_url: str, tmp_path: Path) -> None:
    url = case_database("01-postgres-datestyle", "c01", postgres, postgres_url)
    try:
        found = land("crm", url, tmp_path)
    finally:
        postgres.exec_driver_sql("drop database c01")
    assert [row["contract_end"] for row in rows(found["estimates"])] == [dt.date(2025, 4, 6), dt.date(2025, 12, 8)]
    assert rows(found["accounts"])[0]["renewal_date"] == dt.datetime(2025, 3, 4)


def test_a_database_without_an_encoding(postgres: sa.Connection, postgres_url: str, tmp_path: Path) -> None:
    url = case_database("17-sql-ascii", "cascii", postgres, postgres_url)
    try:
        table = land("crm", url, tmp_path)["accounts"]
    finally:
        postgres.exec_driver_sql("drop database cascii")
    assert [(row["id"], row["name"]) for row in rows(table)] == [("a2", "plain")]


def test_a_sheet_elsewhere_in_its_package(sound: Landed, tmp_path: Path) -> None:
    found, refusals = landed("16-sheet-elsewhere", tmp_path)
    first = {**sound["lmn__estimates_list"][0], "contract_end": None, "total_price": None}
    assert found == {**sound, "lmn__estimates_list": [first, *sound["lmn__estimates_list"][1:]]}
    assert refusals == {
        "lmn__estimates_list": [
            (2, "contract_end", "#N/A", "cell nulled"),
            (2, "total_price", "#formula without a stored value", "cell nulled"),
        ]
    }


def test_every_case_has_its_test() -> None:
    tests = Path(__file__).read_text()
    assert [case.name for case in CASES.iterdir() if case.is_dir() and f'"{case.name}"' not in tests] == []
