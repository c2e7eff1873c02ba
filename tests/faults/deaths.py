"""Disturbs a publication to a folder at each of its touches of the file system, with a reader beside it."""

from __future__ import annotations

import errno
import os
import resource
import shutil
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from pipeline.drops.manifest import drop_name
from tests.faults.experiments import Experiment, Trial
from tests.faults.publishing import Publisher, Reader, ReadError, template

TOUCHES: Final = (
    *("open", "os.listdir", "os.scandir", "os.truncate"),
    *("os.mkdir", "os.rename", "os.symlink", "os.link", "os.remove", "os.rmdir", "shutil.rmtree"),
)
"""The calls of Python that its auditing reports and that count; a flush to disk counts too."""

DEATH: Final = "death"
TOUCHES_OF_A_PUBLICATION: Final = 60
"""A publication touches the file system less often than this; a case beyond its last touch ends undisturbed."""

BEFORE: Final = ("nothing", "an older drop", "the same drop", "what a killed run left")
ERRORS: Final = (errno.ENOSPC, errno.EIO, errno.EACCES, errno.EROFS)
DISTURBANCES: Final = (DEATH, DEATH, DEATH, *ERRORS, "short write")


@contextmanager
def _setting(folder: Path) -> Iterator[Trial]:
    staged = template(folder / "template")
    prepared = {before: _prepared(folder / before.replace(" ", "-"), before, staged) for before in BEFORE}

    def trial(number: int) -> str | None:
        touch, kind = 1 + number % TOUCHES_OF_A_PUBLICATION, number // TOUCHES_OF_A_PUBLICATION
        before = BEFORE[kind % len(BEFORE)]
        disturbance = DISTURBANCES[kind // len(BEFORE) % len(DISTURBANCES)]
        tree, undisturbed = prepared[before]
        exports = folder / "exports"
        shutil.copytree(tree, exports, symlinks=True)
        try:
            return _fault(exports, Publisher(str(exports), folder / "state", staged), disturbance, touch, undisturbed)
        finally:
            shutil.rmtree(exports)

    yield trial


def _prepared(folder: Path, before: str, staged: Any) -> tuple[Path, dict[str, str]]:
    """Make the exports as they are before the publication, and say what an undisturbed one makes of them."""
    tree = folder / "exports"
    publisher = Publisher(str(tree), folder / "state", staged)
    tree.mkdir(parents=True)
    if before != "nothing":
        publisher.publish("old")
    if before == "the same drop":
        publisher.publish("new")
        publisher.publish("old")
    if before == "what a killed run left":
        disturbed(tree, DEATH, 12, lambda: publisher.publish("new"))
    after = folder / "after"
    shutil.copytree(tree, after, symlinks=True)
    Publisher(str(after), folder / "state", staged).publish("new")
    return tree, Reader.of(str(after)).content()


def _fault(
    exports: Path, publisher: Publisher, disturbance: int | str, touch: int, undisturbed: dict[str, str]
) -> str | None:
    reader = Reader.of(str(exports))
    old = reader.look()
    seen = {old}
    try:
        disturbed(exports, disturbance, touch, lambda: publisher.publish("new"), lambda: seen.add(reader.look()))
        after = reader.look()
    except ReadError as error:
        return f"{disturbance} at touch {touch}: {error}"
    if faults := reader.faults():
        return f"{disturbance} at touch {touch}: {faults}"
    new = drop_name(publisher.publish("new").manifest)
    if not seen | {after} <= {old, new}:
        return f"{disturbance} at touch {touch}: a reader saw {seen}"
    if (healed := reader.content()) != undisturbed:
        return f"{disturbance} at touch {touch}: the next run made {sorted(healed.items() ^ undisturbed.items())}"
    left = [path.name for path in Path(reader.shelf.root).glob(".*")]
    return f"{disturbance} at touch {touch}: left {left}" if left else None


def disturbed(
    folder: Path,
    disturbance: int | str,
    touch: int,
    action: Callable[[], object],
    look: Callable[[], object] | None = None,
) -> int:
    """Run the action in a process that is disturbed at its n-th touch of the folder; `look` again and again meanwhile.

    An OSError's number is raised there instead of the touch; "short write" lets no file grow beyond `touch` times 64
    bytes. Return how the process ended: 0, STOPPED with an error in words, or by its death; AssertionError where it
    ended otherwise.
    """
    child = os.fork()
    if child == 0:
        _act(str(folder), disturbance, touch, action)
    ended = 0
    while not ended:
        if look is not None:
            look()
        ended, status = os.waitpid(child, 0 if look is None else os.WNOHANG)
    code = os.waitstatus_to_exitcode(status)
    assert code in (0, STOPPED, -signal.SIGKILL), f"the publication ended with {code}"
    return code


STOPPED: Final = 3
"""The exit code of a publication that stopped with an error in words."""


def _act(folder: str, disturbance: int | str, touch: int, action: Callable[[], object]) -> None:
    """Be the child: never return."""
    from pipeline.common.errors import WarehouseError

    left = touch

    def disturb() -> None:
        nonlocal left
        left -= 1
        if left == 0 and disturbance == DEATH:
            os.kill(os.getpid(), signal.SIGKILL)
        elif left == 0:
            raise OSError(disturbance, os.strerror(int(disturbance)), folder)

    def on_event(event: str, arguments: tuple[Any, ...]) -> None:
        if event in TOUCHES and any(folder in os.fsdecode(a) for a in arguments if isinstance(a, (str, bytes, Path))):
            disturb()

    flush = os.fsync

    def flush_or_be_disturbed(descriptor: int) -> None:
        disturb()
        flush(descriptor)

    if disturbance == "short write":
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (touch * 64, touch * 64))
    else:
        os.fsync = flush_or_be_disturbed
        sys.addaudithook(on_event)
    code = 1
    try:
        action()
        code = 0
    except (OSError, WarehouseError, shutil.Error):
        code = STOPPED
    finally:
        os._exit(code)


EXPERIMENT = Experiment(
    name="deaths in a folder",
    promise="A reader that follows `latest` sees the old drop or the new one, whole, wherever a publication dies; the "
    "next one heals what is left and ends in the same bytes.",
    tried="A publication to a folder is killed, or meets a full, failing, forbidden or read-only disk or a short "
    "write, at its n-th touch of the file system, on exports that were empty, held an older drop, the same one, or the "
    "remains of a killed run; a reader reads the latest drop all the while.",
    count=10_000,
    short=60,
    setting=_setting,
)
