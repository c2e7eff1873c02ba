"""The spreadsheet-safe CSV: no text cell that a spreadsheet would execute, and no other change."""

from __future__ import annotations

import re
import sys
import unicodedata
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.drops.csv_file import neutralised, write_safe_csv
from pipeline.drops.stage import StagedDrop

SIGNS = [
    chr(code) for code in range(sys.maxunicode + 1) if unicodedata.normalize("NFKC", chr(code)) in ("=", "+", "-", "@")
]


def safe(text: str | None) -> str | None:
    return neutralised(pa.table({"text": pa.array([text], pa.string())}))["text"][0].as_py()


@pytest.mark.parametrize("sign", SIGNS)
def test_every_form_of_a_formula_sign_is_neutralised(sign: str) -> None:
    assert safe(f"{sign}1+1") == f"'{sign}1+1"


@pytest.mark.parametrize("text", ["\tplain", "\rplain", "\nplain", "\0=1", "\x7f=1"])
def test_a_cell_that_begins_with_a_control_character_is_neutralised(text: str) -> None:
    assert safe(text) == "'" + text


@pytest.mark.parametrize("blank", [" ", "   ", "\u00a0", "\u3000", "\ufeff", "\u200b", "\u2009", "\u202e", "\u2060"])
def test_a_sign_after_blanks_is_neutralised(blank: str) -> None:
    assert safe(f"{blank}=1") == f"'{blank}=1"
    assert safe(f"{blank}plain") == f"{blank}plain"


@pytest.mark.parametrize("separator", [";", "\t", "\r", "\n", "\r\n", ";\t", "\n\n"])
@pytest.mark.parametrize("hidden", ["", " ", '"', ' "', "\u00a0", "\0"])
def test_a_sign_after_a_list_separator_is_neutralised(separator: str, hidden: str) -> None:
    """If the list separator is `;` or a tab, a new cell starts there, in spite of quotes."""
    assert safe(f"a{separator}{hidden}=1+1") == f"a{separator}'{hidden}=1+1"
    assert safe(f"a{separator}{hidden}plain") == f"a{separator}{hidden}plain"


@pytest.mark.parametrize(("text", "guarded"), [("007", True), ("1234567890123456", True), ("123456789012345", False)])
def test_digits_that_a_spreadsheet_would_change_stay_text(text: str, guarded: bool) -> None:
    """D24: a spreadsheet keeps 15 digits and no leading zeros."""
    assert safe(text) == ("'" + text if guarded else text)
    assert safe("0") == "0"


@pytest.mark.parametrize("text", ["plain", "a=1", "1-2", "'=1", '"=1', "(555) 010-0000", "", None, "−5"])
def test_other_cells_stay_as_they_are(text: str | None) -> None:
    assert safe(text) == text


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=12))
def test_a_safe_cell_never_starts_like_a_formula(text: str) -> None:
    result = safe(text) or ""
    for cell in re.split("[;\t\r\n]", result):
        visible = unicodedata.normalize("NFKC", cell).lstrip()
        assert not visible.startswith(("=", "+", "-", "@"))
    assert result.replace("'", "") == text.replace("'", "")
    assert safe(result) == result


def test_numbers_stay_numbers(tmp_path: Path) -> None:
    table = pa.table(
        {
            "n": pa.array([-5], pa.int64()),
            "amount": pa.array([Decimal("-1.50")], pa.decimal128(6, 2)),
            "text": pa.array(["-5"]),
        }
    )
    write_safe_csv(table, tmp_path / "x.safe.csv")
    assert (tmp_path / "x.safe.csv").read_bytes() == b"\xef\xbb\xbfn,amount,text\n-5,-1.50,'-5\n"


def test_the_exact_file_stays_exact_and_both_are_listed(stage: Callable[..., StagedDrop], tmp_path: Path) -> None:
    plain = stage(tmp_path / "plain", organization_id=2)
    both = stage(tmp_path / "both", organization_id=2, csv_safe=True)
    assert (both.folder / "deals.csv").read_bytes() == (plain.folder / "deals.csv").read_bytes()
    assert b"\n3,=1+1," in (both.folder / "deals.csv").read_bytes()
    assert b"\n3,'=1+1," in (both.folder / "deals.safe.csv").read_bytes()
    added = {file.name for file in both.files} - {file.name for file in plain.files}
    assert added == {"deals.safe.csv", "places.safe.csv"}
    assert "deals.safe.csv" in (both.folder / "SHA256SUMS").read_text()
