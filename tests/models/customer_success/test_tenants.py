"""No data of one tenant reaches another: with or without the other tenant, every row is the same.

Both tenants use the same ids for everything, and messages, meetings, tickets and customers of organization 1 name
users, stakeholders, tiers and journeys that only organization 2 has. The CRM belongs to organization 1; customers of
both name its accounts.
"""

from __future__ import annotations

import random
from typing import Any

import pytest

from tests.models.customer_success.conftest import MARTS
from tests.models.customer_success.worlds import CRM, World, merged, tenant
from tests.models.harness import BuiltModels


def drops(models: BuiltModels, world: World) -> dict[int, dict[str, list[dict[str, Any]]]]:
    """Every row of the marts, by organization."""
    models.refill(world)
    return {
        organization: {
            mart: models.query(f"select * from marts.{mart} where organization_id = {organization} order by all")
            for mart in MARTS
        }
        for organization in (1, 2)
    }


@pytest.mark.parametrize("seed", range(3))
def test_a_tenants_rows_do_not_depend_on_another_tenant(models: BuiltModels, seed: int) -> None:
    rng = random.Random(seed)
    first, second = tenant(rng, 1, 12, 6), tenant(rng, 2, 12, 6)
    together = drops(models, merged(CRM, first, second))
    assert drops(models, merged(CRM, first))[1] == together[1]
    # the CRM belongs to organization 1, so organization 2 has the same rows without it
    assert drops(models, second)[2] == together[2]
    assert len(together[2]["account_core"]) == 12
    # its three accounts, except those that a customer of organization 1 names
    named = {row["crm_id"] for row in first["platform", "customer"]}
    assert len(together[1]["account_core"]) == 12 + 3 - len(named & {"L1", "a2"})


IDS_OF_THE_OTHER_TENANT: World = {
    ("platform", "customer"): [
        {"organization_id": 1, "id": 1, "owner": 7, "tier_id": 3, "journey_id": 3},
        {"organization_id": 2, "id": 2, "owner": 7},
    ],
    ("platform", "tier"): [{"organization_id": 2, "id": 3, "name": "Theirs"}],
    ("platform", "customer_journey"): [{"organization_id": 2, "id": 3, "name": "Theirs"}],
    ("platform", "users"): [{"organization_id": 2, "id": 7, "email": "u", "excluded": True, "hourly_cost": 900}],
    ("platform", "stakeholder"): [
        {"organization_id": 2, "id": 8, "customer_id": 1, "role": "Decision Maker", "opted_out": True}
    ],
    ("platform", "user_api_token"): [
        {"organization_id": 2, "id": 1, "user_id": 7, "kind": "email", "provider": "theirs", "active": True}
    ],
    ("platform", "email_prop"): [
        {
            "organization_id": 1,
            "id": 1,
            "customer_id": 1,
            "thread_id": 1,
            "sent_at": "2025-01-10 12:00:00",
            "direction": "team",
            "user_id": 7,
            "stakeholder_id": 8,
        },
        {
            "organization_id": 2,
            "id": 2,
            "customer_id": 1,
            "thread_id": 1,
            "sent_at": "2025-01-14 12:00:00",
            "direction": "account",
            "user_id": 7,
            "stakeholder_id": 8,
        },
    ],
}
"""Organization 1's customer and e-mail name an owner, tier, journey, user and stakeholder of organization 2."""


@pytest.fixture(scope="module")
def crossed(models: BuiltModels) -> BuiltModels:
    models.refill(IDS_OF_THE_OTHER_TENANT)
    return models


def test_ids_of_another_tenant_give_an_account_no_names_or_people(crossed: BuiltModels) -> None:
    """D30, D35"""
    [core] = crossed.query("select * from marts.account_core where organization_id = 1")
    expected = {
        "tier_id": 3,
        "tier_name": None,
        "journey_phase_name": None,
        "owner_id": 7,
        "last_touch_dm": None,
        "users_count": 1,
        "stakeholders_count": 0,
        "total_activity": 1,
    }
    assert {name: core[name] for name in expected} == expected


def test_ids_of_another_tenant_give_an_account_no_costs_answers_or_provider(crossed: BuiltModels) -> None:
    """D32, D34"""
    [stats] = crossed.query("select * from marts.account_communication_stats where organization_id = 1")
    # a quarter of an hour at the default 60 dollars, and no answer from organization 2's thread of the same id
    assert str(stats["team_effort_cost"]) == "15.00"
    assert stats["email_provider"] is None
    assert stats["account_email_response_time_hours"] is None
    assert stats["emails_sent_by_owner"] == 1


def test_an_email_to_another_tenants_customer_counts_for_neither(crossed: BuiltModels) -> None:
    [theirs] = crossed.query("select * from marts.account_core where organization_id = 2")
    assert (theirs["account_id"], theirs["total_activity"]) == (2, 0)
