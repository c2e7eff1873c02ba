"""The layout of a state folder. Engines, history and reports name their own parts of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, Final

from filelock import FileLock, Timeout

from pipeline.common.errors import WarehouseError
from pipeline.common.temporary_folder import temporary_folder
from pipeline.storage.local_files import clear_drafts

_SHARED: Final = ("reports", "dbt", "spark", "dagster")
"""Folders in which killed runs may leave drafts of files; the landing zone clears its own."""


class Workspace:
    """The paths of a state folder, which is created on first use; WarehouseError if it cannot be."""

    def __init__(self, state: Path) -> None:
        self.state = state
        try:
            state.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise WarehouseError(
                f"the state folder can't be made: {error.strerror}",
                where=str(state),
                remedy="name a folder that you may write to with --state",
            ) from error

    @property
    def landing(self) -> Path:
        """The landing zone: typed Parquet files, named by their content."""
        return self.state / "landing"

    def landed(self, source: str) -> Path:
        """Return the path of the record of a source's latest ingest."""
        return self.state / f"landed-{source}.json"

    @property
    def built(self) -> Path:
        """The file with the engine of the latest build, and the mark of what it built (`build_record.BuildRecord`)."""
        return self.state / "built.json"

    @property
    def last_run(self) -> Path:
        """The fingerprint and the drops of the latest run that has published."""
        return self.state / "last-run.json"

    @property
    def runs(self) -> Path:
        """The records of runs."""
        return self.state / "runs"

    @property
    def log(self) -> Path:
        """The machine-readable log, JSON lines."""
        return self.state / "log" / "warehouse.jsonl"

    @property
    def run_tables(self) -> Path:
        """The run's own raw tables: loads, rejects, results of earlier runs."""
        return self.state / "run"

    @property
    def outbox(self) -> Path:
        """The staging folder of drops that go to a URL."""
        return self.state / "outbox"

    @property
    def origins(self) -> Path:
        """What each published drop was made from."""
        return self.state / "origins"

    @property
    def publications(self) -> Path:
        """The copies of the organizations' logs of publications."""
        return self.state / "publications"

    @property
    def timeline(self) -> Path:
        """The records of published drops, by organization."""
        return self.state / "timeline"

    def reference_rows(self, export: str) -> Path:
        """Return the path of an export's rows that a refresh's rules need, until its models are rebuilt."""
        return self.run_tables / f"{export}.parquet"

    @property
    def refresh(self) -> Workspace:
        """The separate state folder of `warehouse refresh`, so that it and a run never wait for each other."""
        return Workspace(self.state / "refresh")

    def marts_turn(self) -> AbstractContextManager[Any]:
        """Lock the published marts."""
        return FileLock(self.state / "marts.lock")

    @property
    def dagster_home(self) -> Path:
        """The folder of the web page and its daemon."""
        return self.state / "dagster"

    @property
    def dbt_target(self) -> Path:
        """dbt's target and log folder."""
        return self.state / "dbt"

    @property
    def model_seconds(self) -> Path:
        """The file with the seconds that each model, seed and data test of the latest build took, by name."""
        return self.dbt_target / "seconds.json"

    @contextmanager
    def turn(self, say: Callable[[str], None]) -> Iterator[None]:
        """Lock the state folder, and remove what killed runs left in it; `say` is called if it must wait.

        While it is locked, the temporary folder of this process and its children is in the state folder.
        """
        lock = FileLock(self.state / "run.lock")
        try:
            lock.acquire(timeout=0)
        except Timeout:
            say(f"another run is using {self.state}; waiting for it to end")
            lock.acquire()
        try:
            kept = (*self.state.glob("history/*"), *self.timeline.glob("*"))
            for folder in (self.state, *kept, *(self.state / name for name in _SHARED)):
                clear_drafts(folder)
            with temporary_folder(self.state / "temporary"):
                yield
        finally:
            lock.release()
