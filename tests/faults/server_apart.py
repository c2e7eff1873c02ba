"""A server for drops in its own process, so that its users may fork."""

from __future__ import annotations

import logging
import multiprocessing
import os
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from tests.drops.servers import drop_server

_NAMED = ("AWS_", "WAREHOUSE_SFTP_", "no_proxy")
_PARTING_SECONDS = 20


@contextmanager
def server_apart(kind: str, folder: Path) -> Iterator[str]:
    """Serve an empty destination for drops, `s3` or `sftp`, with credentials in the environment; yield its URL."""
    here, there = multiprocessing.Pipe()
    server = multiprocessing.get_context("spawn").Process(target=_serve, args=(kind, folder, there))
    server.start()
    url, environment = here.recv()
    with pytest.MonkeyPatch.context() as patched:
        for name, value in environment.items():
            patched.setenv(name, value)
        try:
            yield url
        finally:
            here.send(None)
            server.join(_PARTING_SECONDS)


def _serve(kind: str, folder: Path, other_end: Connection) -> None:
    """Run the server until the other end closes."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)  # the store logs a line for each request
    folder.mkdir(parents=True)
    with pytest.MonkeyPatch.context() as environment, drop_server(kind, folder / "files", environment) as url:
        other_end.send((url, {name: value for name, value in os.environ.items() if name.startswith(_NAMED)}))
        other_end.recv()
