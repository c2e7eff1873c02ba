"""A PostgreSQL database with English collation: a before B before c, accents last."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import psycopg
import pytest

from pipeline.engines.postgres_server import open_server
from pipeline.settings import Settings

LOCALE = "en_US.UTF-8"


def english_database(state: Path, environment: pytest.MonkeyPatch) -> str:
    """Create one on its own embedded server, and return its URL; skip if no locale can be compiled.

    The embedded server knows only the C library's locales; this one is compiled and found by LOCPATH.
    """
    localedef = shutil.which("localedef")
    if localedef is None or not Path("/usr/share/i18n/locales/en_US").exists():
        pytest.skip("the C library's localedef and its sources (Debian: locales) are not installed")
    locales = state / "locales"
    locales.mkdir()
    command = [localedef, "--no-archive", "-i", "en_US", "-f", "UTF-8", str(locales / LOCALE)]
    subprocess.run(command, check=True, capture_output=True)
    environment.setenv("LOCPATH", str(locales))
    embedded = open_server(Settings(state=state)).conninfo
    with psycopg.connect(embedded, autocommit=True) as connection:
        connection.execute(
            f"create database english template template0 encoding 'UTF8' locale_provider libc locale '{LOCALE}'"
        )
    found = embedded.replace("/warehouse?", "/english?")
    with psycopg.connect(found) as connection:
        assert connection.execute("select 'a' < 'B' and 'é' < 'f'").fetchone() == (True,), "not by code points"
    return found
