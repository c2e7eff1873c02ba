"""The models compared with the hand-written script of the benchmark, cell by cell.

`benchmarks/floor.sql` implements the same spec but shares nothing with the models: a differing cell is a mistake in one
of them.
"""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline.paths import PROJECT_ROOT
from pipeline.sample import write_sample

AS_OF = datetime(2025, 1, 15, tzinfo=UTC)
TABLES = ("account_core", "account_communication_stats")
WIDTHS = {"account_core": 78, "account_communication_stats": 52}
SHOWN = 20


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A generated sample, the drops of a run with only its platform, and the two files of the script."""
    folder = tmp_path_factory.mktemp("floor")
    write_sample(folder / "sources", accounts=300, seed=1, events_per_account=60, as_of=AS_OF)
    platform = folder / "sources" / "platform"
    where = ["--exports", folder / "exports", "--state", folder / "state"]
    python("-m", "pipeline.cli", "run", "--platform", platform, "--as-of", AS_OF.isoformat(), *where)
    python(PROJECT_ROOT / "benchmarks" / "floor.py", platform, folder / "floor", AS_OF.isoformat())
    return folder


def python(*arguments: object) -> None:
    """Run a Python command, which must succeed."""
    command = [sys.executable, *map(str, arguments)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, cwd=PROJECT_ROOT)
    assert ended.returncode == 0, ended.stderr


def published(folder: Path, name: str) -> pa.Table:
    """Read a table from every tenant's latest drop, in the order of tenants."""
    drops = sorted((folder / "exports").glob("*/latest"), key=lambda path: int(path.parent.name))
    return pa.concat_tables([pq.read_table(drop / f"{name}.parquet") for drop in drops])


def cells(table: pa.Table, column: str) -> list[object]:
    """Read a column; published instants are in UTC, the script's have no zone."""
    values = table[column].to_pylist()
    return [value.replace(tzinfo=None) if isinstance(value, datetime) else value for value in values]


@pytest.mark.parametrize("name", TABLES)
def test_every_cell_equals_that_of_the_hand_written_script(folder: Path, name: str) -> None:
    ours, theirs = published(folder, name), pq.read_table(folder / "floor" / f"{name}.parquet")
    assert ours.column_names == theirs.column_names
    assert ours.num_columns == WIDTHS[name]
    # Ids are unique only within a tenant, which one table lacks; but both tables have the same order.
    keys = list(
        zip(*(cells(published(folder, "account_core"), key) for key in ("organization_id", "account_id")), strict=True)
    )
    assert cells(ours, "account_id") == cells(theirs, "account_id") == [account for _, account in keys]
    different = [
        f"organization {key[0]}, account {key[1]}, {column}: models {mine!r}, floor {other!r}"
        for column in ours.column_names
        for key, mine, other in zip(keys, cells(ours, column), cells(theirs, column), strict=True)
        if mine != other or type(mine) is not type(other)
    ]
    assert not different, f"{len(different)} cells differ:\n" + "\n".join(different[:SHOWN])


def test_the_sample_gives_each_column_something_to_compare(folder: Path) -> None:
    """A column of only nulls would equal any other such column."""
    tables = [published(folder, name) for name in TABLES]
    assert not [name for table in tables for name in table.column_names if table[name].null_count == table.num_rows]
