"""A dbt process without dbt: it reports the results that a test scripted."""

from __future__ import annotations

from pipeline.common.worker_process import Answer, Send
from pipeline.dbt.runner import DbtContext, NodeResult
from pipeline.dbt.worker import DbtProcess


class ScriptedDbt(DbtProcess):
    """Reports the nodes of `build` as they end, then all those of `result`."""

    module = "tests.dbt.scripted_dbt"


GOOD, TORN, LATE = (
    NodeResult(f"model.account_warehouse.{name}", "model", name, status, None, None, 1.5)
    for name, status in (("good", "success"), ("torn", "error"), ("late", "success"))
)
TORN_IN_FULL = NodeResult(TORN.unique_id, "model", "torn", "error", "no such column", None, 1.5)
SKIPPED = NodeResult("model.account_warehouse.never", "model", "never", "skipped", None, None, 0.0)


def prepare(*_: str) -> Answer:
    return _build


def _build(request: tuple[list[str], DbtContext], send: Send) -> list[NodeResult]:
    for node in (GOOD, TORN, LATE):
        send(node)
    if request[0] == ["build", "--die"]:
        raise SystemExit(3)
    return [GOOD, TORN_IN_FULL, LATE, SKIPPED]
