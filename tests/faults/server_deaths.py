"""Kills a delivery to an object store and to an SFTP server at each of its sends, with a reader beside it."""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Final

import pytest

from pipeline.drops.manifest import drop_name
from pipeline.drops.stage import StagedDrop
from tests.drops.servers import object_store, sftp_server
from tests.faults.experiments import Experiment, Trial
from tests.faults.publishing import Publisher, Reader, ReadError, template

SENDS: Final = {"s3": 40, "sftp": 90}
"""A delivery sends less often than this; a case beyond its last send ends undisturbed."""


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


def _setting(kind: str) -> Callable[[Path], Any]:
    @contextmanager
    def open_setting(folder: Path) -> Iterator[Trial]:
        staged = template(folder / "template")
        here, there = multiprocessing.Pipe()
        server = multiprocessing.get_context("spawn").Process(target=_serve, args=(kind, folder / "server", there))
        server.start()
        url, environment = here.recv()
        with pytest.MonkeyPatch.context() as patched:
            for name, value in environment.items():
                patched.setenv(name, value)
            try:
                yield lambda number: _fault(f"{url}-{number}", folder / "state", staged, number, SENDS[kind])
            finally:
                here.send(None)
                server.join(20)

    return open_setting


def _fault(exports: str, state: Path, staged: StagedDrop, number: int, sends: int) -> str | None:
    send, has_older = 1 + number % sends, bool(number // sends % 2)
    old = drop_name(Publisher(exports, state, staged).publish("old").manifest) if has_older else None
    reader = Reader.of(exports)
    seen: set[str | None] = set()
    try:
        died_at(send, lambda: Publisher(exports, state, staged).publish("new"), lambda: seen.add(reader.look()))
        seen.add(reader.look())
        if faults := reader.faults():
            return f"died at send {send}: {faults}"
        new = drop_name(Publisher(exports, state, staged).publish("new").manifest)
        healed = reader.look()
    except ReadError as error:
        return f"died at send {send}: {error}"
    if not seen <= {old, new} or healed != new:
        return f"died at send {send}: a reader saw {seen}, then {healed}"
    faults = reader.faults()
    return f"died at send {send}, healed: {faults}" if faults else None


def died_at(send: int, action: Callable[[], object], look: Callable[[], object]) -> bool:
    """Run the action in a process that is killed before its n-th send; `look` meanwhile; tell whether it died."""
    child = os.fork()
    if child == 0:
        _live(send, action)
    ended = 0
    while not ended:
        look()
        ended, status = os.waitpid(child, os.WNOHANG)
    code = os.waitstatus_to_exitcode(status)
    assert code in (0, -signal.SIGKILL), f"the delivery ended with {code}"
    return code != 0


def _live(send: int, action: Callable[[], object]) -> None:
    """Be the child: never return."""
    left = send

    def counted(name: str) -> Callable[..., Any]:
        sending = getattr(socket.socket, name)

        def send_or_die(*arguments: Any) -> Any:
            nonlocal left
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            return sending(*arguments)

        return send_or_die

    for name in ("send", "sendall", "sendmsg"):
        setattr(socket.socket, name, counted(name))
    code = 1
    try:
        action()
        code = 0
    finally:
        os._exit(code)


def _experiment(kind: str, server: str, count: int) -> Experiment:
    return Experiment(
        name=f"deaths on {server}",
        promise="A reader that follows `latest.json` sees the old drop or the new one, whole, wherever a delivery "
        "dies; the next one completes it.",
        tried=f"A delivery to {server} is killed before its n-th send; a reader reads the latest drop all the while.",
        count=count,
        short=2,
        setting=_setting(kind),
    )


S3: Final = _experiment("s3", "an object store", 1_000)
SFTP: Final = _experiment("sftp", "an SFTP server", 1_000)
