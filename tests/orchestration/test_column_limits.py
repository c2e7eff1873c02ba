"""D39: a text longer than its column is cut and reported; a figure too large for its column is an error."""

from __future__ import annotations

import subprocess

import pyarrow.parquet as pq
import pytest

from pipeline.ingest.tables import source_table
from pipeline.sample.weeks.write_weeks import write_weeks
from tests.orchestration.spoilt_sources import read_table, write_table
from tests.orchestration.warehouse import Warehouse

Run = tuple[Warehouse, subprocess.CompletedProcess[str]]

LONG = "😀" * 101
"""101 code points of four bytes each, which are 202 UTF-16 units."""


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run in which a customer of organization 2 has a long name, and one of organization 1 too large a cost."""
    folder = tmp_path_factory.mktemp("limits")
    (sources,) = write_weeks(folder / "weeks", accounts=40, seed=5, weeks=1)
    customers, users = source_table("platform", "customer"), source_table("platform", "users")
    rows = read_table(sources, customers)
    next(row for row in rows if row["organization_id"] == "2")["name"] = LONG
    next(row for row in rows if row["organization_id"] == "1")["revenue"] = "0.01"
    write_table(sources, customers, rows)
    write_table(sources, users, [{**row, "hourly_cost": "9000000.00"} for row in read_table(sources, users)])
    warehouse = Warehouse(folder / "warehouse")
    return warehouse, warehouse.run(sources, sources.name)


def test_a_long_text_is_cut_by_code_points_and_its_drop_is_published(run: Run) -> None:
    warehouse, ended = run
    assert warehouse.latest(2), ended.stderr
    drop = warehouse.folder / "exports" / "2" / "latest" / "account_core.parquet"
    names = pq.read_table(drop, columns=["account_name"])["account_name"].to_pylist()
    assert LONG[:100] in names
    assert LONG not in names


def test_a_cut_text_is_a_warning_and_a_reject_with_both_lengths(run: Run) -> None:
    warehouse, ended = run
    (finding,) = [each for each in warehouse.manifest(2)["guards"] if each["guard"] == "shortened"]
    assert (finding["level"], finding["place"]) == ("warn", "account_core.account_name")
    assert (finding["before"], finding["now"]) == ("101 characters", "100 characters")
    assert "guard shortened warns" in ended.stderr
    assert "101 characters, of which account_core.account_name holds 100" in warehouse.report


def test_a_figure_too_large_holds_back_only_its_organization(run: Run) -> None:
    warehouse, ended = run
    assert ended.returncode == 3
    assert "organization 1 was held back" in ended.stderr
    assert "account_communication_stats.efficiency_rate of account 1 is " in ended.stderr
    assert "holds 6 digits before the point" in ended.stderr
    assert list(warehouse.all_latest()) == ["2"]
