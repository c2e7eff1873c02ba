"""Kills a delivery to an object store and to an SFTP server at each of its sends, with a concurrent reader."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Final

from pipeline.drops.manifest import drop_name
from pipeline.drops.publish_to_url import RemoteDestination
from pipeline.state.workspace import Workspace
from pipeline.storage.place import open_place
from tests.faults.doomed import at_step, die, in_a_child, steps_of
from tests.faults.experiments import Experiment, Trial
from tests.faults.publishing import Publisher, Reader, ReadError, template
from tests.faults.server_apart import server_apart


@contextmanager
def _setting(kind: str, folder: Path) -> Iterator[Trial]:
    staged = template(folder / "template")
    with server_apart(kind, folder / "server") as url:
        # this process keeps its connection; those that it forks open their own
        server_place, outbox = open_place(url), Workspace(folder / "state").outbox

        def publish_apart(case: str) -> None:
            Publisher.of(f"{url}/{case}", folder / "state", staged).publish("new")

        def prepared(case: str, has_older: int) -> tuple[Publisher, str | None]:
            publisher = Publisher(RemoteDestination(server_place.child(case), outbox), staged)
            return publisher, drop_name(publisher.publish("old").manifest) if has_older else None

        sends = []
        for has_older in range(2):
            prepared(f"counted-{has_older}", has_older)
            sends.append(steps_of(sends_of_sockets, partial(publish_apart, f"counted-{has_older}")))

        def trial(number: int) -> str | None:
            case = str(number)
            number, has_older = divmod(number, 2)
            again, send = divmod(number, sends[has_older])
            publisher, old = prepared(case, has_older)
            fault = _fault(publisher, partial(publish_apart, case), old, [1 + send, *([again] if again else [])])
            return fault and f"died at send {1 + send}, then at {again}: {fault}"

        yield trial


def _fault(
    publisher: Publisher, publish_apart: Callable[[], object], old: str | None, deaths: Sequence[int]
) -> str | None:
    """Kill one delivery after the other, each at its send, and check the result of the last one."""
    reader = Reader(publisher.drops_folder)
    seen: set[str | None] = set()
    try:
        for death in deaths:
            in_a_child(at_step(death, sends_of_sockets, die), publish_apart, lambda: seen.add(reader.look()))
            seen.add(reader.look())
        if faults := reader.faults():
            return str(faults)
        new = drop_name(publisher.publish("new").manifest)
        healed = reader.look()
    except ReadError as error:
        return str(error)
    if not seen <= {old, new} or healed != new:
        return f"a reader saw {seen}, then {healed}"
    faults = reader.faults()
    return f"healed: {faults}" if faults else None


def sends_of_sockets(step: Callable[[], None]) -> None:
    """Make each send of a socket a step of the process."""

    def counted(name: str) -> Callable[..., Any]:
        sending = getattr(socket.socket, name)

        def send_after_a_step(*arguments: Any) -> Any:
            step()
            return sending(*arguments)

        return send_after_a_step

    for name in ("send", "sendall", "sendmsg"):
        setattr(socket.socket, name, counted(name))


def _experiment(kind: str, server: str, count: int) -> Experiment:
    return Experiment(
        name=f"crashes on {server}",
        promise="Wherever a delivery crashes, a reader of `latest.json` sees the complete old drop or the complete new "
        "one. The next delivery completes it.",
        tried=f"A delivery to {server} is killed before its n-th send, and the next one may be killed too. Meanwhile a "
        "reader reads the latest drop.",
        count=count,
        short=2,
        setting=partial(_setting, kind),
    )


S3: Final = _experiment("s3", "an object store", 1_000)
SFTP: Final = _experiment("sftp", "an SFTP server", 1_000)
