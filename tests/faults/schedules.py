"""Runs, refreshes, rollbacks and retention in random order, with slow readers and a simulated clock."""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from pipeline.drops.catalog import NOTIFICATIONS, latest_name, read_manifest
from pipeline.drops.publish_to_folder import PublishedDrop
from pipeline.drops.retention import GRACE, NOTIFICATIONS_GRACE, prune
from pipeline.drops.stage import StagedDrop
from pipeline.drops.superseded import SUPERSEDED, superseded_at, write_superseded
from tests.faults.experiments import Experiment, Trial
from tests.faults.publishing import ORGANIZATION, Publisher, Reader, ReadError, require_whole, template

LENGTH: Final = 30
STEPS: Final = (
    *("publish", "publish", "roll back", "begin to read", "begin to read", "read on"),
    *("time", "clock back"),
)
_HOURS: Final = (0.1, 0.4, 0.9, 1.1, 5, 23.9, 24.1, 24 * 7, 24 * 31)


class Shelf:
    """Drops of one kind, their publisher, and readers that are still reading the `latest` they found."""

    def __init__(self, publisher: Publisher, grace: timedelta) -> None:
        self.publisher = publisher
        self.grace = grace
        self.reader = Reader(publisher.drops_folder)
        self.reading: list[tuple[str, timedelta]] = []

    def publish(self, rng: random.Random, keep: int) -> None:
        """Publish a drop of a few days, perhaps an existing one, and apply retention."""
        self.publisher.publish(rng.choice("abc"), rng.randrange(4))
        prune(self.publisher.drops_folder, keep, datetime.now(UTC), self.grace)

    def roll_back(self, rng: random.Random) -> None:
        """Point `latest` to any existing drop."""
        names = [entry.name for entry in self.publisher.drops_folder.entries() if entry.name.startswith("2")]
        if names:
            drop = self.publisher.drops_folder.child(rng.choice(names))
            manifest = read_manifest(drop) or {}
            self.publisher.destination.point(PublishedDrop(ORGANIZATION, drop.address, False, manifest))

    def begin_to_read(self) -> None:
        """Resolve `latest` as a reader that reads its files later."""
        if (name := latest_name(self.publisher.drops_folder)) is not None:
            self.reading.append((name, timedelta(0)))

    def read_on(self) -> None:
        """Read the drops found within the grace period; ReadError if one is gone."""
        for name, since in self.reading:
            if since < self.grace:
                require_whole(self.publisher.drops_folder.child(name))
        self.reading.clear()

    def pass_time(self, passed: timedelta) -> None:
        """Make everything older by this much."""
        self.move_clock(passed)
        self.reading = [(name, since + passed) for name, since in self.reading]

    def move_clock(self, by: timedelta) -> None:
        """Move the machine's clock forward or back, while no time passes for readers."""
        root = Path(self.publisher.drops_folder.root)
        for path in root.glob("2*/*"):
            was = path.stat().st_mtime
            os.utime(path, (was, was - by.total_seconds()))
        if (root / SUPERSEDED).exists():
            found = superseded_at(self.publisher.drops_folder)
            write_superseded(self.publisher.drops_folder, {name: moment - by for name, moment in found.items()})


@contextmanager
def _setting(folder: Path) -> Iterator[Trial]:
    staged = template(folder / "template")

    def trial(number: int) -> str | None:
        exports = folder / "exports"
        try:
            return _fault(random.Random(number), str(exports), folder / "state", staged)
        finally:
            shutil.rmtree(exports, ignore_errors=True)

    yield trial


def _fault(rng: random.Random, exports: str, state: Path, staged: StagedDrop) -> str | None:
    drops_folders = [
        Shelf(Publisher.of(exports, state, staged), GRACE),
        Shelf(Publisher.of(exports, state, staged, NOTIFICATIONS), NOTIFICATIONS_GRACE),
    ]
    keep = rng.choice((1, 1, 2, 5))
    steps = []
    for _ in range(LENGTH):
        drops_folder = rng.choice(drops_folders)
        step = rng.choice(STEPS)
        steps.append(step)
        try:
            if step == "publish":
                drops_folder.publish(rng, keep)
            elif step == "roll back":
                drops_folder.roll_back(rng)
            elif step == "begin to read":
                drops_folder.begin_to_read()
            elif step == "read on":
                drops_folder.read_on()
            else:
                hours = timedelta(hours=rng.choice(_HOURS))
                for each in drops_folders:
                    if step == "time":
                        each.pass_time(hours)
                    else:
                        each.move_clock(-hours)
            for each in drops_folders:
                each.reader.look()
        except ReadError as error:
            return f"{error}, keeping {keep}, after {', '.join(steps)}"
    return None


EXPERIMENT = Experiment(
    name="retention with readers",
    promise="No file is removed that someone may be reading: a drop stays while `latest` names it and for a day "
    "afterwards (an hour for a refresh).",
    tried=f"{LENGTH} steps in random order: publications, including those of earlier days, refreshes, rollbacks, "
    "retention of 1 to 5 drops, hours and weeks that pass, a clock that is set back, readers who look up `latest` and "
    "read its files later.",
    count=1_000,
    short=12,
    setting=_setting,
)
