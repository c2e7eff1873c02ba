"""What a run says on a terminal is what its steps say, whatever brackets the data and the paths have."""

from __future__ import annotations

from io import StringIO

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
