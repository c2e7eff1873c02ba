"""dbt in a process of its own, which imports it and reads the parsed project while the sources are read."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Protocol

from pipeline.common.worker_process import HelperProcess, Message, Send, serve
from pipeline.dbt.runner import DbtContext, NodeResult, OnNode, load_dbt, run_dbt


class Dbt(Protocol):
    """What builds the models: dbt here, or in another process."""

    def run(self, arguments: Sequence[str], context: DbtContext, on_node: OnNode) -> Iterator[NodeResult]:
        """Do as `run_dbt` does, but yield: nodes that ended well in the order they did, where possible as they end."""


OpenDbt = Callable[[], AbstractContextManager[Dbt]]


class DbtProcess(HelperProcess):
    """A process that has dbt loaded: start it early, ask it for builds, close it (or use `with`)."""

    def __init__(self, target: str, spare: Path, command: Sequence[str] = ()) -> None:
        super().__init__("dbt process", "pipeline.dbt.worker", target, str(spare.resolve()), command=command)

    def run(self, arguments: Sequence[str], context: DbtContext, on_node: OnNode) -> Iterator[NodeResult]:
        """Run dbt there. Nodes that end well are yielded as they do, the others last, when dbt tells all of them."""
        where = {"target_path": str(context.target_path.resolve()), "environment": dict(context.environment)}
        request = {"arguments": list(arguments), "context": {**asdict(context), **where}}
        given: set[str] = set()
        for message in self.ask(request):
            if "node" in message:
                result = NodeResult(**message["node"])
                on_node(result)
                if result.ok:
                    given.add(result.unique_id)
                    yield result
            elif "result" in message:
                results = [NodeResult(**node) for node in message["result"]]
                yield from (result for result in results if result.unique_id not in given)


class DbtHere:
    """dbt in this process."""

    def run(self, arguments: Sequence[str], context: DbtContext, on_node: OnNode) -> Iterator[NodeResult]:
        """Do as `run_dbt` does; the nodes come when all have ended."""
        yield from run_dbt(arguments, context, on_node)


@contextmanager
def open_dbt(target: str, spare: Path) -> Iterator[Dbt]:
    """Give what runs dbt for an engine: Spark's session lives in this process, so dbt must too.

    `spare` is the folder for a parse that can't be kept beside the project.
    """
    if target == "spark":
        yield DbtHere()
        return
    with DbtProcess(target, spare) as process:
        yield process


def _answer(request: Message, send: Send) -> list[Message]:
    context = DbtContext(**{**request["context"], "target_path": Path(request["context"]["target_path"])})
    results = run_dbt(request["arguments"], context, lambda node: send({"node": asdict(node)}))
    return [asdict(result) for result in results]


if __name__ == "__main__":
    serve(lambda: load_dbt(sys.argv[1], Path(sys.argv[2])), _answer)
