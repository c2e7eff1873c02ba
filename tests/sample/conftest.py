"""One sample for all tests here, and its files as DuckDB tables, as in `crm_accounts`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from pipeline.sample import write_sample
from tests.sample.reading import WORKBOOKS, read_csv, read_workbook

ACCOUNTS, SEED, EVENTS = 120, 7, 60


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a small sample."""
    out = tmp_path_factory.mktemp("sample")
    write_sample(out, ACCOUNTS, SEED, EVENTS)
    return out


@pytest.fixture(scope="session")
def cells(sample: Path) -> dict[str, list[dict[str, object]]]:
    """The cells of LMN's workbooks."""
    return {name: read_workbook(sample / "lmn" / file) for name, file in WORKBOOKS.items()}


@pytest.fixture(scope="session")
def db(sample: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """The CRM's and the platform's files; CSV columns are text."""
    connection = duckdb.connect()
    connection.execute("set timezone = 'UTC'")
    for folder in ("crm", "platform"):
        for path in sorted((sample / folder).iterdir()):
            if path.suffix == ".parquet":
                connection.execute(f"create view {folder}_{path.stem} as select * from read_parquet('{path}')")
            else:
                connection.register(f"{folder}_{path.stem}", read_csv(path))
    yield connection
    connection.close()
