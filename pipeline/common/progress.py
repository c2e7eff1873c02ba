"""Shows the progress of a run: live lines on a terminal, one plain line per step elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol, TextIO

from pipeline.common.shown_text import shown

if TYPE_CHECKING:
    from rich.console import Console


@dataclass
class Step:
    """A running step. `done` and `total` count what `unit` names; `summary` is shown when it ends."""

    name: str
    show: StepView
    unit: str = "rows"
    done: int = 0
    total: int | None = None
    summary: str = ""
    started: float = field(default_factory=time.monotonic)

    def update(self, done: int, total: int | None = None, detail: str = "") -> None:
        """Report progress; `detail` names the current item."""
        self.done, self.total = done, total
        self.show.changed(self, detail)

    def note(self, *lines: str) -> None:
        """Report something that a person should read, and that stays on the screen."""
        self.show.noted(*lines)

    @property
    def seconds(self) -> float:
        """The time since the step began."""
        return time.monotonic() - self.started


class StepView(Protocol):
    """A way of showing steps."""

    def began(self, step: Step) -> None:
        """Show that a step has started."""

    def changed(self, step: Step, detail: str) -> None:
        """Show progress."""

    def ended(self, step: Step, ok: bool) -> None:
        """Show that it has ended, successfully or not."""

    def noted(self, *lines: str) -> None:
        """Show a note."""


class Progress:
    """The steps of one run, and the duration of each."""

    def __init__(self, view: StepView) -> None:
        self.view = view
        self.seconds: dict[str, float] = {}

    @contextmanager
    def step(self, name: str, unit: str = "rows") -> Iterator[Step]:
        """Show a step from start to end."""
        step = Step(name, self.view, unit)
        self.view.began(step)
        ok = False
        try:
            yield step
            ok = True
        finally:
            self.seconds[name] = self.seconds.get(name, 0.0) + step.seconds
            self.view.ended(step, ok)


class PlainView:
    """One line per step, when it ends."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self.stream = stream or sys.stderr

    def began(self, step: Step) -> None:
        """Show nothing."""

    def changed(self, step: Step, detail: str) -> None:
        """Show nothing."""

    def ended(self, step: Step, ok: bool) -> None:
        """Show the step, its outcome and its duration."""
        outcome = step.summary if ok else "failed"
        print(f"{step.name:<8} {shown(outcome)}  ({step.seconds:.1f} s)", file=self.stream, flush=True)

    def noted(self, *lines: str) -> None:
        """Show a note in separate lines."""
        for line in lines:
            print(f"         {shown(line)}", file=self.stream, flush=True)


class SilentView(PlainView):
    """Notes only, no steps."""

    def ended(self, step: Step, ok: bool) -> None:
        """Show nothing."""


class TerminalView:
    """A live line for the running step: progress, rate, and remaining time.

    Texts may quote data or a path, so they are passed as Text, in which rich interprets no markup. rich removes some
    control characters, but not the escape character.
    """

    def __init__(self, console: Console) -> None:
        from rich import progress
        from rich.text import Text

        self.console = console
        self.text = Text.assemble
        self.live = progress.Progress(
            progress.SpinnerColumn(),
            progress.TextColumn("{task.description}", style="bold", markup=False),
            progress.TextColumn("{task.fields[detail]}", markup=False),
            progress.TextColumn("{task.fields[count]}", markup=False),
            progress.TextColumn("{task.fields[rate]}", markup=False),
            progress.TimeRemainingColumn(),
            console=console,
            transient=True,
        )

    def began(self, step: Step) -> None:
        """Start the live line."""
        self.task = self.live.add_task(step.name, total=None, detail="", count="", rate="")
        self.live.start()

    def changed(self, step: Step, detail: str) -> None:
        """Rewrite the live line."""
        count = f"{step.done:,} of {step.total:,} {step.unit}" if step.total else f"{step.done:,} {step.unit}"
        self.live.update(self.task, completed=step.done, total=step.total, detail=shown(detail), count=count)
        speed = self.live.tasks[0].speed
        self.live.update(self.task, rate=f"{speed:,.0f} {step.unit}/s" if speed else "")

    def ended(self, step: Step, ok: bool) -> None:
        """Leave one line behind."""
        self.live.stop()
        self.live.remove_task(self.task)
        mark, outcome = (("✓ ", "green"), step.summary) if ok else (("✗ ", "red"), "failed")
        name, seconds = (f"{step.name:<8}", "bold"), (f"{step.seconds:.1f} s", "dim")
        self.console.print(self.text(mark, name, f" {shown(outcome)}  ", seconds))

    def noted(self, *lines: str) -> None:
        """Print it above the live line."""
        for at, line in enumerate(lines):
            self.console.print(self.text("  ", (" " if at else "!", "yellow"), f" {shown(line)}"))


def open_progress() -> Progress:
    """Choose the view that fits standard error."""
    if sys.stderr.isatty():
        from rich.console import Console

        return Progress(TerminalView(Console(stderr=True)))
    return Progress(PlainView())
