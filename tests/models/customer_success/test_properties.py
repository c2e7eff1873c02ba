"""Both fact tables of generated tenants, compared column by column with a plain reading of the decisions.

Two tenants use the same ids throughout, so that a join without the tenant gives a wrong value.
"""

from __future__ import annotations

import random
from collections.abc import Iterable
from operator import itemgetter
from typing import Any

import pytest
from hypothesis import given, settings

from tests.models.customer_success.plain_reading import Tenant
from tests.models.customer_success.worlds import NOW, World, merged, tenant, worlds
from tests.models.harness import BuiltModels, Row


def compare(models: BuiltModels, world: World, organizations: Iterable[int] = (1, 2)) -> None:
    """Compute the world with the models and with the plain reading; every column must be equal."""
    models.refill(world)
    rows: dict[tuple[int, int], dict[str, Any]] = {}
    for mart in ("account_core", "account_communication_stats"):
        for row in models.rows(mart):
            rows.setdefault((row["organization_id"], row["account_id"]), {}).update(row)
    expected: dict[tuple[int, int], dict[str, Any]] = {}
    computed = {
        mart: _by_organization(models.rows(mart, key))
        for mart, key in (
            ("meeting_summary", "meeting_id"),
            ("stakeholder_fact", "stakeholder_id"),
            ("team_dimension", "team_member_id"),
            ("account_owner_team", "account_id"),
            ("topic_dimension", "topic_id"),
            ("account_topic_fact", "account_id, topic_id"),
        )
    }
    own_rows: dict[int, World] = {organization: {} for organization in organizations}
    for table, rows_of_all in world.items():
        for organization, own in _by_organization(rows_of_all).items():
            own_rows.setdefault(organization, {})[table] = own
    for organization in organizations:
        reading = Tenant(own_rows[organization], organization, NOW)
        for customer in reading.customers:
            flags, dates = reading.insights(customer["id"])
            expected[organization, customer["id"]] = {
                **reading.stats(customer),
                **reading.scores(customer),
                **{f"insight_{kind}": flag for kind, flag in flags.items()},
                **{f"lifecycle_event_{kind}": at for kind, at in dates.items()},
                **reading.qbr(customer["id"]),
                **reading.texts(customer["id"]),
                **reading.names(customer),
                "email_provider": reading.provider(customer, "email"),
                "meeting_provider": reading.provider(customer, "calendar"),
                "chat_provider": reading.provider(customer, "chat"),
                "ticket_provider": reading.provider(customer, "ticket"),
                "extracted_at": NOW,
                "data_as_of": reading.data_as_of([]),
            }
        ids = {customer["id"] for customer in reading.customers}
        for mart, key, read in (
            ("meeting_summary", "meeting_id", [row for n in ids for row in reading.meeting_summaries(n)]),
            (
                "stakeholder_fact",
                "stakeholder_id",
                [reading.stakeholder_fact(row) for row in reading.stakeholders.values() if row["customer_id"] in ids],
            ),
            ("team_dimension", "team_member_id", reading.team_members()),
            ("account_owner_team", "account_id", [reading.owner_team(row) for row in reading.customers]),
            ("topic_dimension", "topic_id", list(reading.topics().values())),
            ("account_topic_fact", "account_id, topic_id", [row for n in ids for row in reading.topics_of(n)]),
        ):
            found = computed[mart].get(organization, [])
            assert len(found) == len(read)
            for row, wanted in zip(found, sorted(read, key=itemgetter(*key.split(", "))), strict=True):
                assert {name: row[name] for name in wanted} == wanted, mart
    assert set(rows) == set(expected)
    for key, columns in expected.items():
        assert {name: rows[key][name] for name in columns} == columns, key


def _by_organization(rows: Iterable[Row]) -> dict[int, list[Row]]:
    found: dict[int, list[Row]] = {}
    for row in rows:
        found.setdefault(row.get("organization_id", 1), []).append(row)
    return found


@settings(max_examples=10)
@given(world=worlds(customers=3, events=6))
def test_small_tenants_agree_with_a_plain_reading(models: BuiltModels, world: World) -> None:
    compare(models, world)


@pytest.mark.parametrize("seed", range(3))
def test_tenants_of_many_peers_agree_with_a_plain_reading(models: BuiltModels, seed: int) -> None:
    rng = random.Random(seed)
    compare(models, merged(tenant(rng, 1, 30, 8), tenant(rng, 2, 17, 8)))


@pytest.mark.slow
@settings(max_examples=400)
@given(world=worlds(customers=25, events=12))
def test_tenants_agree_with_a_plain_reading_at_length(models: BuiltModels, world: World) -> None:
    compare(models, world)


@pytest.mark.parametrize("seed", range(2))
def test_parts_add_up_to_their_scores(models: BuiltModels, seed: int) -> None:
    """scores parts: each is rounded separately, so `rounding` is at most half a hundredth per part."""
    models.refill(tenant(random.Random(seed), 1, 40, 8))
    scores = {row["account_id"]: row for row in models.rows("account_core")}
    parts: dict[tuple[int, str], list[dict[str, Any]]] = {}
    for row in models.rows("account_health"):
        parts.setdefault((row["account_id"], row["score"]), []).append(row)
    assert len(parts) == 5 * len(scores)
    for (account, score), found in parts.items():
        published = scores[account][f"{score}_score"]
        if published is None:
            assert {row["contribution"] for row in found} == {None}
            continue
        assert sum(row["contribution"] for row in found) == published
        rounding = next(row["contribution"] for row in found if row["part"] == "rounding")
        assert abs(rounding) * 200 <= len(found), (account, score, rounding)
