"""Kills a delivery to an object store and to an SFTP server at each of its sends, with a reader beside it."""

from __future__ import annotations

import logging
import multiprocessing
import os
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Final

import pytest

from pipeline.drops.manifest import drop_name
from pipeline.drops.publish_to_url import RemoteDestination
from pipeline.state.workspace import Workspace
from pipeline.storage.place import open_place
from tests.drops.servers import object_store, sftp_server
from tests.faults.doomed import at_step, die, in_a_child, steps_of
from tests.faults.experiments import Experiment, Trial
from tests.faults.publishing import Publisher, Reader, ReadError, template


def _serve(kind: str, folder: Path, ready: Connection) -> None:
    """Be the server, in a process of its own so that clients may fork, until the other end closes."""
    with pytest.MonkeyPatch.context() as environment:
        if kind == "s3":
            logging.getLogger("werkzeug").setLevel(logging.ERROR)  # a line for each request
            with object_store(environment) as url:
                _lend(url, ready)
        else:
            folder.mkdir(parents=True)
            with sftp_server(folder / "files", environment) as (url, _):
                _lend(url, ready)


def _lend(url: str, ready: Connection) -> None:
    named = ("AWS_", "WAREHOUSE_SFTP_", "no_proxy")
    ready.send((url, {name: value for name, value in os.environ.items() if name.startswith(named)}))
    ready.recv()


@contextmanager
def _setting(kind: str, folder: Path) -> Iterator[Trial]:
    staged = template(folder / "template")
    here, there = multiprocessing.Pipe()
    server = multiprocessing.get_context("spawn").Process(target=_serve, args=(kind, folder / "server", there))
    server.start()
    url, environment = here.recv()
    with pytest.MonkeyPatch.context() as patched:
        for name, value in environment.items():
            patched.setenv(name, value)

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

        try:
            yield trial
        finally:
            here.send(None)
            server.join(20)


def _fault(
    publisher: Publisher, publish_apart: Callable[[], object], old: str | None, deaths: Sequence[int]
) -> str | None:
    """Kill one delivery after the other, each at its send, and see what the last one does."""
    reader = Reader(publisher.shelf)
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
        name=f"deaths on {server}",
        promise="A reader that follows `latest.json` sees the old drop or the new one, whole, wherever a delivery "
        "dies; the next one completes it.",
        tried=f"A delivery to {server} is killed before its n-th send, and perhaps the next one, too; a reader reads "
        "the latest drop all the while.",
        count=count,
        short=2,
        setting=partial(_setting, kind),
    )


S3: Final = _experiment("s3", "an object store", 1_000)
SFTP: Final = _experiment("sftp", "an SFTP server", 1_000)
