"""The customer-success models, built once for the tests that refill them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.models.customer_success.worlds import NOW
from tests.models.harness import BuiltModels, built_models

MARTS = (
    "account_core",
    "account_communication_stats",
    "account_health",
    "account_keys",
    "insight_snapshot",
    "lifecycle_event_history",
    "meeting_summary",
    "stakeholder_fact",
    "team_dimension",
    "account_owner_team",
    "account_topic_fact",
    "topic_dimension",
)


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BuiltModels]:
    """The models of these marts, built on empty tables as of NOW."""
    with built_models(
        tmp_path_factory.mktemp("models"),
        {},
        as_of=NOW.isoformat(sep=" "),
        select=[f"+{mart}" for mart in MARTS],
        commands=("build", "--exclude-resource-type", "test", "--exclude-resource-type", "unit_test"),
    ) as built:
        yield built
