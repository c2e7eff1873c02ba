"""Complete runs of the bundled sample by the command line, and what they publish."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Collection, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

import psutil

from pipeline.drops.catalog import drops_folder_of, latest_name, organizations_in
from pipeline.drops.manifest import MANIFEST
from pipeline.ingest.landing.record import SOURCES
from pipeline.storage.place import Place, open_place
from tests.faults.publishing import require_whole

SAMPLE: Final = Path(__file__).parents[2] / "sample"
AS_OF: Final = "2025-01-15T00:00:00Z"
LONGEST_SECONDS: Final = 300
PARTING_SECONDS: Final = 20
"""Seconds for helpers to notice that their run is gone."""


def start(
    command: str, folder: Path, *options: str, sources: Path = SAMPLE, environment: Mapping[str, str] | None = None
) -> subprocess.Popen[str]:
    """Start a command on the exports and the state of a folder, in its own process group."""
    read = [name for name in SOURCES if command != "refresh" or name != "platform"]
    named = [text for name in read for text in (f"--{name}", str(sources / name))]
    where = ["--exports", str(folder / "exports"), "--state", str(folder / "state")]
    return subprocess.Popen(
        [sys.executable, "-m", "pipeline.cli", command, *named, *where, "--as-of", AS_OF, *options],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
        env={**os.environ, **(environment or {})},
    )


def finished(run: subprocess.Popen[str]) -> tuple[int, str]:
    """Wait for a run; return its exit code and output."""
    words, _ = run.communicate(timeout=LONGEST_SECONDS)
    return run.returncode, words


def run(folder: Path, *options: str, sources: Path = SAMPLE, environment: Mapping[str, str] | None = None) -> None:
    """Run to the end; AssertionError with its output if it published nothing."""
    code, words = finished(start("run", folder, *options, sources=sources, environment=environment))
    assert code == 0, f"ended with {code}: {words}"


def published(exports: Path | str) -> dict[str, str]:
    """Return the hash of every export of every organization's latest drop."""
    return {
        f"{organization}/{file['name']}": hashlib.sha256(drop.read(file["name"]) or b"").hexdigest()
        for organization, drop in latest_drops(exports).items()
        for file in json.loads(drop.read(MANIFEST) or b"{}")["files"]
    }


def latest_drops(exports: Path | str) -> dict[int, Place]:
    """Find every organization's latest drop in a folder or at a URL."""
    place = open_place(str(exports))
    drops_folders = {organization: drops_folder_of(place, organization) for organization in organizations_in(place)}
    return {
        one: drops_folder.child(name)
        for one, drops_folder in drops_folders.items()
        if (name := latest_name(drops_folder)) is not None
    }


def read_all(exports: Path | str) -> None:
    """Read every organization's latest drop completely, as integrations do; ReadError if one is incomplete."""
    for drop in latest_drops(exports).values():
        require_whole(drop)


def left_running(folder: Path, sessions: Collection[int]) -> list[str]:
    """List the remaining processes of ended runs, by their sessions or the folder, after some time to notice."""
    gone_by = time.monotonic() + PARTING_SECONDS
    while (alive := _alive(folder, sessions)) and time.monotonic() < gone_by:
        time.sleep(0.2)
    return alive


def _alive(folder: Path, sessions: Collection[int]) -> list[str]:
    found = []
    for process in psutil.process_iter(["pid", "cmdline", "status"]):
        command = " ".join(process.info["cmdline"] or [])
        with suppress(ProcessLookupError):
            is_of_a_run = os.getsid(process.info["pid"]) in sessions or str(folder) in command
            if is_of_a_run and process.info["pid"] != os.getpid() and process.info["status"] != psutil.STATUS_ZOMBIE:
                found.append(command[:200])
    return found


def kill(running: subprocess.Popen[str]) -> None:
    """Kill a run's own process (SIGKILL) but not its helpers, which must notice it themselves."""
    running.send_signal(signal.SIGKILL)
    running.wait()
    if running.stdout is not None:
        running.stdout.close()
