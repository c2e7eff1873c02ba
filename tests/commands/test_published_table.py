"""The table at the end of a run: no export name is cut, however narrow the terminal."""

from __future__ import annotations

import pytest

from pipeline.commands.output import print_published
from pipeline.orchestration.run import RunOutcome

ROWS = {"account_communication_stats": 123_456, "duplicate_at_risk_estimates": 1}


@pytest.mark.parametrize("terminal", [{}, {"FORCE_COLOR": "1", "COLUMNS": "60"}], ids=["piped", "narrow"])
def test_no_line_of_the_table_is_cut(
    terminal: dict[str, str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in terminal.items():
        monkeypatch.setenv(name, value)
    drops = [{"organization_id": at, "rows": ROWS, "location": f"exports/{at}", "is_new": True} for at in range(1, 5)]
    print_published(RunOutcome(drops))
    lines = capsys.readouterr().out.splitlines()
    assert any("organization 1" in line and "organization 4" in line for line in lines)
    for name, rows in ROWS.items():
        (line,) = (line for line in lines if name in line)
        assert line.count(f" {rows:,} ") == 4


def test_a_run_that_published_nothing_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    print_published(RunOutcome([]))
    assert capsys.readouterr().out == "No organization has a row: nothing was published.\n"
