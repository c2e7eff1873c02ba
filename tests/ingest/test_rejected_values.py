"""The value that a reject shows: enough to find it, but nothing personal."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.ingest.rejects import LONGEST_VALUE, redact
from tests.ingest.ingest_harness import land, rejects, write_csv


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("ann.lee+x@mail.example.com", "***@***"),
        ("write to Ann <ann@example.com>!", "write to Ann <***@***>!"),
        ("555-123-4567", "***-***-****"),
        ("(555) 123-4567", "(***) ***-****"),
        ("(555)123 4567 ext 2", "(***)*** **** ext 2"),
        ("+44 20 7946 0958", "+** ** **** ****"),
        ("+15551234567", "+***********"),
        ("call 555-1234", "call ***-****"),
        ("5551234567", "**********"),
        ("sk_live_51H8xYZabcdefGHIJKL0123", "***"),
        ("Bearer eyJhbGciOiJIUzI1NiJ9eyJzdWIiOiIxIn0", "Bearer ***"),
    ],
)
def test_personal_details_and_tokens_are_masked(value: str, shown: str) -> None:
    assert redact(value) == shown


@pytest.mark.parametrize(
    "value",
    [
        "2025-02-30",
        "2025-02-30 10:00:00.123456+00",
        "13/45/2025 10:00",
        "#N/A",
        "1,234.567",
        "EST1807324",
        "not a date",
    ],
)
def test_values_needed_to_find_the_fault_stay(value: str) -> None:
    assert redact(value) == value


def test_ten_digits_stay_in_columns_of_ids_and_amounts() -> None:
    assert redact("5551234567", may_hold_phone=False) == "5551234567"
    assert redact("555-123-4567", may_hold_phone=False) == "***-***-****"


def test_long_values_are_cut() -> None:
    assert redact("é" * 81) == "é" * 79 + "…"
    assert redact("é" * 80) == "é" * 80


def test_a_value_is_masked_before_it_is_cut() -> None:
    assert "@" not in redact("x" * 70 + " someone@example.com").replace("***@***", "")


@given(st.text())
def test_any_text_can_be_shown(value: str) -> None:
    shown = redact(value)
    assert len(shown) <= LONGEST_VALUE
    assert "\0" not in shown


def test_rejects_of_rows_and_cells_are_masked(tmp_path: Path) -> None:
    write_csv(
        tmp_path / "crm" / "accounts.csv",
        ["id", "name", "archived", "annual_revenue", "city"],
        [("1", "A", "ann@example.com", "555-123-4567", None)],
    )
    with (tmp_path / "crm" / "accounts.csv").open("a") as file:
        file.write("2,ann@example.com,555-123-4567,,,x\n")
    table = land("crm", tmp_path / "crm", tmp_path)["accounts"]
    assert [row["value"] for row in rejects(table)] == ["***-***-****", "***@***", "2,***@***,***-***-****,,,x"]
