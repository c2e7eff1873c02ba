"""The functions that business rules call treat the same characters as blank as the models do."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pipeline.audit.sql_functions import BLANKS, rule_connection

MACRO = Path(__file__).resolve().parents[2] / "dbt_project" / "macros" / "blank_characters.sql"


def test_blanks_are_the_same_as_in_the_models() -> None:
    text = MACRO.read_text()
    in_ascii = {chr(int(code)) for code in re.findall(r"chr\((\d+)\)", text)}
    beyond = {chr(int(code, 16)) for code in re.findall(r"\\u([0-9a-f]{4})", text)}
    assert {" "} | in_ascii | beyond == set(BLANKS)


def test_blanks_are_those_that_javascript_trims() -> None:
    # ECMA-262: WhiteSpace and LineTerminator
    spaces = {*range(0x2000, 0x200B), 0x20, 0xA0, 0x1680, 0x202F, 0x205F, 0x3000}
    assert {ord(blank) for blank in BLANKS} == {*range(0x09, 0x0E), 0x2028, 0x2029, 0xFEFF, *spaces}


@pytest.mark.parametrize("blank", BLANKS)
def test_each_blank_is_trimmed_and_collapsed(blank: str) -> None:
    with rule_connection() as connection:
        text = {"text": f"{blank}A{blank}{blank}B{blank}"}
        found = connection.execute("select trimmed($text), folded($text), collapsed(folded($text))", text).fetchone()
    assert found == (f"A{blank}{blank}B", f"a{blank}{blank}b", "a b")
