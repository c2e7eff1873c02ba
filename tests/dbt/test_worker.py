"""What the dbt process reports about its nodes, and when."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.common.errors import WarehouseError
from pipeline.dbt.runner import DbtContext, NodeResult
from tests.dbt.scripted_dbt import GOOD, LATE, SKIPPED, TORN, TORN_IN_FULL, ScriptedDbt

CONTEXT = DbtContext("duckdb", Path("target"), {}, {})


def test_nodes_come_as_they_end_and_failed_ones_last_with_their_details() -> None:
    ended: list[NodeResult] = []
    with ScriptedDbt("duckdb", Path("unused")) as process:
        results = list(process.run(["build"], CONTEXT, ended.append))
    assert ended == [GOOD, TORN, LATE]
    assert results == [GOOD, LATE, TORN_IN_FULL, SKIPPED]


def test_a_node_is_reported_before_the_next_one_ends() -> None:
    with ScriptedDbt("duckdb", Path("unused")) as process:
        results = process.run(["build", "--die"], CONTEXT, lambda _: None)
        assert [next(results), next(results)] == [GOOD, LATE]
        with pytest.raises(WarehouseError, match="the dbt process ended without an answer"):
            next(results)
