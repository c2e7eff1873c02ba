"""The header of a question's file: the question, who asks it, its columns."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.common.errors import WarehouseError
from pipeline.questions.question import find_question, read_questions

WHOLE = """-- How many
-- accounts are there?
-- Asked by: everybody
-- Columns:
--   accounts: how many,
--     all told
select count(*) as accounts from accounts
"""


def test_a_header_has_the_question_who_asks_and_the_columns(tmp_path: Path) -> None:
    (tmp_path / "how_many.sql").write_text(WHOLE)
    (question,) = read_questions(tmp_path)
    assert (question.name, question.asks) == ("how_many", "How many accounts are there?")
    assert question.asked_by == "everybody"
    assert question.columns == {"accounts": "how many, all told"}
    assert not question.compares_drops


@pytest.mark.parametrize("line", ["-- Asked by: everybody\n", "--   accounts: how many,\n--     all told\n"])
def test_an_incomplete_header_is_an_error_that_names_the_file(tmp_path: Path, line: str) -> None:
    (tmp_path / "how_many.sql").write_text(WHOLE.replace(line, ""))
    with pytest.raises(WarehouseError, match="head") as error:
        read_questions(tmp_path)
    assert error.value.where == str(tmp_path / "how_many.sql")


def test_an_unknown_question_is_reported_with_the_nearest() -> None:
    with pytest.raises(WarehouseError, match="no question") as error:
        find_question("renewal-due")
    assert error.value.remedy == "similar names: renewals_due"
