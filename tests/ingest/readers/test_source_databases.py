"""Sources in a database: SQLite and a real PostgreSQL give the same rows as files."""

from __future__ import annotations

import datetime as dt
import sqlite3
import traceback
from decimal import Decimal
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa

from pipeline.common.errors import WarehouseError
from pipeline.ingest.landing.zone import Landing
from pipeline.ingest.readers import copy_stream, csv_file, database_table
from pipeline.ingest.sources import ingest_source
from tests.ingest.ingest_harness import Memory, land, refused, rejects, rows


def sqlite_file(tmp_path: Path, script: str) -> str:
    """Create a SQLite database with a script; return its URL."""
    path = tmp_path / "source.db"
    with sqlite3.connect(path) as connection:
        connection.executescript(script)
    connection.close()
    return f"sqlite:///{path}"


# --- SQLite -----------------------------------------------------------------------------------------------------------


def test_sqlite_values_of_any_type_are_typed_by_the_cell_rules(tmp_path: Path) -> None:
    url = sqlite_file(
        tmp_path,
        """
        create table accounts (id, name text, annual_revenue real, archived integer, created_at text, tags text);
        insert into accounts values (1, 'A', 0.1, 1, '2025-01-15 10:00:00+02', '["x"]');
        insert into accounts values ('b', 'B', 'much', 0, '2025-02-30', 'x, y');
        insert into accounts values (3, 7, null, 'yes', null, null);
        insert into accounts values (4, cast(x'ff41' as text), 1e20, null, x'323032352d30312d3135', null);
        """,
    )
    table = land("crm", url, tmp_path)["accounts"]
    assert [
        (r["id"], r["name"], r["annual_revenue"], r["archived"], r["created_at"], r["tags"]) for r in rows(table)
    ] == [
        ("1", "A", Decimal("0.10"), True, dt.datetime(2025, 1, 15, 8), '["x"]'),
        ("3", "7", None, True, None, None),
        ("b", "B", None, False, None, '["x","y"]'),
    ]
    assert [(r["column_name"], r["value"], r["action"]) for r in rejects(table)] == [
        ("name", "\\xffA", "row dropped"),
        ("annual_revenue", "much", "cell nulled"),
        ("created_at", "2025-02-30", "cell nulled"),
    ]


def test_rows_are_streamed_in_batches_and_counted_from_1(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database_table, "BATCH_ROWS", 10)
    url = sqlite_file(
        tmp_path,
        """
        create table tier (organization_id, id, name);
        with recursive n(n) as (select 1 union all select n + 1 from n where n < 95)
        insert into tier select 1, case when n = 42 then 'bad' else n end, 'T' || n from n;
        """,
    )
    memory = Memory()
    (table,) = [
        table
        for table in ingest_source("platform", url, Landing(tmp_path / "landing"), memory)
        if table.table.name == "tier"
    ]
    assert (table.read, table.loaded) == (95, 94)
    assert refused(table) == [(42, "id", "bad", "row dropped")]
    assert len([update for update in memory.updates if update[2] == "platform__tier"]) == 10


def test_tables_are_found_by_name_in_any_case_and_views_too(tmp_path: Path) -> None:
    url = sqlite_file(
        tmp_path,
        "create table ACCOUNTS (ID, Name); insert into accounts values (1, 'A');"
        "create view Contacts as select 'c1' as id, 1 as Account_Id;",
    )
    landed = land("crm", url, tmp_path)
    assert (landed["accounts"].loaded, landed["contacts"].loaded) == (1, 1)
    assert not landed["estimates"].is_configured
    assert landed["estimates"].notices == ("the database has no such table, so it is empty",)


def test_reading_changes_nothing_in_the_database(tmp_path: Path) -> None:
    url = sqlite_file(tmp_path, "create table accounts (id, name); insert into accounts values (1, 'A');")
    before = (tmp_path / "source.db").read_bytes()
    land("crm", url, tmp_path)
    assert (tmp_path / "source.db").read_bytes() == before


def test_a_missing_database_is_not_created(tmp_path: Path) -> None:
    with pytest.raises(WarehouseError, match="no such database file"):
        land("crm", f"sqlite:///{tmp_path}/none.db", tmp_path)
    assert not (tmp_path / "none.db").exists()


def test_a_database_without_any_table_of_the_source_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(WarehouseError, match="none of the crm tables"):
        land("crm", sqlite_file(tmp_path, "create table other (id);"), tmp_path)


def test_a_missing_required_column_names_table_and_column(tmp_path: Path) -> None:
    with pytest.raises(WarehouseError, match=r"accounts: .*'name'.*nearest header is 'nam'"):
        land("crm", sqlite_file(tmp_path, "create table accounts (id, nam);"), tmp_path)


def test_a_file_that_is_not_a_database_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "x.db").write_text("this is no database, but long enough to be read as one" * 20)
    with pytest.raises(WarehouseError, match="can't be read"):
        land("crm", f"sqlite:///{tmp_path}/x.db", tmp_path)


def test_an_unknown_kind_of_database_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(WarehouseError, match="no driver"):
        land("crm", "oracle9000://user:hush@host/db", tmp_path)


def test_equal_content_lands_at_one_address(tmp_path: Path) -> None:
    url = sqlite_file(tmp_path, "create table accounts (id, name); insert into accounts values (1, 'A');")
    first, again = (land("crm", url, tmp_path)["accounts"] for _ in range(2))
    assert first == again
    with sqlite3.connect(tmp_path / "source.db") as connection:
        connection.execute("update accounts set name = 'B'")
    connection.close()
    assert land("crm", url, tmp_path)["accounts"].fingerprint != first.fingerprint


# --- PostgreSQL -------------------------------------------------------------------------------------------------------


def test_postgres_types_are_typed_by_the_cell_rules(postgres: sa.Connection, postgres_url: str, tmp_path: Path) -> None:
    postgres.exec_driver_sql(
        """
        create table accounts (
            id uuid, name text, tags text[], archived boolean, annual_revenue numeric, created_at timestamptz,
            updated_at timestamp, renewal_date date, organization_score double precision, secret text,
            city text default ''
        )
        """
    )
    postgres.exec_driver_sql(
        """
        insert into accounts values
        ('00000000-0000-0000-0000-000000000001', E'A,\n"B"', '{a,"b c",NULL}', true, 12.345, '2025-01-15 10:00:00+02',
         '2025-01-15 10:00:00.123456', '2025-01-15', 99.5, 'x'),
        ('00000000-0000-0000-0000-000000000002', 'B', '{}', false, 'NaN', '0044-03-15 00:00:00 BC',
         'infinity', null, 'NaN', 'x'),
        ('00000000-0000-0000-0000-000000000003', 'C', null, null, 1e20, '294276-01-01',
         '-infinity', 'infinity', null, 'x')
        """
    )
    table = land("crm", postgres_url, tmp_path)["accounts"]
    first, second, third = rows(table)
    assert first == {
        **dict.fromkeys(table.table.arrow_schema.names),
        "id": "00000000-0000-0000-0000-000000000001",
        "name": 'A,\n"B"',
        "tags": '["a","b c"]',
        "archived": True,
        "annual_revenue": Decimal("12.35"),
        "created_at": dt.datetime(2025, 1, 15, 8),
        "updated_at": dt.datetime(2025, 1, 15, 10, 0, 0, 123456),
        "renewal_date": dt.datetime(2025, 1, 15),
        "organization_score": Decimal("99.50"),
        "city": "",
        "_row": 1,
    }
    assert (second["city"], second["tags"], second["archived"], second["annual_revenue"]) == ("", "[]", False, None)
    assert third["created_at"] is None
    assert table.extra_columns == ("secret",)
    assert len(rejects(table)) == 7


def test_json_columns_are_tags(postgres: sa.Connection, postgres_url: str, tmp_path: Path) -> None:
    postgres.exec_driver_sql("create table accounts (id int, name text, tags jsonb)")
    postgres.exec_driver_sql("""insert into accounts values (1, 'A', '["x", "y z"]'), (2, 'B', '{"a": 1}')""")
    table = land("crm", postgres_url, tmp_path)["accounts"]
    assert [row["tags"] for row in rows(table)] == ['["x","y z"]', '["{\\"a\\": 1}"]']


def test_json_bytes_and_arrays_with_bounds_are_read_by_content(
    postgres: sa.Connection, postgres_url: str, tmp_path: Path
) -> None:
    postgres.exec_driver_sql("create type place as (street text, number int)")
    postgres.exec_driver_sql(
        "create table accounts (id json, name jsonb, tags text[], status bytea, city bytea, address_1 place)"
    )
    postgres.exec_driver_sql(
        """
        insert into accounts values
        ('"a1"', '"Acme"', '[0:1]={x,y}', '\\x776f6e', '\\xff', ('Main', 1)),
        ('7', 'null', null, null, null, null)
        """
    )
    table = land("crm", postgres_url, tmp_path)["accounts"]
    (row,) = rows(table)
    assert [row[name] for name in ("id", "name", "tags", "status", "city", "address_1")] == [
        *("a1", "Acme", '["x","y"]', "won", None, "(Main,1)")
    ]
    assert refused(table) == [
        (1, "name", None, "row dropped"),
        (2, "city", "\\xff", "cell nulled"),
    ]


def test_domains_and_arrays_of_json_are_read_by_content(
    postgres: sa.Connection, postgres_url: str, tmp_path: Path
) -> None:
    postgres.exec_driver_sql(
        "create domain a_name as jsonb; create domain a_word as bytea; create domain word as a_word"
    )
    postgres.exec_driver_sql("create table accounts (id int, name a_name, status word, tags json[])")
    postgres.exec_driver_sql(
        """insert into accounts values (1, '"Acme"', '\\x776f6e', array['"x"', '"y z"']::json[])"""
    )
    (row,) = rows(land("crm", postgres_url, tmp_path)["accounts"])
    assert (row["name"], row["status"], row["tags"]) == ("Acme", "won", '["x","y z"]')


def test_rows_that_a_policy_hides_are_an_error_unless_the_url_allows_it(
    postgres: sa.Connection, postgres_url: str, tmp_path: Path
) -> None:
    """Otherwise half of a tenant would be published as the whole."""
    postgres.exec_driver_sql(
        """
        create table accounts (id int, name text);
        insert into accounts values (1, 'A'), (2, 'B');
        alter table accounts enable row level security;
        create policy first_row on accounts using (id = 1);
        create role reader login;
        grant usage on schema public to reader;
        grant select on accounts to reader
        """
    )
    url = sa.make_url(postgres_url).set(username="reader")
    try:
        assert land("crm", postgres_url, tmp_path / "a")["accounts"].loaded == 2
        with pytest.raises(WarehouseError, match=r"table accounts .* row-level security .*\n.*row_security=on"):
            land("crm", url.render_as_string(hide_password=False), tmp_path / "b")
        allowed = url.update_query_dict({"row_security": "on"}).render_as_string(hide_password=False)
        assert land("crm", allowed, tmp_path / "c")["accounts"].loaded == 1
    finally:
        postgres.exec_driver_sql("drop table accounts; drop owned by reader; drop role reader")


def test_a_roles_time_limit_does_not_stop_reading(postgres: sa.Connection, postgres_url: str, tmp_path: Path) -> None:
    postgres.exec_driver_sql("create view profiles as select pg_sleep(0.1)::text || 'p1' as id, 2025 as selected_year")
    user = postgres.exec_driver_sql("select current_user").scalar_one()
    postgres.exec_driver_sql(f"alter role \"{user}\" set statement_timeout to '20ms'")
    try:
        assert land("crm", postgres_url, tmp_path)["profiles"].loaded == 1
    finally:
        postgres.exec_driver_sql(f'alter role "{user}" reset all')


def test_an_error_midway_names_the_table(
    postgres: sa.Connection, postgres_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    postgres.exec_driver_sql(
        "create view contacts as select n as id, 1 / (n - 9000) as account_id from generate_series(1, 9999) n"
    )
    with pytest.raises(WarehouseError, match="the table contacts of the database can't be read: division by zero"):
        land("crm", postgres_url, tmp_path)
    monkeypatch.setattr(copy_stream, "BLOCK_BYTES", 1024)
    postgres.exec_driver_sql(
        "drop view contacts; create view contacts as select 1 as id, repeat('x', 5000) as first_name"
    )
    with pytest.raises(WarehouseError, match="a row has a text of more than"):
        land("crm", postgres_url, tmp_path)


def test_a_schema_can_be_named(postgres: sa.Connection, postgres_url: str, tmp_path: Path) -> None:
    postgres.exec_driver_sql('create schema sales; create table sales."Accounts" ("ID" int, "Name" text)')
    postgres.exec_driver_sql("insert into sales.\"Accounts\" values (1, null), (2, 'B')")
    joiner = "&" if "?" in postgres_url else "?"
    table = land("crm", f"{postgres_url}{joiner}schema=sales", tmp_path)["accounts"]
    assert table.loaded == 1
    assert [(r["file"], r["row_number"]) for r in rejects(table)] == [("sales.Accounts", 1)]
    with pytest.raises(WarehouseError, match="no schema 'salez'"):
        land("crm", f"{postgres_url}{joiner}schema=salez", tmp_path)


def test_a_table_with_the_same_name_as_the_one_read_is_reported(
    postgres: sa.Connection, postgres_url: str, tmp_path: Path
) -> None:
    for name, row in (("Accounts", "old"), ("accounts", "new")):
        postgres.exec_driver_sql(f'create table "{name}" (id text, name text)')
        postgres.exec_driver_sql(f"insert into \"{name}\" values ('1', '{row}')")
    table = land("crm", postgres_url, tmp_path)["accounts"]
    assert [row["name"] for row in rows(table)] == ["new"]
    assert [notice.partition(": ")[2] for notice in table.notices] == ["the table accounts was read, and not Accounts"]


def test_materialized_views_count_as_tables(postgres: sa.Connection, postgres_url: str, tmp_path: Path) -> None:
    postgres.exec_driver_sql("create materialized view profiles as select 'p1' as id, 2025 as selected_year")
    assert rows(land("crm", postgres_url, tmp_path)["profiles"]) == [{"id": "p1", "selected_year": 2025}]


def test_a_partitioned_table_is_one_table(postgres: sa.Connection, postgres_url: str, tmp_path: Path) -> None:
    postgres.exec_driver_sql(
        """
        create table contacts (id text, first_name text) partition by list (first_name);
        create table contacts_a partition of contacts for values in ('A');
        create table contacts_rest partition of contacts default;
        insert into contacts values ('c1', 'A'), ('c2', 'B')
        """
    )
    assert [row["id"] for row in rows(land("crm", postgres_url, tmp_path)["contacts"])] == ["c1", "c2"]


def test_foreign_tables_count_as_tables(postgres: sa.Connection, postgres_url: str, tmp_path: Path) -> None:
    """The embedded server has no working wrapper; the attempt to read the table shows that it was found."""
    postgres.exec_driver_sql(
        """
        create foreign data wrapper elsewhere;
        create server elsewhere foreign data wrapper elsewhere;
        create foreign table profiles (id text, selected_year int) server elsewhere
        """
    )
    try:
        with pytest.raises(
            WarehouseError, match='the database can\'t be read: foreign-data wrapper "elsewhere" has no'
        ):
            land("crm", postgres_url, tmp_path)
    finally:
        postgres.exec_driver_sql("drop foreign data wrapper elsewhere cascade")


def test_settings_of_the_database_and_its_roles_change_no_value(
    postgres: sa.Connection, postgres_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The session sets its own formats for days, months, zones, money and doubles."""
    postgres.exec_driver_sql(
        """
        create table accounts
            (id text, name text, renewal_date date, created_at timestamptz, annual_revenue money,
             organization_score double precision, updated_at timestamp);
        insert into accounts values
            ('a', 'Zoë', '2025-04-06', '2025-01-15 23:30:00+00', 1234567.89, 0.1::float8 + 0.2, '2024-12-11 10:09:08')
        """
    )
    expected = rows(land("crm", postgres_url, tmp_path / "before")["accounts"])
    assert (expected[0]["renewal_date"], expected[0]["annual_revenue"]) == (
        dt.datetime(2025, 4, 6),
        Decimal("1234567.89"),
    )
    settings = {
        "datestyle": "'SQL, DMY'",
        "timezone": "'Asia/Kolkata'",
        "intervalstyle": "'sql_standard'",
        "bytea_output": "'escape'",
        "lc_monetary": "'C.UTF-8'",
        "extra_float_digits": "-15",
        "client_encoding": "'LATIN1'",
        "synchronize_seqscans": "on",
    }
    monkeypatch.setenv("PGCLIENTENCODING", "LATIN1")
    user = postgres.exec_driver_sql("select current_user").scalar_one()
    for name, value in settings.items():
        postgres.exec_driver_sql(f'alter role "{user}" set {name} to {value}')
    try:
        assert rows(land("crm", postgres_url, tmp_path / "after")["accounts"]) == expected
    finally:
        postgres.exec_driver_sql(f'alter role "{user}" reset all')


def test_a_database_without_an_encoding_is_read_as_utf_8(
    postgres: sa.Connection, postgres_url: str, tmp_path: Path
) -> None:
    postgres.exec_driver_sql(
        "create database ascii encoding 'SQL_ASCII' template template0 lc_collate 'C' lc_ctype 'C'"
    )
    url = sa.make_url(postgres_url).set(database="ascii").render_as_string(hide_password=False)
    try:
        with psycopg.connect(url, autocommit=True, client_encoding="UTF8") as connection:
            connection.execute("create table accounts (id text, name text, city text)")
            connection.execute("insert into accounts values ('a1', 'Zoë', 'Guelph')")
            connection.execute("insert into accounts values ('a2', 'B', convert_from('\\x5ac3ab', 'SQL_ASCII'))")
            connection.execute("insert into accounts values ('a3', 'C', convert_from('\\x5aeb', 'SQL_ASCII'))")
        table = land("crm", url, tmp_path)["accounts"]
    finally:
        postgres.exec_driver_sql("drop database ascii")
    assert [(row["id"], row["name"], row["city"]) for row in rows(table)] == [
        ("a1", "Zoë", "Guelph"),
        ("a2", "B", "Zë"),
        ("a3", "C", None),
    ]
    assert [(row["column_name"], row["value"], row["reason"]) for row in rejects(table)] == [
        ("city", "Z\\xeb", "not UTF-8 text")
    ]


def test_postgres_rows_are_streamed_and_counted_from_1(
    postgres: sa.Connection, postgres_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(copy_stream, "BLOCK_BYTES", 64 * 1024)
    monkeypatch.setattr(csv_file, "BLOCK_BYTES", 64 * 1024)
    postgres.exec_driver_sql(
        """
        create table email_prop as
        select
            1 as organization_id, n as id, mod(n, 100) as customer_id, n / 5 as thread_id,
            timestamptz '2025-01-01 00:00:00+00' + n * interval '1 second' as sent_at,
            case when n = 31234 then 'nobody' when mod(n, 2) = 0 then 'team' else 'account' end as direction,
            nullif(mod(n, 3), 0) as user_id, null::bigint as stakeholder_id, 'neutral' as sentiment
        from generate_series(1, 50000) as n
        """
    )
    memory = Memory()
    landed = ingest_source("platform", postgres_url, Landing(tmp_path / "landing"), memory)
    (table,) = [table for table in landed if table.table.name == "email_prop"]
    assert (table.read, table.loaded) == (50_000, 49_999)
    assert refused(table) == [(31234, "direction", "nobody", "row dropped")]
    assert len(memory.updates) > 5
    assert rows(table)[0]["sent_at"] == dt.datetime(2025, 1, 1, 0, 0, 1)


def test_all_tables_are_read_as_of_one_instant(postgres: sa.Connection, postgres_url: str, tmp_path: Path) -> None:
    postgres.exec_driver_sql("create table accounts (id int, name text); insert into accounts values (1, 'A')")
    postgres.exec_driver_sql("create table contacts (id int, account_id int); insert into contacts values (1, 1)")

    class Writer:
        """A client that writes while the first table is being read."""

        def update(self, done: int, total: int | None = None, detail: str = "") -> None:
            postgres.exec_driver_sql("insert into contacts select max(id) + 1, 1 from contacts")

    landed = {t.table.name: t for t in ingest_source("crm", postgres_url, Landing(tmp_path / "landing"), Writer())}
    assert landed["contacts"].read == 1


@pytest.mark.parametrize(
    "change",
    [
        "truncate contacts",
        "alter table contacts alter id type bigint",
        "alter table contacts rename to former_contacts",
        "drop table contacts cascade",
    ],
)
@pytest.mark.parametrize("kind", ["table", "view"])
def test_a_table_cannot_be_altered_until_it_is_read(
    postgres: sa.Connection, postgres_url: str, tmp_path: Path, change: str, kind: str
) -> None:
    """Otherwise it would silently have no rows."""
    postgres.exec_driver_sql("create table accounts (id int, name text); insert into accounts values (1, 'A')")
    postgres.exec_driver_sql("create table contacts (id int); insert into contacts values (1), (2)")
    if kind == "view":
        postgres.exec_driver_sql("create view scorecards as select id, id as account_id from contacts")
    postgres.exec_driver_sql("set lock_timeout = '10ms'")

    class Other:
        """A client that alters a table while another is being read."""

        def update(self, done: int, total: int | None = None, detail: str = "") -> None:
            with pytest.raises(sa.exc.OperationalError, match="lock timeout"):
                postgres.exec_driver_sql(change)

    landed = {t.table.name: t for t in ingest_source("crm", postgres_url, Landing(tmp_path / "landing"), Other())}
    postgres.exec_driver_sql("reset lock_timeout")
    assert landed["scorecards" if kind == "view" else "contacts"].read == 2


def test_a_materialized_view_that_is_dropped_meanwhile_is_named(
    postgres: sa.Connection, postgres_url: str, tmp_path: Path
) -> None:
    postgres.exec_driver_sql("create table accounts (id int, name text); insert into accounts values (1, 'A')")
    postgres.exec_driver_sql("create materialized view contacts as select 1 as id")

    class Other:
        """A client that drops it while the accounts are being read."""

        def update(self, done: int, total: int | None = None, detail: str = "") -> None:
            postgres.exec_driver_sql("drop materialized view if exists contacts")

    with pytest.raises(WarehouseError, match="the table contacts was dropped while the database was read"):
        ingest_source("crm", postgres_url, Landing(tmp_path / "landing"), Other())


def test_a_role_with_access_to_some_columns_reads_only_them(
    postgres: sa.Connection, postgres_url: str, tmp_path: Path
) -> None:
    postgres.exec_driver_sql("create table accounts (id int, name text, secret text)")
    postgres.exec_driver_sql("insert into accounts values (1, 'A', 'x')")
    postgres.exec_driver_sql("create role clerk login; grant usage on schema public to clerk")
    postgres.exec_driver_sql("grant select (id, name) on accounts to clerk")
    url = sa.make_url(postgres_url).set(username="clerk").render_as_string(hide_password=False)
    try:
        assert land("crm", url, tmp_path)["accounts"].loaded == 1
    finally:
        postgres.exec_driver_sql("drop table accounts; drop owned by clerk; drop role clerk")


@pytest.mark.parametrize(
    ("code", "message", "remedy"),
    [
        ("40001", "canceling statement due to conflict with recovery", "run again; if it happens often, read from"),
        ("57014", "canceling statement due to user request", "run again; find out who cancels it"),
        ("57P01", "terminating connection due to administrator command", "run again when the server is running"),
    ],
)
def test_a_read_cancelled_by_the_server_has_a_remedy(
    postgres: sa.Connection, postgres_url: str, tmp_path: Path, code: str, message: str, remedy: str
) -> None:
    postgres.exec_driver_sql(
        "create function cancelled(n int) returns int language plpgsql as "
        f"$$ begin if n = 5000 then raise exception '{message}' using errcode = '{code}'; end if; return n; end $$"
    )
    postgres.exec_driver_sql("create view contacts as select cancelled(n) as id from generate_series(1, 9999) n")
    with pytest.raises(WarehouseError, match=f"the table contacts .+: {message}\nTo do: {remedy}"):
        land("crm", postgres_url, tmp_path)
    assert not list(tmp_path.rglob("crm__contacts/*"))


def test_a_server_error_is_reported_without_the_password(postgres_url: str, tmp_path: Path) -> None:
    url = sa.make_url(postgres_url).set(database="nowhere", password="hush-hush")
    with pytest.raises(WarehouseError, match="nowhere") as error:
        land("crm", url.render_as_string(hide_password=False), tmp_path)
    assert "hush-hush" not in str(error.value)
    assert error.value.__suppress_context__


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://u:hush-hush@127.0.0.1:1/db",
        "postgresql://u:hush-hush@[::1/db",
        "postgresql://u@host:hush-hush/db",
        "postgresql://127.0.0.1:1/db?user=u&password=hush-hush",
        "postgresql://127.0.0.1:1/db?password=hush-hush&password=hush-hush&schema=crm",
        "postgresql://127.0.0.1:1/db?user=u&Password=hush%2Dhush%21",
        "postgresql://127.0.0.1:1/db?options=-c%20hush%3D1",
        "postgresql://127.0.0.1:1/db?sslkey=/hush&sslcert=/hush",
        "postgresql://127.0.0.1:1/db?hush=hush",
        "postgresql://u:hush/hush@127.0.0.1:1/db",
        "postgresql://u:p@hush@127.0.0.1:1/db",
        "postgresql:/u:hush@127.0.0.1:1/db",
        "host=127.0.0.1 password=hush",
        "sqlite:///nowhere.db?pass=hush",
        "mysql://u:hush@127.0.0.1:1/db?pass=hush",
    ],
)
def test_an_unreachable_server_is_reported_without_the_password(url: str, tmp_path: Path) -> None:
    with pytest.raises(WarehouseError) as error:
        land("crm", url, tmp_path)
    trace = "".join(traceback.format_exception(error.value))
    assert "hush" not in trace


def test_an_invalid_address_is_reported_by_its_option(tmp_path: Path) -> None:
    with pytest.raises(WarehouseError, match="the URL can't be read") as error:
        land("crm", "postgresql://u@host:hush-hush/db", tmp_path)
    assert error.value.where == "--crm"


def test_only_host_and_database_of_an_address_are_shown(tmp_path: Path) -> None:
    with pytest.raises(WarehouseError) as error:
        land("crm", "postgresql://127.0.0.1:1/db?password=hush-hush&user=u", tmp_path)
    assert error.value.where == "postgresql://127.0.0.1/db"


def test_no_kept_file_contains_the_password(postgres: sa.Connection, postgres_url: str, tmp_path: Path) -> None:
    postgres.exec_driver_sql(
        "create table accounts (id int, name text); insert into accounts values (1, null), (2, 'B')"
    )
    url = sa.make_url(postgres_url).set(password="hush-hush").render_as_string(hide_password=False)
    table = land("crm", url, tmp_path)["accounts"]
    assert table.files[0].name == "accounts"
    assert not any(b"hush-hush" in path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())


@pytest.mark.parametrize(
    "damage", [(b"CREATE TABLE accounts", b"CREAT\x8c TABLE accounts"), (b"customers", b"custom\x8crs")]
)
def test_a_schema_that_is_not_utf_8_is_named_or_left_out(tmp_path: Path, damage: tuple[bytes, bytes]) -> None:
    """Found by the fuzz: SQLite's own message quoted the damaged schema, and could not be decoded."""
    path = tmp_path / "crm.sqlite"
    with sqlite3.connect(path) as connection:
        connection.execute("create table customers (id)")
        connection.execute("CREATE TABLE accounts (id, name)")
    connection.close()
    path.write_bytes(path.read_bytes().replace(*damage))
    try:
        assert land("crm", f"sqlite:///{path}", tmp_path)["accounts"].read == 0
    except WarehouseError as error:
        assert "the database can't be read" in str(error)
