"""Two thousand random bad files; `make fuzz N=` tries any number, and its finds become tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.ingest.fuzz import run
from tests.ingest.fuzz_mutations import Seed

PARTS = 8
CASES = 2_000


def in_words(broken: list[tuple[int, Seed, str]]) -> str:
    return "\n".join(f"case {number} ({case.source} {case.name}): {fault}" for number, case, fault in broken)


@pytest.mark.parametrize("part", range(PARTS))
def test_every_row_read_is_loaded_or_rejected_or_an_error_names_its_place(tmp_path: Path, part: int) -> None:
    """`read = loaded + rejected` is checked by the harness that each case goes through."""
    outcome = run(CASES // PARTS, part * CASES // PARTS, tmp_path)
    assert not outcome.broken, in_words(outcome.broken)
    assert set(outcome.landed) == set(outcome.refused) == {".csv", ".xlsx", ".parquet", ".sqlite"}


def test_a_cases_number_reproduces_it() -> None:
    from tests.ingest.fuzz import case_of, seeds

    sound = seeds()
    assert [case_of(number, sound) for number in range(20)] == [case_of(number, sound) for number in range(20)]
