r"""Foreign texts are shown as one harmless line: an escape as \x1b, a line break as \n."""

from __future__ import annotations

import json
from io import StringIO

import pytest
from rich.console import Console

from pipeline.common.errors import WarehouseError
from pipeline.common.progress import PlainView, Progress, StepView, TerminalView
from pipeline.common.shown_text import shown, shown_json
from pipeline.guards.findings import Finding

FORGED = "Oak\x1b[2K\r\nFAKE publish  3 new drops"
SHOWN = r"Oak\x1b[2K\r\nFAKE publish  3 new drops"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (FORGED, SHOWN),
        ("\x1b]0;TITLE\x07", r"\x1b]0;TITLE\x07"),
        ("a\tb\0c\x7f", r"a\tb\x00c\x7f"),
        ("\x9b31m", r"\x9b31m"),
        ("a\u2028b\u202etxt.exe", r"a\u2028b\u202etxt.exe"),
        ("caf\udce9", r"caf\xe9"),
        ("José — 株 🌲 C:\\new [bold]", "José — 株 🌲 C:\\new [bold]"),
    ],
)
def test_only_characters_that_move_the_cursor_or_break_a_line_are_escaped(text: str, line: str) -> None:
    assert shown(text) == line
    assert shown(line) == line


def test_shown_json_means_the_same() -> None:
    value = {"name": "\x9b31m\x7f\u202eOak\n\x1b"}
    text = shown_json(json.dumps(value, indent=2, ensure_ascii=False))
    assert json.loads(text) == value
    assert "\x9b" not in text and "\u202e" not in text and "\x7f" not in text


def test_an_error_has_its_own_lines_and_none_from_the_data() -> None:
    error = WarehouseError(f"header {FORGED}", where=FORGED, details=[f"row {shown(FORGED)}"], remedy=FORGED)
    assert str(error).split("\n") == [f"{SHOWN}: header {SHOWN}", f"row {SHOWN}", f"To do: {SHOWN}"]


def test_a_finding_has_two_lines_whatever_it_quotes() -> None:
    finding = Finding("near_header", "warn", FORGED, FORGED, FORGED, before=FORGED)
    assert len(str(finding).splitlines()) == 2


def views(screen: StringIO) -> list[StepView]:
    console = Console(file=screen, force_terminal=True, color_system=None, width=200)
    return [PlainView(screen), TerminalView(console)]


@pytest.mark.parametrize("kind", [0, 1])
def test_no_step_prints_cursor_movements(kind: int) -> None:
    screen = StringIO()
    view = views(screen)[kind]
    progress = Progress(view)
    with progress.step("crm") as step:
        step.update(1, 2, detail=FORGED)
        step.note(FORGED)
        step.summary = FORGED
    said = screen.getvalue()
    assert said.count(SHOWN) >= 2
    assert "Oak\x1b" not in said and "\nFAKE" not in said
