"""Garbled texts and names of tests among the sampled rows."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from pipeline.guards.source_profile import TableProfile
from pipeline.ingest.landing.profile import profile_tables
from tests.ingest.ingest_harness import land, write_csv


def named(folder: Path, *names: str) -> TableProfile:
    write_csv(folder / "crm" / "accounts.csv", ["id", "name"], [(str(at), name) for at, name in enumerate(names)])
    (found,) = profile_tables([land("crm", folder / "crm", folder)["accounts"]], datetime(2025, 1, 15, tzinfo=UTC))
    return found


@pytest.mark.parametrize("name", ["MÃ¼ller", "CafÃ©", "Ã„rzte", "Oâ€™Neill", "M\ufffdller", "M?ller"])
def test_a_text_decoded_with_a_wrong_encoding_is_garbled(tmp_path: Path, name: str) -> None:
    assert named(tmp_path, name, "Oak").garbled_texts == {"name": 1}


@pytest.mark.parametrize("name", ["Müller", "SÃO PAULO", "Ready?", "https://oak.example/a?b=c", "Â la carte"])
def test_other_letters_and_question_marks_are_not_garbled(tmp_path: Path, name: str) -> None:
    assert named(tmp_path, name).garbled_texts == {}


def test_a_single_garbled_name_is_counted_once(tmp_path: Path) -> None:
    assert named(tmp_path, "MÃ¼ller", "Schäfer").garbled_texts == {}


@pytest.mark.parametrize(("name", "is_test"), [("TEST 3", True), ("demo - Acme", True), ("Testa Lawn Care", False)])
def test_a_name_that_starts_with_test_is_a_test(tmp_path: Path, name: str, is_test: bool) -> None:
    assert named(tmp_path, name, "Oak").test_rows == is_test
