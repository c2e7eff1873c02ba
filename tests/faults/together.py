"""Concurrent runs, refreshes, plans and readers: from one or two state folders, on one folder, server or PostgreSQL."""

from __future__ import annotations

import random
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from pipeline.drops.verify import verify_drop
from pipeline.engines.postgres_server import open_server
from pipeline.settings import Settings
from tests.faults.experiments import Experiment, Trial
from tests.faults.publishing import ReadError
from tests.faults.server_apart import server_apart
from tests.faults.whole_runs import finished, latest_drops, published, read_all, run, start


@dataclass(frozen=True)
class Shared:
    """The settings shared by runs of two state folders: the destination of their drops and other options."""

    exports: str
    commands: tuple[str, ...]
    options: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)


@contextmanager
def _setting(folder: Path) -> Iterator[Trial]:
    run(folder / "undisturbed")
    expected = published(folder / "undisturbed" / "exports")
    here = folder / "here"
    with ExitStack() as servers:
        urls = {kind: servers.enter_context(server_apart(kind, folder / kind)) for kind in ("s3", "sftp")}
        (folder / "database").mkdir()
        database = {"WAREHOUSE_POSTGRES_URL": open_server(Settings(state=folder / "database")).conninfo}

        def shared(number: int) -> Shared:
            commands = ("run", "run", "refresh", "plan")
            match number % 4:
                case 0:
                    return Shared(str(here / "exports"), commands)
                case 1:
                    postgres = ("--target", "postgres")
                    return Shared(str(here / "exports"), ("run", "run", "plan"), postgres, database)
                case 2:
                    return Shared(f"{urls['s3']}/{number}", commands)
                case _:
                    return Shared(f"{urls['sftp']}/{number}", commands)

        def trial(number: int) -> str | None:
            try:
                return _fault(random.Random(number), here, shared(number), expected)
            finally:
                shutil.rmtree(here, ignore_errors=True)

        yield trial


def _fault(rng: random.Random, here: Path, shared: Shared, expected: dict[str, str]) -> str | None:
    running = []
    for at in range(rng.randint(2, 8)):
        command = "run" if at == 0 else rng.choice(shared.commands)
        state = here / rng.choice(("state", "state", "other-state"))
        # the later one of two --state, or two --exports, counts
        options = ["--state", str(state), "--exports", shared.exports, *shared.options]
        running.append((command, state.name, start(command, here, *options, environment=shared.environment)))
        time.sleep(rng.uniform(0, 2))
    began = f"{' and '.join(f'{command} on {state}' for command, state, _ in running)}, to {shared.exports}"
    try:
        while any(process.poll() is None for *_, process in running):
            read_all(shared.exports)
            time.sleep(0.1)
    except ReadError as error:
        return f"{began}: {error}"
    finally:
        ends = [(command, *finished(process)) for command, _, process in running]
    for command, code, words in ends:
        if code != 0 or "Traceback" in words:
            return f"{began}: {command} ended with {code}: {words[-1500:]}"
    if published(shared.exports) != expected:
        return f"{began}: published something else than one run does"
    faults = [fault for drop in latest_drops(shared.exports).values() for fault in verify_drop(drop)]
    return f"{began}: {faults}" if faults else None


EXPERIMENT = Experiment(
    name="concurrent runs",
    promise="Concurrent runs, refreshes and plans take turns, succeed, and publish what a single run does.",
    tried="2 to 8 commands on the sample start within seconds of each other, with one state folder or with two that "
    "share a folder of exports, an object store, an SFTP server or a PostgreSQL, while a reader reads.",
    count=60,
    short=0,
    setting=_setting,
)
