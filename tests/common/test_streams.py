"""The command's own streams."""

from __future__ import annotations

import os
import select
import subprocess
import sys

import pytest


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_line_on_standard_error_is_not_buffered(unbuffered: str) -> None:
    """As in a service's log, with and without PYTHONUNBUFFERED."""
    program = (
        "import sys\nfrom pipeline.common.streams import Streams\nStreams.open()\n"
        "print('said', file=sys.stderr)\nsys.stdin.read()\n"
    )
    command = [sys.executable, "-c", program]
    environment = {**os.environ, "PYTHONUNBUFFERED": unbuffered}
    with subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE, env=environment) as process:
        assert process.stdin is not None and process.stderr is not None
        ready, _, _ = select.select([process.stderr], [], [], 10)
        line = os.read(process.stderr.fileno(), 100) if ready else b""
        process.stdin.close()
    assert line == b"said\n"
