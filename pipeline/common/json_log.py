"""The machine-readable log: the output of a run, as JSON lines in a file that is rotated."""

from __future__ import annotations

import json
import logging
import logging.handlers
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from pipeline.common.errors import in_words
from pipeline.common.progress import Progress, Step, StepView

_BYTES: Final = 5_000_000
_KEPT_FILES: Final = 5


class LogFile(logging.handlers.RotatingFileHandler):
    """A file of JSON lines: time, level, event and its values. A full disk loses lines, but never fails the run."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        super().__init__(path, maxBytes=_BYTES, backupCount=_KEPT_FILES, encoding="utf-8", delay=True)

    def write(self, level: int, event: str, **values: Any) -> None:
        """Add a line: `{"time": "…", "level": "info", "event": "step", "step": "ingest", "seconds": 1.2}`."""
        now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        line = {"time": now, "level": logging.getLevelName(level).lower(), "event": event, **values}
        self.handle(logging.LogRecord("warehouse", level, "", 0, json.dumps(line, ensure_ascii=True), None, None))

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802  logging's name
        """Drop a line that can't be written."""


class LoggedView:
    """A view of steps that also writes them to the log."""

    def __init__(self, view: StepView, log: LogFile) -> None:
        self.view = view
        self.log = log

    def began(self, step: Step) -> None:
        """Show that a step has begun."""
        self.view.began(step)

    def changed(self, step: Step, detail: str) -> None:
        """Show progress; only the end is logged."""
        self.view.changed(step, detail)

    def ended(self, step: Step, ok: bool) -> None:
        """Show and log its end."""
        level = logging.INFO if ok else logging.ERROR
        self.log.write(level, "step", step=step.name, ok=ok, seconds=round(step.seconds, 3), summary=step.summary)
        self.view.ended(step, ok)

    def noted(self, *lines: str) -> None:
        """Show and log a note."""
        self.log.write(logging.WARNING, "note", text="\n".join(lines))
        self.view.noted(*lines)


@contextmanager
def logged(progress: Progress, path: Path) -> Iterator[None]:
    """Log a run's steps, notes and end to a file, in addition to showing them."""
    view, log = progress.view, LogFile(path)
    progress.view = LoggedView(view, log)
    log.write(logging.INFO, "begin")
    try:
        yield
    except Exception as error:
        words = in_words(error)
        log.write(logging.ERROR, "end", text=str(words) if words else f"the program failed ({type(error).__name__})")
        raise
    else:
        log.write(logging.INFO, "end", seconds={name: round(value, 3) for name, value in progress.seconds.items()})
    finally:
        progress.view = view
        log.close()
