"""The platform's customers and the people on both sides.

Tables have the schemas of the landing zone. Insights and notes about customers are in `inferred.py`, rows with values
that no typed column accepts in `edge_cases/bad_platform_cells.py`, edge cases of the rules in `edge_cases/platform.py`.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Final

import numpy as np

from pipeline.sample.draw import names
from pipeline.sample.draw.inferred import Row, expansion_rows, insight_rows, minutes_before, note_rows, summary_rows
from pipeline.sample.draw.population import CAST, Account, Population
from pipeline.sample.draw.random_columns import Integers

_TIERS: Final = {2: ((1, "Standard"), (2, "Premier")), 3: ((7, None),)}
_USUAL_TIERS: Final = ((1, "Low"), (2, "Mid"), (3, "High"))
_JOURNEY: Final = ("Acquisition", "Onboarding", "Adoption", "Renewal")
_ROLES: Final = ("Decision Maker", "Champion", "Executive Sponsor", None, None, " decision maker ", "Contact")
_PROVIDERS: Final = {
    "email": ("google", "microsoft"),
    "calendar": ("google", "microsoft"),
    "chat": ("slack", "teams"),
    "ticket": ("zendesk", "freshdesk", "jira"),
}

ABSENT: Final = -1
"""The id in arrays for customers without one."""


@dataclass(frozen=True)
class Customers:
    """The customers of all tenants as arrays with one position each, from which events are drawn."""

    accounts: tuple[Account, ...]
    organization: Integers
    customer_id: Integers
    owner: Integers
    """The owner's user id, or `ABSENT`."""
    team: Integers
    """Three user ids of each customer's tenant: who works with it."""
    first_stakeholder: Integers
    """The first of a customer's stakeholder ids, which are consecutive."""
    stakeholders: Integers
    """How many stakeholders a customer has."""
    user_email: dict[int, str]

    def __len__(self) -> int:
        return len(self.accounts)

    def place_of(self, account: Account) -> int:
        """Return the position of an account's customer."""
        return self.accounts.index(account)


def draw_customers(population: Population) -> tuple[Customers, dict[str, list[Row]]]:
    """Return the customers as arrays, and the rows of every platform table that holds no events."""
    random = population.random(3, 1)
    users, user_ids = _users(population, random)
    customers = _as_arrays(population, {row["id"]: row["email"] for row in users}, user_ids, random)
    return customers, {
        "customer": _customer_rows(population, customers, random),
        "tier": [
            {"organization_id": tenant.organization_id, "id": key, "name": name}
            for tenant in population.tenants
            for key, name in _tiers(tenant.organization_id)
        ],
        "customer_journey": [
            {"organization_id": tenant.organization_id, "id": 1 + position, "name": name}
            for tenant in population.tenants
            for position, name in enumerate(_JOURNEY)
        ],
        "users": users,
        "stakeholder": _stakeholder_rows(customers, random),
        "insight": insight_rows(population, random),
        "ai_expansion_opportunities": expansion_rows(population, random),
        "ai_summary": summary_rows(population, random),
        "note": note_rows(population, customers.team, random),
        "user_api_token": _token_rows(population, users, random),
    }


def _as_arrays(
    population: Population, emails: dict[int, str], user_ids: dict[int, list[int]], random: np.random.Generator
) -> Customers:
    """Draw the team, the owner and the stakeholders of each customer; `user_ids` has the users of each tenant."""
    accounts = population.customers
    size = len(accounts)
    organization = np.asarray([account.organization_id for account in accounts], dtype=np.int64)
    draws = random.integers(0, 1 << 30, (size, 4))
    team = np.empty((size, 3), dtype=np.int64)
    for tenant in population.tenants:
        pool = np.asarray(user_ids[tenant.organization_id], dtype=np.int64)
        ours = organization == tenant.organization_id
        team[ours] = pool[(draws[ours, :1] + np.arange(3)) % len(pool)]
    in_cast = np.asarray([account.number < CAST for account in accounts])
    stakeholders = np.where(in_cast, 4, np.where(draws[:, 2] % 50 == 0, 0, 1 + draws[:, 2] % 8))
    return Customers(
        accounts,
        organization,
        np.asarray([account.customer_id for account in accounts], dtype=np.int64),
        owner=np.where(draws[:, 1] % 25 == 0, ABSENT, team[:, 0]),
        team=team,
        first_stakeholder=5_001 + np.cumsum(stakeholders) - stakeholders,
        stakeholders=stakeholders,
        user_email=emails,
    )


def _users(population: Population, random: np.random.Generator) -> tuple[list[Row], dict[int, list[int]]]:
    """Return the users of all tenants, with ids in random order, and the ids by tenant."""
    customers = Counter(account.organization_id for account in population.customers)
    tenants = [tenant for tenant in population.tenants for _ in range(max(6, customers[tenant.organization_id] // 40))]
    ids = (301 + random.permutation(len(tenants))).tolist()
    draws = random.integers(0, 1 << 30, (len(tenants), 5)).tolist()
    rows: list[Row] = []
    by_tenant: dict[int, list[int]] = {tenant.organization_id: [] for tenant in population.tenants}
    for tenant, key, draw in zip(tenants, ids, draws, strict=True):
        first, last = names.person(draw[0], draw[1])
        of_tenant = by_tenant[tenant.organization_id]
        rows.append(
            {
                "organization_id": tenant.organization_id,
                "id": key,
                "email": f"{names.slug(first)}.{names.slug(last)}{key}@{names.slug(tenant.name)}.example",
                "first_name": first,
                "last_name": last,
                "title": ("Account Manager", "Crew Lead", "Estimator", "Director")[draw[2] % 4],
                "department": ("Customer Success", "Operations", "Sales", None)[draw[3] % 4],
                "crm_id": f"U-{key}" if draw[4] % 3 else None,
                "state": "inactive" if draw[2] % 12 == 0 else "active",
                # the third of each tenant is excluded, so that small samples have one
                "excluded": len(of_tenant) % 12 == 2,
                "hourly_cost": Decimal(4_500 + draw[3] % 7_500).scaleb(-2) if draw[4] % 4 else None,
            }
        )
        of_tenant.append(key)
    return rows, by_tenant


def _customer_rows(population: Population, customers: Customers, random: np.random.Generator) -> list[Row]:
    as_of = population.as_of
    crm_ids = [account.lmn_crm_id for account in population.cast]
    draws = random.integers(0, 1 << 30, (len(customers), 8)).tolist()
    by_tenant: dict[int, list[int | None]] = {tenant.organization_id: [] for tenant in population.tenants}
    for account in customers.accounts:
        by_tenant[account.organization_id].append(account.customer_id)
    rows = []
    for position, (account, draw) in enumerate(zip(customers.accounts, draws, strict=True)):
        churned = draw[0] % 15 == 0 and account.number >= CAST
        siblings, tiers = by_tenant[account.organization_id], _tiers(account.organization_id)
        rows.append(
            {
                "organization_id": account.organization_id,
                "id": account.customer_id,
                "crm_id": _crm_id(account, draw[1], crm_ids),
                "app_id": f"app-{account.number:06d}" if draw[2] % 3 else None,
                "name": account.name,
                "domain": account.domain if draw[2] % 9 else None,
                "parent_id": siblings[draw[3] % len(siblings)] if draw[3] % 12 == 0 else None,
                "tier_id": tiers[draw[4] % len(tiers)][0] if draw[4] % 11 else None,
                "owner": None if customers.owner[position] == ABSENT else int(customers.owner[position]),
                "status": "churned" if churned else ("active", "active", None)[draw[5] % 3],
                "status_detail": "Sold the property" if churned else None,
                "journey_id": 1 + draw[6] % 4 if draw[6] % 9 else None,
                "revenue": Decimal(draw[7] % 12_000_000).scaleb(-2) if draw[7] % 4 else None,
                "renewal": as_of.date() + timedelta(days=draw[5] % 500 - 100) if draw[5] % 3 else None,
                "contract_start_date": as_of.date() - timedelta(days=draw[6] % 1_200) if draw[6] % 3 else None,
                "churn_date": as_of.date() - timedelta(days=draw[4] % 300) if churned else None,
                "updated_at": minutes_before(as_of, draw[7] % 40_000),
            }
        )
    return rows


def _tiers(organization_id: int) -> tuple[tuple[int, str | None], ...]:
    return _TIERS.get(organization_id, _USUAL_TIERS)


def _crm_id(account: Account, draw: int, crm_ids: list[str | None]) -> str | None:
    """Return a customer's reference to its CRM account: LMN's id, the CRM's own id, or one that is meaningless."""
    if account.organization_id != 1:
        # a customer of another tenant may have the id of a CRM account, which must not link them
        return crm_ids[draw % len(crm_ids)] if draw % 5 == 0 else f"SF-{account.number:06d}"
    if account.warehouse_id is None:
        return f"SF-{account.number:06d}" if draw % 2 else None
    if account.lmn_crm_id is None or draw % 4 == 0:
        return account.warehouse_id
    return f" {account.lmn_crm_id} " if draw % 19 == 0 else account.lmn_crm_id


def _stakeholder_rows(customers: Customers, random: np.random.Generator) -> list[Row]:
    draws = random.integers(0, 1 << 30, (int(customers.stakeholders.sum()), 5)).tolist()
    rows: list[Row] = []
    for account, count in zip(customers.accounts, customers.stakeholders.tolist(), strict=True):
        for position in range(count):
            draw = draws[len(rows)]
            first, last = names.person(draw[0], draw[1])
            rows.append(
                {
                    "organization_id": account.organization_id,
                    "id": 5_001 + len(rows),
                    "customer_id": account.customer_id,
                    "email": f"{names.slug(first)}.{names.slug(last)}@{account.domain}",
                    "name": f"{first} {last}",
                    "title": names.TITLES[draw[2] % len(names.TITLES)],
                    "crm_id": None,
                    "type": ("business", "technical", None)[draw[3] % 3],
                    # a customer's first stakeholder is mostly the decision maker
                    "role": "Decision Maker" if position == 0 and draw[4] % 4 else _ROLES[draw[4] % len(_ROLES)],
                    "touch_frequency": ("monthly", "quarterly", None)[draw[2] % 3],
                    "muted": None if draw[3] % 40 == 1 else draw[3] % 20 == 0,
                    "opted_out": None if draw[3] % 40 == 2 else draw[2] % 25 == 0,
                }
            )
    return rows


def _token_rows(population: Population, users: list[Row], random: np.random.Generator) -> list[Row]:
    draws = random.integers(0, 1 << 30, (len(users), len(_PROVIDERS), 2)).tolist()
    rows: list[Row] = []
    for user, by_kind in zip(users, draws, strict=True):
        for (kind, providers), draw in zip(_PROVIDERS.items(), by_kind, strict=True):
            for nth in range((0, 1, 1, 1, 2)[draw[0] % 5]):
                rows.append(
                    {
                        "organization_id": user["organization_id"],
                        "id": 901 + len(rows),
                        "user_id": user["id"],
                        "kind": kind,
                        "provider": providers[(draw[1] + nth) % len(providers)],
                        "active": (draw[1] + nth) % 6 != 0,
                        "updated_at": minutes_before(population.as_of, draw[1] % 90_000) if draw[0] % 9 else None,
                    }
                )
    return rows
