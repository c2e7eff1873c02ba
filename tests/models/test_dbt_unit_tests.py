"""Every dbt unit test, in one run on empty tables: the rules, one at a time, boundaries first."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.dbt.runner import NodeResult, parsed_project
from tests.models.harness import built_models

UNIT_TESTS = sorted(parsed_project().manifest["unit_tests"])
WITHOUT_TESTS = ("--exclude-resource-type", "unit_test", "--exclude-resource-type", "test")


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, NodeResult]]:
    """The result of each unit test, by its id."""
    folder = tmp_path_factory.mktemp("unit")
    yield run_unit_tests(folder)


def run_unit_tests(folder: Path) -> dict[str, NodeResult]:
    """Build the models on empty tables, which unit tests need for the types of their inputs, then run the tests."""
    with built_models(folder, {}, commands=("build", *WITHOUT_TESTS)):
        pass
    with built_models(folder, {}, commands=("test",), select=("test_type:unit",), check=False) as built:
        return {node.unique_id: node for node in built.nodes}


@pytest.mark.parametrize("unit_test", UNIT_TESTS, ids=lambda unit_test: unit_test.split(".")[-1])
def test_rule(unit_test: str, results: dict[str, NodeResult]) -> None:
    assert results[unit_test].status == "pass", results[unit_test].message
