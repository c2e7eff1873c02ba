"""The output of explain: the overview of an account, the explanation of a column, and JSON."""

from __future__ import annotations

import io
import json

import pytest
from rich.console import Console

from pipeline.common.errors import WarehouseError
from pipeline.explain.explanation import Explanation, explain_account
from pipeline.explain.queries import Queries
from pipeline.explain.render import as_json, render
from pipeline.settings import Settings
from tests.explain.company import explain


def laid_out(explanation: Explanation, *, terminal: bool = False, width: int = 200, shown_rows: int = 20) -> str:
    out = io.StringIO()
    console = Console(file=out, force_terminal=terminal, width=width, highlight=False)
    render(explanation, console, shown_rows=shown_rows)
    return out.getvalue()


def test_an_explanation_goes_from_the_value_to_the_rules_that_did_not_decide(company: Queries) -> None:
    lines = laid_out(explain(company, "busy", "revenue_segment")).splitlines()
    text = "\n".join(lines)
    for first, second in (
        ("Busy Corp", "accounts.revenue_segment = B"),
        ("accounts.revenue_segment = B", "The segment in the selected year."),
        ("The segment in the selected year.", "accounts R17  Default segment is 'C'"),
        ("accounts R17  Default segment is 'C'", "The rule that decides (1)"),
        ("The rule that decides (1)", "The rules that lose"),
        ("The rules that lose", "The won estimates' shares behind the revenue"),
    ):
        assert text.index(first) < text.index(second)


def test_plain_text_has_no_control_characters_and_no_trailing_blanks(company: Queries) -> None:
    text = laid_out(explain(company, "busy", "is_at_risk"))
    assert "\x1b" not in text
    assert [line for line in text.splitlines() if line != line.rstrip()] == []


def test_a_terminal_gets_colour_within_its_width(company: Queries) -> None:
    text = laid_out(explain(company, "busy", "revenue_segment"), terminal=True, width=100)
    assert "\x1b[" in text
    assert "accounts.revenue_segment" in text


def test_rows_too_wide_for_a_table_are_written_one_by_one(company: Queries) -> None:
    story = explain(company, "busy", "is_at_risk")
    wide, narrow = laid_out(story), laid_out(story, width=80)
    assert "estimate id later · contract end 2025-07-14" not in wide
    assert "- estimate id later · contract end 2025-07-14" in " ".join(narrow.split())
    assert max(map(len, narrow.splitlines())) <= 80


def test_rows_beyond_the_limit_are_counted(company: Queries) -> None:
    text = laid_out(explain(company, "busy", "is_at_risk"), shown_rows=3)
    assert "(8)" in text
    assert "… and 5 more" in text


def test_a_column_that_several_tables_have_is_explained_in_each(company: Queries) -> None:
    explanation = explain(company, "busy", "status")
    assert [(column.table, column.name) for column in explanation.columns] == [
        ("account_core", "status"),
        ("accounts", "status"),
    ]
    assert [column.table for column in explain(company, "busy", "accounts.status").columns] == ["accounts"]


def test_json_holds_every_row(company: Queries) -> None:
    (column,) = json.loads(as_json(explain(company, "busy", "is_at_risk")))["columns"]
    assert (column["table"], column["column"], column["value"]) == ("accounts", "is_at_risk", True)
    assert [len(piece["rows"]) for piece in column["evidence"]] == [1, 8, 0]
    assert column["evidence"][0]["rows"][0]["contract_end"] == "2025-03-01"


def test_without_a_column_every_column_has_a_line(settings: Settings) -> None:
    text = laid_out(explain_account(settings, "1032"))
    for line in ("account_core", "Identity & Hierarchy", "account_communication_stats", "Email Statistics", "accounts"):
        assert line in text.splitlines()
    named = [line.split()[0] for line in text.splitlines() if line.startswith("  ")]
    assert len(named) == 78 + 52 + 37 - 1


def test_an_unknown_column_names_the_nearest(settings: Settings) -> None:
    with pytest.raises(WarehouseError, match="similar names: revenue_segment"):
        explain_account(settings, "1032", "revenue_segmnt")


def test_a_null_with_a_reason_shows_no_empty_evidence(company: Queries) -> None:
    text = laid_out(explain(company, "large", "total_emails"))
    assert "total_emails = null  (no customer links to this CRM account" in text
    assert "The value is" not in text


def test_a_state_folder_without_a_run_says_so(settings: Settings) -> None:
    nowhere = settings.model_copy(update={"state": settings.state / "nowhere"})
    with pytest.raises(WarehouseError, match="nothing has been built here"):
        explain_account(nowhere, "1032")
    assert not nowhere.state.exists()


def test_the_inputs_of_a_null_are_shown(company: Queries) -> None:
    lines = laid_out(explain(company, "busy", "status_detail")).splitlines()
    assert lines[-2:] == [
        "  The value is the first platform_status_detail that is not null.",
        "  platform status detail  null",
    ]
