"""Disturbs a publication to a folder at each of its file system operations, with a concurrent reader."""

from __future__ import annotations

import errno
import os
import resource
import shutil
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pipeline.drops.manifest import drop_name
from pipeline.drops.stage import StagedDrop
from tests.faults.doomed import Arm, at_step, die, in_a_child, steps_of
from tests.faults.experiments import Experiment, Trial
from tests.faults.publishing import Publisher, Reader, ReadError, template

TOUCHES: Final = (
    *("open", "os.listdir", "os.scandir", "os.truncate"),
    *("os.mkdir", "os.rename", "os.symlink", "os.link", "os.remove", "os.rmdir", "shutil.rmtree"),
)
"""The audit events of Python that count as operations; a flush to disk counts too."""

DEATH: Final = "death"
BEFORE: Final = ("nothing", "an older drop", "the same drop", "what a killed run left")
ERRORS: Final = (errno.ENOSPC, errno.EIO, errno.EACCES, errno.EROFS)
DISTURBANCES: Final = (DEATH, DEATH, DEATH, *ERRORS, "short write")


@dataclass(frozen=True)
class Prepared:
    """The exports before a publication, the number of its operations, and its undisturbed result."""

    tree: Path
    touches: int
    undisturbed: dict[str, str]


@contextmanager
def _setting(folder: Path) -> Iterator[Trial]:
    staged = template(folder / "template")
    prepared = [_prepared(folder / before.replace(" ", "-"), before, staged) for before in BEFORE]

    def trial(number: int) -> str | None:
        number, before = divmod(number, len(BEFORE))
        number, disturbance = divmod(number, len(DISTURBANCES))
        again, touch = divmod(number, prepared[before].touches)
        exports = folder / "exports"
        shutil.copytree(prepared[before].tree, exports, symlinks=True)
        try:
            publisher = Publisher.of(str(exports), folder / "state", staged)
            fault = _fault(exports, publisher, DISTURBANCES[disturbance], 1 + touch, again, prepared[before])
            return fault and f"{BEFORE[before]}, {DISTURBANCES[disturbance]} at {1 + touch}, death at {again}: {fault}"
        finally:
            shutil.rmtree(exports)

    yield trial


def _prepared(folder: Path, before: str, staged: StagedDrop) -> Prepared:
    tree = folder / "exports"
    publisher = Publisher.of(str(tree), folder / "state", staged)
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
    touches = steps_of(touches_in(after), lambda: Publisher.of(str(after), folder / "state", staged).publish("new"))
    return Prepared(tree, touches, Reader.of(str(after)).content())


def _fault(
    exports: Path, publisher: Publisher, disturbance: int | str, touch: int, again: int, prepared: Prepared
) -> str | None:
    """Disturb a publication, kill the next one at operation `again` unless that is 0; check the last one's result."""
    reader = Reader.of(str(exports))
    seen = {reader.look()}
    old = next(iter(seen))
    try:
        disturbed(exports, disturbance, touch, lambda: publisher.publish("new"), lambda: seen.add(reader.look()))
        seen.add(reader.look())
        if again:
            disturbed(exports, DEATH, again, lambda: publisher.publish("new"), lambda: seen.add(reader.look()))
            seen.add(reader.look())
    except ReadError as error:
        return str(error)
    if faults := reader.faults():
        return str(faults)
    new = drop_name(publisher.publish("new").manifest)
    if not seen <= {old, new}:
        return f"a reader saw {seen}"
    if (healed := reader.content()) != prepared.undisturbed:
        return f"the next run made {sorted(healed.items() ^ prepared.undisturbed.items())}"
    left = [path.name for path in Path(reader.drops_folder.root).glob(".*")]
    return f"left {left}" if left else None


def disturbed(
    folder: Path,
    disturbance: int | str,
    touch: int,
    action: Callable[[], object],
    look: Callable[[], object] | None = None,
) -> int:
    """Run the action in a process that is disturbed at its n-th operation in the folder; call `look` meanwhile.

    A number is raised as an OSError instead of the operation; "short write" lets no file grow beyond `touch` times 64
    bytes. Return how the process ended.
    """

    def fail() -> None:
        raise OSError(disturbance, os.strerror(int(disturbance)), str(folder))

    def write_short() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (touch * 64, touch * 64))

    if disturbance == "short write":
        return in_a_child(write_short, action, look)
    return in_a_child(at_step(touch, touches_in(folder), die if disturbance == DEATH else fail), action, look)


def touches_in(folder: Path) -> Arm:
    """Make each operation in a folder and each flush a step of the process."""

    def arm(step: Callable[[], None]) -> None:
        def on_event(event: str, arguments: tuple[Any, ...]) -> None:
            named = (os.fsdecode(a) for a in arguments if isinstance(a, (str, bytes, Path)))
            if event in TOUCHES and any(str(folder) in name for name in named):
                step()

        flush = os.fsync

        def flush_after_a_step(descriptor: int) -> None:
            step()
            flush(descriptor)

        os.fsync = flush_after_a_step
        sys.addaudithook(on_event)

    return arm


EXPERIMENT = Experiment(
    name="crashes in a folder",
    promise="Wherever a publication crashes, a reader of `latest` sees the complete old drop or the complete new one. "
    "The next publication cleans up and gives the same bytes.",
    tried="A publication to a folder is killed, or fails because the disk is full, faulty, forbidden or read-only or a "
    "write is short, at its n-th file system call. The exports folder was empty, or held an older drop, the same drop, "
    "or the remains of a killed run. The next publication may be killed too. Meanwhile a reader reads the latest drop.",
    count=10_000,
    short=33,
    setting=_setting,
)
