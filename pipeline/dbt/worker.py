"""Runs dbt in its own process, which imports dbt and loads the parsed project while the sources are read."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Protocol

from pipeline.common.worker_process import Answer, HelperProcess, Send
from pipeline.dbt.runner import DbtContext, NodeResult, OnNode, load_dbt, run_dbt


class Dbt(Protocol):
    """Builds the models: dbt in this process or in another."""

    def run(self, arguments: Sequence[str], context: DbtContext, on_node: OnNode) -> Iterator[NodeResult]:
        """Do what `run_dbt` does, but yield the results of nodes in order of completion, as early as possible."""


OpenDbt = Callable[[], AbstractContextManager[Dbt]]


class DbtProcess(HelperProcess):
    """A process with dbt loaded for a target: start it early, request builds, close it (or use `with`).

    A process for `wanted` models knows only these and what they need, and makes views of the tables listed in `views`.
    """

    what = "dbt process"
    module = "pipeline.dbt.worker"

    def __init__(self, target: str, spare: Path, *, wanted: Collection[str] = (), views: Collection[str] = ()) -> None:
        names = (" ".join(sorted(some)) for some in (wanted, views))
        super().__init__(target, str(spare.resolve()), *names)

    def run(self, arguments: Sequence[str], context: DbtContext, on_node: OnNode) -> Iterator[NodeResult]:
        """Run dbt in the process. Yield succeeding nodes at once, the others when dbt has ended."""
        given: set[str] = set()
        for message in self.ask((list(arguments), context)):
            if isinstance(message, NodeResult):
                on_node(message)
                if message.ok:
                    given.add(message.unique_id)
                    yield message
            else:
                yield from (node for node in message.value if node.unique_id not in given)


class InProcessDbt:
    """dbt in this process."""

    def run(self, arguments: Sequence[str], context: DbtContext, on_node: OnNode) -> Iterator[NodeResult]:
        """Do what `run_dbt` does; yield the nodes when all have ended."""
        yield from run_dbt(arguments, context, on_node)


@contextmanager
def open_dbt(target: str, spare: Path) -> Iterator[Dbt]:
    """Yield what runs dbt for an engine: a process, or for Spark this process, because it has the Spark session.

    `spare` is the folder for a parse that cannot be cached in the project.
    """
    if target == "spark":
        yield InProcessDbt()
        return
    with DbtProcess(target, spare) as process:
        yield process


def prepare(target: str, spare: str, wanted: str = "", views: str = "") -> Answer:
    """Load dbt; return the function that runs its commands."""
    load_dbt(target, Path(spare), wanted.split(), views.split())

    def run(request: tuple[Sequence[str], DbtContext], send: Send) -> list[NodeResult]:
        arguments, context = request
        return run_dbt(arguments, context, on_node=send)

    return run
