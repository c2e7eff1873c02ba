"""`warehouse refresh`: once, or repeatedly in one process until a signal ends it."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Final

from pipeline.audit import AuditProcess
from pipeline.common.errors import Interrupted, Interruptions, WarehouseError, in_words
from pipeline.common.progress import Progress
from pipeline.common.startup import quick_imports
from pipeline.guards.findings import read_acceptances
from pipeline.orchestration.resources import Helpers, helpers_on_demand, shared_helper
from pipeline.orchestration.run import current_user
from pipeline.settings import Settings
from pipeline.state.workspace import Workspace
from pipeline.storage.openpgp import EncryptionKeys
from pipeline.storage.place import require_writable

if TYPE_CHECKING:
    from pipeline.orchestration.refresh import Refresher

_PERIOD: Final = re.compile(r"(?P<number>[1-9]\d{0,5}) ?(?P<unit>[smh])")
"""`30s`, `5m`, `1h`."""
_SECONDS: Final = {"s": 1, "m": 60, "h": 3600}

Say = Callable[[str], None]


def seconds_of(period: str) -> int:
    """Read a period such as 30s, 5m or 1h as seconds; raise WarehouseError for anything else."""
    found = _PERIOD.fullmatch(period.strip())
    if found is None:
        raise WarehouseError(f"{period} is not a period", where="--every", remedy="write 30s, 5m or 1h")
    return int(found["number"]) * _SECONDS[found["unit"]]


def refresh_once(settings: Settings, progress: Progress, say: Say, accept: Sequence[str] = ()) -> None:
    """Refresh the lists once, accepting the given findings, and say what was published."""
    _require(settings)
    with refresh_helpers(settings) as helpers:
        say(_refreshed(_refresher(settings, progress, helpers, accept)))


def refresh_every(
    settings: Settings, progress: Progress, period: int, say: Say, say_fault: Say, accept: Sequence[str] = ()
) -> None:
    """Refresh the lists every `period` seconds, from start to start, until a signal ends it, which is not an error.

    A failed refresh is reported, and the next one tries again with new helpers.
    """
    _require(settings)
    if settings.as_of is not None:
        raise WarehouseError(
            "repeated refreshes are always as of now",
            where="--every",
            remedy="leave out --as-of and WAREHOUSE_AS_OF",
        )
    try:
        due = time.monotonic()
        while True:
            with refresh_helpers(settings, stay=True) as helpers:
                due = _refresh_until_fault(
                    partial(_refresher, settings, progress, helpers, accept), due, period, say, say_fault
                )
    except Interrupted:
        say("ended: what is published is whole")


def _refresh_until_fault(make: Callable[[], Refresher], due: float, period: int, say: Say, say_fault: Say) -> float:
    """Refresh from `due` on with one refresher until a refresh fails; report the fault, return when the next is due."""
    refresher = None
    while True:
        time.sleep(max(0.0, due - time.monotonic()))
        due = max(due + period, time.monotonic())
        try:
            refresher = refresher or make()
            say(_refreshed(refresher))
        except Exception as error:
            if Interruptions.is_requested() or (fault := in_words(error)) is None:
                raise
            say_fault(str(fault))
            return due


def _require(settings: Settings) -> None:
    require_writable(settings.exports)
    EncryptionKeys(settings.receiver_key, settings.state).require_usable(settings.exports)


@contextmanager
def refresh_helpers(settings: Settings, *, stay: bool = False) -> Iterator[Helpers]:
    """Start the audit's process, which loads while sources are read and, with `stay`, serves later refreshes too."""
    on_demand = helpers_on_demand("duckdb", Workspace(settings.state).refresh)
    with AuditProcess(stays=stay) as audit:
        yield replace(on_demand, audit=shared_helper(audit))


def _refresher(settings: Settings, progress: Progress, helpers: Helpers, accept: Sequence[str]) -> Refresher:
    with quick_imports():
        from pipeline.orchestration.refresh import Refresher

    return Refresher(settings, progress, helpers, read_acceptances(accept, current_user()))


def _refreshed(refresher: Refresher) -> str:
    done = refresher.refresh()
    rows = ", ".join(f"{name} {count:,}" for name, count in sorted(done.rows.items()))
    news = "" if done.has_changed else ", as before"
    return f"{done.drop.location}: {rows}{news} ({done.seconds:.1f} s)"
