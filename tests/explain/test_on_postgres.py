"""The same evidence on PostgreSQL: every analysis runs there, and its rows give the value again."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.common.progress import open_progress
from pipeline.explain.queries import Queries, open_queries
from pipeline.paths import PROJECT_ROOT
from pipeline.settings import Settings
from tests.explain.conftest import AS_OF, build
from tests.explain.plain_values import explained, faults, not_remade

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def on_postgres() -> Iterator[Queries]:
    # not one of pytest's folders, which the server's user may not enter
    with tempfile.TemporaryDirectory(prefix="warehouse-", ignore_cleanup_errors=True) as folder:
        state = Path(folder)
        settings = Settings(state=state, as_of=AS_OF, target="postgres")
        build(settings, PROJECT_ROOT / "sample", open_progress())
        with open_queries(
            Settings(state=state)
        ) as queries:  # the engine is that of the build, whatever the settings say
            yield queries


@pytest.mark.parametrize("account", ["1032", "1112@2", "acc-faulty-3"])
def test_the_evidence_gives_the_value(on_postgres: Queries, account: str) -> None:
    assert faults(explained(on_postgres, account), not_remade) == []
