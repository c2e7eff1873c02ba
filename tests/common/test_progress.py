"""A run's output on a terminal is the text of its steps, whatever brackets data and paths contain."""

from __future__ import annotations

import re
from io import StringIO
from time import sleep

import pytest
from rich.console import Console

from pipeline.common.progress import Progress, TerminalView


@pytest.mark.parametrize("text", ["Oak [/b] Elm", "[bold]Oak", "Jobsites [2].csv", "C:\\", "[link=x]Oak\\"])
def test_brackets_and_backslashes_are_no_markup(text: str) -> None:
    screen = StringIO()
    progress = Progress(TerminalView(Console(file=screen, force_terminal=True, color_system=None, width=200)))
    with progress.step("audit", "checks") as step:
        step.update(1, 2, detail=text)
        step.note(text)
        step.summary = text
    said = screen.getvalue().splitlines()
    assert any(line.endswith(f"! {text}") for line in said)
    assert any(f"✓ audit    {text}  " in line for line in said)


def test_a_running_step_shows_progress_rate_and_time_left() -> None:
    screen = StringIO()
    progress = Progress(TerminalView(Console(file=screen, force_terminal=True, color_system=None, width=200)))
    with progress.step("crm") as step:
        for done in (0, 1_000, 2_000):
            step.update(done, 4_000, detail="accounts.csv")
            sleep(0.02)
    assert re.search(r"crm accounts\.csv 2,000 of 4,000 rows [\d,]+ rows/s 0:00:0\d", screen.getvalue())


def test_a_step_of_unknown_length_shows_no_time_left() -> None:
    screen = StringIO()
    progress = Progress(TerminalView(Console(file=screen, force_terminal=True, color_system=None, width=200)))
    with progress.step("dbt", "nodes") as step:
        for done in (1, 2, 3):
            step.update(done, detail="accounts")
            sleep(0.02)
    assert re.search(r"dbt accounts 3 nodes [\d,]+ nodes/s +\n", screen.getvalue())
