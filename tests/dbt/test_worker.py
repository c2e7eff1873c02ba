"""What the dbt process tells of its nodes, and when."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path

from pipeline.dbt.runner import DbtContext, NodeResult
from pipeline.dbt.worker import DbtProcess

CONTEXT = DbtContext("duckdb", Path("target"), {}, {})


def node(name: str, status: str, message: str | None = None) -> NodeResult:
    return NodeResult(f"model.account_warehouse.{name}", "model", name, status, message, None, 1.5)


def helper(*messages: dict[str, object]) -> DbtProcess:
    """A dbt process that answers a request with these messages, and ends."""
    lines = "\n".join(json.dumps(message) for message in messages)
    return DbtProcess("duckdb", CONTEXT.target_path, command=[sys.executable, "-c", f"input(); print({lines!r})"])


def test_nodes_come_as_they_end_and_those_that_failed_last_with_all_that_is_known() -> None:
    good, torn, late = node("good", "success"), node("torn", "error"), node("late", "success")
    told, skipped = node("torn", "error", "no such column"), node("never", "skipped")
    ended = []
    with helper(
        *({"node": asdict(one)} for one in (good, torn, late)),
        {"result": [asdict(one) for one in (good, told, late, skipped)]},
    ) as process:
        results = list(process.run(["build"], CONTEXT, ended.append))
    assert ended == [good, torn, late]
    assert results == [good, late, told, skipped]


def test_a_node_is_given_before_the_next_one_ends() -> None:
    with helper({"node": asdict(node("first", "success"))}) as process:
        assert next(process.run(["build"], CONTEXT, lambda _: None)).name == "first"
