"""The rooms of mutants in their short form: a few killed ones, and the contents of the page and the list."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import duckdb
import pytest

from tests.models.harness import built_models
from tests.mutants.__main__ import PAGE, PYTHON_ROOMS
from tests.mutants.page import BEGIN, END, SURVIVORS, Judged, killer, reasons, survivors, table, with_table
from tests.mutants.recorded_builds import UnitTest, unit_tests
from tests.mutants.sample import drawn
from tests.mutants.sql_changes import SqlMutant, changed, mutants, rewritten

MODEL = "int_communication__meetings"
Tested = tuple[str, list[UnitTest], duckdb.DuckDBPyConnection]


@pytest.fixture(scope="module")
def tested(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tested]:
    """A model's SQL, its unit tests, and the database of its ancestors."""
    folder = tmp_path_factory.mktemp("built")
    with built_models(folder, {}, select=[f"+{MODEL}"], commands=("build", "--exclude-resource-type", "test")) as built:
        [compiled] = (folder / "target" / "compiled").rglob(f"**/communication/{MODEL}.sql")
        tests = [test for test in unit_tests(folder / "target") if test.model == MODEL]
        yield compiled.read_text(), tests, built.connection


def kills(tested: Tested, mutant: SqlMutant) -> bool:
    _, tests, connection = tested
    return any(test.fault(connection, lambda _, sql: changed(sql, mutant.place) or sql) for test in tests)


def test_unit_tests_pass_on_rewritten_sql(tested: Tested) -> None:
    _, tests, connection = tested
    assert tests
    assert [test.name for test in tests if test.fault(connection, lambda _, sql: rewritten(sql))] == []


def test_mutants_of_a_model_are_killed_by_its_unit_tests(tested: Tested) -> None:
    """D31: a meeting that starts at the run's instant is held, two days count as one, a missing end counts 0."""
    found = [one for one in mutants(MODEL, tested[0]) if one.kind in ("comparison", "arithmetic", "case", "condition")]
    assert len(found) >= 12
    assert [one.place for one in found if not kills(tested, one)] == []


def test_a_sample_takes_every_class_and_module_in_turn_and_is_the_same_by_its_seed() -> None:
    sql = "select a > 1, b > 2, c > 3, coalesce(a, b) from t"
    found = [*mutants("one", sql), *mutants("two", sql)]
    order = drawn(found, 5)
    assert order == drawn(found, 5) != drawn(found, 6)
    assert {(one.module, one.kind) for one in order[:6]} == {
        (module, kind) for module in ("one", "two") for kind in ("comparison", "bound", "coalesce")
    }


def judged(killed_by: str | None) -> Judged:
    return Judged("models", "a_model", "join", "LEFT JOIN", "INNER JOIN", killed_by)


def test_the_page_counts_mutants_by_room_class_and_killer() -> None:
    found = [judged("tests/models/test_golden_company.py::test_golden[accounts]"), judged(None)]
    written = table({("models", "join"): 9}, found, {})
    assert "| models | join | 9 | 2 | 1 (50%) | 0 | 1 |" in written
    assert "| **models** | all | 9 | 2 | 1 (50%) | 0 | 1 |" in written
    assert "| models | golden files 1 |" in written
    assert with_table(f"a\n{BEGIN}\nold\n{END}\nb\n", "new\n") == f"a\n{BEGIN}\nnew\n{END}\nb\n"
    assert killer("tests/drops/test_verify.py::test_x") == "`test_verify`"


def test_equivalent_mutants_and_draws_are_counted_separately() -> None:
    found = [replace(judged("tests/a.py::test_a"), place="b", seeds=(0, 1)), judged(None)]
    written = table({("models", "join"): 9}, found, {judged(None).survivor: "equivalent: each row has one"})
    assert "| **models** | all | 9 | 2 | 1 (100%) | 1 | 0 |" in written
    assert "| models | seed 0 | 9 | 2 | 1 (100%) | 1 | 0 |" in written
    assert "| models | seed 1 | 9 | 1 | 1 (100%) | 0 | 0 |" in written


def test_a_survivor_keeps_its_reason() -> None:
    known = reasons(survivors([judged(None)], {}))
    assert known == {judged(None).survivor: ""}
    assert reasons(survivors([judged(None), judged("x")], {judged(None).survivor: "why"})) == {
        judged(None).survivor: "why"
    }


def test_every_survivor_has_a_reason_and_is_counted_on_the_page() -> None:
    listed = reasons(SURVIVORS.read_text(encoding="utf-8"))
    assert [one for one, reason in listed.items() if not reason] == []
    sums = [
        line.strip("| ").split(" | ") for line in PAGE.read_text(encoding="utf-8").splitlines() if " | all | " in line
    ]
    assert [row[0].strip("*") for row in sums] == ["models", *PYTHON_ROOMS]
    for room, _, _, tried, killed, equivalent, survived in sums:
        assert int(killed.split()[0]) + int(equivalent) + int(survived) == int(tried)
        assert len([one for one in listed if one[0] == room.strip("*")]) <= int(equivalent) + int(survived)
