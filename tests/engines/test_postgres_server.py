"""Which PostgreSQL is used, which is refused, and that no message shows a password."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from pipeline.common.errors import WarehouseError
from pipeline.engines import postgres_server
from pipeline.engines.postgres_server import open_server
from pipeline.paths import PROJECT_ROOT
from pipeline.settings import Settings


def test_without_a_url_a_server_is_embedded_in_the_state_folder(state: Path) -> None:
    server = open_server(Settings(state=state))
    with server.connect() as connection:
        found = connection.execute(
            "select current_database(), datlocprovider, datlocale, current_setting('TimeZone'),"
            " current_setting('listen_addresses')"
            " from pg_database where datname = current_database()"
        ).fetchone()
    assert found == ("warehouse", "b", "C.UTF-8", "UTC", ""), "the collation is PostgreSQL's own"
    assert (state / "postgres" / "PG_VERSION").exists()


def test_settings_of_a_role_do_not_affect_a_session(state: Path) -> None:
    server = open_server(Settings(state=state))
    names = ("DateStyle", "IntervalStyle", "extra_float_digits", "TimeZone")
    with server.connect() as connection:
        expected = [connection.execute(f"show {name}").fetchone() for name in names]
        user = connection.execute("select current_user").fetchone()
        assert user is not None
        for name, value in zip(names, ("SQL, DMY", "iso_8601", "-15", "Asia/Kolkata"), strict=True):
            connection.execute(f"alter role \"{user[0]}\" set {name} to '{value}'")
        connection.commit()
    with server.connect() as connection:
        found = [connection.execute(f"show {name}").fetchone() for name in names]
        connection.execute(f'alter role "{user[0]}" reset all')
        connection.commit()
    assert [value and value[0].split(",")[0] for value in found] == [
        value and value[0].split(",")[0] for value in expected
    ]


def test_another_user_of_the_machine_is_not_locked_out(state: Path) -> None:
    open_server(Settings(state=state))
    assert (state / ".postgres.lock").exists()


def test_the_embedded_server_is_found_running_the_second_time(state: Path) -> None:
    first, second = (open_server(Settings(state=state)) for _ in range(2))
    assert first.conninfo == second.conninfo


def test_a_url_names_another_server(state: Path) -> None:
    embedded = open_server(Settings(state=state))
    named = open_server(Settings(state=state / "elsewhere", postgres_url=embedded.conninfo))
    with named.connect() as connection:
        assert connection.execute("select current_database()").fetchone() == ("warehouse",)
    assert not (state / "elsewhere").exists()


def test_a_server_that_is_too_old_is_refused(state: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    newest = open_server(Settings(state=state)).conninfo
    monkeypatch.setattr(postgres_server, "OLDEST_VERSION", 99)
    with pytest.raises(WarehouseError, match=r"the server is PostgreSQL \d\d") as raised:
        open_server(Settings(state=tmp_path, postgres_url=newest))
    assert raised.value.remedy == "use PostgreSQL 99 or later"


def test_a_server_without_a_collation_for_every_letter_is_refused(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres_server, "CASE_COLLATIONS", ("no-such-collation",))
    with pytest.raises(WarehouseError, match="no collation that converts every letter to lower case"):
        open_server(Settings(state=state)).case_collation()


def test_a_database_that_is_not_in_utf_8_is_refused(state: Path, tmp_path: Path) -> None:
    embedded = open_server(Settings(state=state)).conninfo
    with psycopg.connect(embedded, autocommit=True) as connection:
        connection.execute("create database latin template template0 encoding 'LATIN1' locale 'C'")
    with pytest.raises(WarehouseError, match="encoding is LATIN1"):
        open_server(Settings(state=tmp_path, postgres_url=embedded.replace("/warehouse?", "/latin?")))


@pytest.mark.parametrize(
    "url",
    [
        "mysql://loader:s3cret@localhost/warehouse",
        "localhost",
        "host=localhost password=s3cret",
        "postgresql:/loader:s3cret@localhost/warehouse",
        "postgresql://loader:s3cret@[host/warehouse",
        "postgresql://loader:k3/s3cret@127.0.0.1:1/warehouse",
        "postgresql://loader:p@s3cret@127.0.0.1:1/warehouse",
        "postgresql://127.0.0.1:1/warehouse?s3cret=s3cret",
    ],
)
def test_an_invalid_postgres_url_is_refused_without_repeating_it(url: str, tmp_path: Path) -> None:
    with pytest.raises(WarehouseError, match="URL") as raised:
        open_server(Settings(state=tmp_path, postgres_url=url))
    assert raised.value.where == "WAREHOUSE_POSTGRES_URL"
    assert "s3cret" not in str(raised.value)


@pytest.mark.parametrize("query", ["", "?sslkey=/s3cret", "?options=-c%20s3cret%3D1", "?passfile=s3cret"])
def test_a_server_that_does_not_answer_is_named_without_its_password(query: str, tmp_path: Path) -> None:
    url = f"postgresql://loader:s3cret@127.0.0.1:1/warehouse{query}"
    with pytest.raises(WarehouseError, match="does not answer") as raised:
        open_server(Settings(state=tmp_path, postgres_url=url))
    assert "127.0.0.1/warehouse" in str(raised.value)
    assert "s3cret" not in str(raised.value)


def test_dbt_gets_every_option_of_the_url(tmp_path: Path) -> None:
    from pipeline.engines.postgres_server import PostgresServer

    server = PostgresServer("postgresql://ana:s3cret@db.example:6543/sales?sslmode=verify-full&options=-c%20jit%3Don")
    environment = dict(server.dbt_environment())
    options = environment.pop("PGOPTIONS")
    assert environment == {
        "WAREHOUSE_POSTGRES_HOST": "db.example",
        "WAREHOUSE_POSTGRES_PORT": "6543",
        "WAREHOUSE_POSTGRES_USER": "ana",
        "DBT_ENV_SECRET_POSTGRES_PASSWORD": "s3cret",
        "WAREHOUSE_POSTGRES_DATABASE": "sales",
        "PGSSLMODE": "verify-full",
    }
    assert options.startswith("-c TimeZone=UTC ")
    assert options.endswith("-c jit=on"), "options of the URL come last, so they win"


HOLD = """
import os, signal, sys
from pathlib import Path
from pipeline.engines.postgres_server import open_server
from pipeline.settings import Settings

open_server(Settings(state=Path(sys.argv[1])))
if sys.argv[2] == "killed":
    os.kill(os.getpid(), signal.SIGKILL)
"""


def hold(state: Path, how: str) -> int:
    """Start the embedded server in a process that ends in this way; return its exit code."""
    environment = {**os.environ, "PYTHONPATH": str(PROJECT_ROOT)}
    return subprocess.run([sys.executable, "-c", HOLD, str(state), how], check=False, env=environment).returncode


def test_the_server_of_a_run_that_was_killed_ends_with_the_next_run() -> None:
    with tempfile.TemporaryDirectory(prefix="warehouse-", ignore_cleanup_errors=True) as name:
        state = Path(name)
        assert hold(state, "killed") == -9
        server = os.pidfd_open(int((state / "postgres" / "postmaster.pid").read_text().split()[0]))
        assert not select.select([server], [], [], 0)[0], "no process was left to end it"
        holders = state / "postgres" / ".handle_pids.json"
        holders.write_text(json.dumps([*json.loads(holders.read_text()), os.getpid()]))
        os.utime(holders, (1, 1))  # and a process id that another process has now
        assert hold(state, "in peace") == 0
        assert select.select([server], [], [], 60)[0] == [server]


@pytest.fixture(scope="module")
def stopped() -> Iterator[Path]:
    """A state folder whose embedded server was created and has ended."""
    with tempfile.TemporaryDirectory(prefix="warehouse-", ignore_cleanup_errors=True) as name:
        assert hold(Path(name), "in peace") == 0
        yield Path(name)


def test_a_server_whose_creation_was_killed_is_created_by_the_next_run() -> None:
    with tempfile.TemporaryDirectory(prefix="warehouse-", ignore_cleanup_errors=True) as name:
        environment = {**os.environ, "PYTHONPATH": str(PROJECT_ROOT)}
        making = subprocess.Popen(
            [sys.executable, "-c", HOLD, name, "in peace"], env=environment, start_new_session=True
        )
        while not list(Path(name).glob("*/PG_VERSION")) + list(Path(name).glob(".*/PG_VERSION")):
            assert making.poll() is None
        os.killpg(making.pid, signal.SIGKILL)
        making.wait()
        assert hold(Path(name), "in peace") == 0
        assert [path.name for path in Path(name).iterdir() if path.is_dir()] == ["postgres"]


@pytest.mark.parametrize("lines", ["{pid}\n/somewhere\n0\n5432\n/tmp\n\n0\nready\n", "{pid}\n/somewhere\n", ""])
def test_a_reused_process_id_is_not_taken_for_the_server(stopped: Path, lines: str) -> None:
    (stopped / "postgres" / "postmaster.pid").write_text(lines.format(pid=os.getpid()))
    assert hold(stopped, "in peace") == 0


def test_a_server_that_cannot_start_gives_the_reason_and_a_remedy(
    stopped: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (stopped / "postgres" / "global" / "pg_control").rename(stopped / "pg_control")
    with pytest.raises(WarehouseError, match=r"can't start: .*pg_control") as raised:
        open_server(Settings(state=stopped))
    assert raised.value.where == str(stopped / "postgres")
    assert "a run creates another" in str(raised.value.remedy)
    assert capfd.readouterr().err == ""
