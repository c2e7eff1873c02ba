"""`warehouse diff`: rows by key, cells by column; applying the changes to the previous drop gives the new one."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.common.errors import WarehouseError
from pipeline.contracts.changes import CHANGED_COLUMNS
from pipeline.drops.aligned_rows import ROW
from pipeline.drops.destination import open_destination
from pipeline.drops.find_drop import find_drop
from pipeline.drops.row_changes import compare_rows
from pipeline.settings import Settings
from pipeline.state.workspace import Workspace
from tests.drops.made_drops import AS_OF, DEAL_ROWS, DEALS, manifest_of, mart, publish

KEYS = st.dictionaries(st.integers(1, 6), st.tuples(st.sampled_from(["a", "b", None]), st.sampled_from([1, None])))


def written(path: Path, rows: list[dict[str, Any]], *, as_in_drops: bool = True) -> Path:
    """Write deals with the schema of drops, or another schema with the same columns."""
    table = mart(DEALS, rows).drop_columns(["organization_id"])
    pq.write_table(table.cast(DEALS.arrow_schema) if as_in_drops else table, path)
    return path


def deals(rows: dict[int, tuple[str | None, int | None]]) -> list[dict[str, Any]]:
    return [{"deal_id": key, "organization_id": 1, "title": title, "visits": n} for key, (title, n) in rows.items()]


def test_a_changed_row_names_its_columns_and_the_cells_are_counted(tmp_path: Path) -> None:
    changed = [{**DEAL_ROWS[0], "title": "Hedge", "amount": None}, *DEAL_ROWS[1:]]
    found = compare_rows(DEALS, written(tmp_path / "a", DEAL_ROWS), written(tmp_path / "b", changed))
    assert found.changed[CHANGED_COLUMNS].to_pylist() == ["title,amount"]
    assert found.columns == {"title": 1, "amount": 1}
    assert (found.added.num_rows, found.removed.num_rows) == (0, 0)


def test_an_export_that_the_previous_drop_lacks_has_only_added_rows(tmp_path: Path) -> None:
    found = compare_rows(DEALS, None, written(tmp_path / "b", DEAL_ROWS))
    assert found.added["deal_id"].to_pylist() == [2, 3, 10]


def test_files_of_the_same_bytes_have_no_changes_and_the_columns_of_the_others(tmp_path: Path) -> None:
    one, same = written(tmp_path / "a", DEAL_ROWS), written(tmp_path / "b", DEAL_ROWS)
    other = written(tmp_path / "c", [{**DEAL_ROWS[0], "title": "Hedge"}, *DEAL_ROWS[1:]])
    found, differing = compare_rows(DEALS, one, same), compare_rows(DEALS, one, other)
    assert (found.is_empty, found.columns, differing.is_empty) == (True, {}, False)
    for kind in ("added", "changed", "removed"):
        assert getattr(found, kind).column_names == getattr(differing, kind).column_names


@given(KEYS, KEYS, st.booleans(), st.booleans())
def test_the_previous_drop_with_the_changes_applied_is_the_new_one(
    tmp_path_factory: pytest.TempPathFactory,
    before: dict[int, Any],
    now: dict[int, Any],
    has_same_keys: bool,
    as_in_drops: bool,
) -> None:
    if has_same_keys:
        before = {key: before.get(key, ("b", None)) for key in now}
    folder = tmp_path_factory.mktemp("pair")
    old, new = (
        written(folder / name, deals(dict(sorted(rows.items()))), as_in_drops=as_in_drops)
        for name, rows in (("a", before), ("b", now))
    )
    found = compare_rows(DEALS, old, new)
    rows = {row["deal_id"]: row for row in pq.read_table(old).to_pylist()}
    for row in found.removed.to_pylist():
        del rows[row["deal_id"]]
    changed = pq.read_table(new).take(found.changed[ROW])
    for row in (*found.added.to_pylist(), *changed.to_pylist()):
        rows[row["deal_id"]] = row
    assert sorted(rows.values(), key=lambda row: row["deal_id"]) == sorted(
        pq.read_table(new).to_pylist(), key=lambda row: row["deal_id"]
    )


def test_an_amount_with_more_decimals_is_a_changed_cell(tmp_path: Path) -> None:
    rows = [{"deal_id": 1, "organization_id": 1, "amount": Decimal("1.00")}]
    finer = [{**rows[0], "amount": Decimal("1.01")}]
    assert compare_rows(DEALS, written(tmp_path / "a", rows), written(tmp_path / "b", finer)).columns == {"amount": 1}


@pytest.fixture
def settings(tmp_path: Path, stage: Any) -> Settings:
    """Two drops of organization 1 and one of organization 2."""
    settings = Settings(exports=str(tmp_path / "exports"), state=tmp_path / "state")
    destination = open_destination(settings, Workspace(settings.state))
    for organization, weeks in ((1, 0), (1, 1), (2, 0)):
        drop = stage(destination.staging_folder(organization, f"run{weeks}"), organization)
        publish(destination, drop, manifest_of(drop, as_of=AS_OF + timedelta(weeks=weeks)))
    return settings


def test_a_drop_is_named_by_its_organization_and_latest_or_previous(settings: Settings) -> None:
    assert find_drop("1/latest", settings).name.startswith("20250122")
    assert find_drop("1/previous", settings).name.startswith("20250115")
    assert find_drop(f"{settings.exports}/1/latest", Settings(exports="elsewhere")).name.startswith("20250122")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("latest", "2 organizations"),
        ("3/latest", "no such drop"),
        ("2/previous", "no such drop"),
        ("nowhere", "no pub"),
    ],
)
def test_a_missing_drop_is_an_error_that_lists_the_existing_ones(settings: Settings, name: str, words: str) -> None:
    with pytest.raises(WarehouseError, match=words):
        find_drop(name, settings)
