"""The same evidence for a Spark build: DuckDB reads its files, and the rows give the value again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.explain.queries import Queries, open_queries
from pipeline.settings import Settings
from tests.explain.plain_values import explained, faults, not_remade
from tests.parity.compare import SAMPLE, run_engine

pytestmark = [pytest.mark.spark, pytest.mark.slow]


@pytest.fixture(scope="module")
def of_spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Queries]:
    folder: Path = tmp_path_factory.mktemp("spark")
    run_engine("spark", SAMPLE, folder)
    with open_queries(Settings(state=folder / "spark/state")) as queries:
        yield queries


@pytest.mark.parametrize("account", ["1032", "1112@2", "acc-faulty-3"])
def test_the_evidence_gives_the_value(of_spark: Queries, account: str) -> None:
    assert faults(explained(of_spark, account), not_remade) == []
