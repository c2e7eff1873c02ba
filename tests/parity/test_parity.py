"""Every engine publishes the same bytes (D1: a run is a function of its inputs and its instant, not of its engine)."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from tests.parity.compare import SAMPLE, compare_engines, compare_exports, generate, report

EXPORTS = 19


def drop(folder: Path, engine: str, organization: int, **files: str) -> Path:
    """Write files like the latest drop of an organization."""
    latest = folder / engine / str(organization) / "latest"
    latest.mkdir(parents=True)
    for name, text in files.items():
        (latest / f"{name}.csv").write_text(text, newline="")
    return folder / engine


def test_equal_files_are_counted_and_do_not_differ(tmp_path: Path) -> None:
    a = drop(tmp_path, "a", 1, accounts="id,name\n1,x\n2,\n")
    b = drop(tmp_path, "b", 1, accounts="id,name\n1,x\n2,\n")
    [found] = compare_exports(("a", "b"), (a, b))
    assert (found.rows, found.columns, found.cells, found.differences, found.first) == (2, 2, 4, 0, None)


def test_the_first_differing_cell_is_named_with_both_values(tmp_path: Path) -> None:
    a = drop(tmp_path, "a", 1, accounts="id,price\n1,1.00\n2,2.00\n3,3.00\n")
    b = drop(tmp_path, "b", 1, accounts="id,price\n1,1.00\n2,2.0\n3,4.00\n")
    found = compare_exports(("a", "b"), (a, b))
    assert found[0].differences == 2
    printed = report(found)
    assert "organization 1, row 2, price" in printed
    assert "a: '2.00'" in printed
    assert "b: '2.0'" in printed
    assert "4 cells" not in printed
    assert "6 cells compared, 2 differences" in printed


@pytest.mark.parametrize(
    "other",
    ["id,name\n1,x\n", "id,name\n1,x\n2,y\n3,z\n", "id\n1\n2\n", 'id,name\n1,"x"\n2,y\n', "id,name\r\n1,x\r\n2,y\r\n"],
    ids=["row missing", "row too many", "column missing", "quoting", "line ends"],
)
def test_every_kind_of_difference_is_found(tmp_path: Path, other: str) -> None:
    a = drop(tmp_path, "a", 1, accounts="id,name\n1,x\n2,y\n")
    b = drop(tmp_path, "b", 1, accounts=other)
    assert compare_exports(("a", "b"), (a, b))[0].differences > 0


def test_a_missing_export_or_organization_is_a_difference(tmp_path: Path) -> None:
    a = drop(tmp_path, "a", 1, accounts="id\n1\n")
    drop(tmp_path, "a", 2, accounts="id\n1\n")
    b = drop(tmp_path, "b", 1, accounts="id\n1\n", estimates="id\n9\n")
    accounts, estimates = compare_exports(("a", "b"), (a, b))
    assert accounts.differences > 0
    assert estimates.differences > 0


def test_an_engine_without_any_drop_is_an_error(tmp_path: Path) -> None:
    a = drop(tmp_path, "a", 1, accounts="id\n1\n")
    with pytest.raises(RuntimeError, match="no drop of b"):
        compare_exports(("a", "b"), (a, tmp_path / "b"))


def assert_parity(engines: list[str], sources: Path) -> None:
    # not in pytest's own folder, which is closed to other users, including PostgreSQL's
    with tempfile.TemporaryDirectory(prefix="parity-") as folder:
        compared, _ = compare_engines(engines, sources, Path(folder))
    printed = report(compared)
    print(printed)
    assert len(compared) == EXPORTS * len(engines) * (len(engines) - 1) // 2
    assert all(one.cells > 0 for one in compared), printed
    assert sum(one.differences for one in compared) == 0, printed


def test_the_bundled_sample_gives_the_same_bytes_on_duckdb_and_postgres() -> None:
    assert_parity(["duckdb", "postgres"], SAMPLE)


@pytest.mark.slow
def test_a_generated_set_gives_the_same_bytes_on_duckdb_and_postgres(tmp_path: Path) -> None:
    assert_parity(["duckdb", "postgres"], generate(tmp_path / "generated", 3_000))


@pytest.mark.slow
@pytest.mark.spark
def test_a_generated_set_gives_the_same_bytes_on_spark(tmp_path: Path) -> None:
    assert_parity(["duckdb", "spark"], generate(tmp_path / "generated", 300))
