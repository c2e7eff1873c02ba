"""Whole models on a small company with every figure worked out by hand (golden/README.md)."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.models.harness import BuiltModels, built_models, shown

GOLDEN = Path(__file__).parent / "golden"
EXPECTED = sorted(path.stem for path in (GOLDEN / "expected").glob("*.csv"))


def read_csv(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BuiltModels]:
    sources = {
        tuple(path.stem.split("__", 1)): [
            {name: value or None for name, value in row.items()} for row in read_csv(path)
        ]
        for path in (GOLDEN / "sources").glob("*.csv")
    }
    with built_models(
        tmp_path_factory.mktemp("company"),
        sources,  # type: ignore[arg-type]
        as_of="2025-03-01 08:00:00",
        selected_year=2025,
        select=("+run_metrics", "+profile_accounts", "+notification_cache", "+win_loss"),
    ) as built:
        yield built


@pytest.mark.parametrize("model", EXPECTED)
def test_golden(company: BuiltModels, model: str) -> None:
    """contracts account, contracts estimate, D10, D15, D17: every column that the expected file names."""
    expected = read_csv(GOLDEN / "expected" / f"{model}.csv")
    names = list(expected[0])
    computed = [{name: shown(row[name]) for name in names} for row in company.rows(model)]
    if model == "run_metrics":  # only the metrics in the expected file
        listed = {(row["metric"], row["dimension"]) for row in expected}
        computed = [row for row in computed if (row["metric"], row["dimension"]) in listed]

    def key(row: dict[str, str]) -> tuple[str, ...]:
        return tuple(row.values())[:2]

    assert sorted(computed, key=key) == sorted(expected, key=key)
