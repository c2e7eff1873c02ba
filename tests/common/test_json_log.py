"""The JSON log: one line for each step, note and end, whatever the text contains."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from pipeline.common.errors import WarehouseError
from pipeline.common.json_log import logged
from pipeline.common.progress import PlainView, Progress


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_steps_notes_and_the_end_are_logged_beside_what_the_terminal_shows(tmp_path: Path) -> None:
    shown = StringIO()
    progress, path = Progress(PlainView(shown)), tmp_path / "log" / "warehouse.jsonl"
    with logged(progress, path), progress.step("ingest") as step:
        step.note("line\none\x1b[31m")
        step.summary = "3 tables"
    assert [(line["level"], line["event"]) for line in lines(path)] == [
        ("info", "begin"),
        ("warning", "note"),
        ("info", "step"),
        ("info", "end"),
    ]
    assert lines(path)[1]["text"] == "line\none\x1b[31m"
    assert "3 tables" in shown.getvalue()


def test_a_failure_is_logged_and_raised(tmp_path: Path) -> None:
    path = tmp_path / "warehouse.jsonl"
    with pytest.raises(WarehouseError), logged(Progress(PlainView(StringIO())), path):
        raise WarehouseError("is no CSV", where="a.csv", remedy="mend it")
    assert (lines(path)[-1]["level"], lines(path)[-1]["event"]) == ("error", "end")
    assert "a.csv: is no CSV" in lines(path)[-1]["text"]


def test_an_unwritable_log_loses_lines_but_does_not_fail_the_run(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "warehouse.jsonl").mkdir()
    with logged(Progress(PlainView(StringIO())), tmp_path / "warehouse.jsonl"):
        pass
    assert capfd.readouterr().err == ""
