"""The platform's customers, the people on both sides, and what is noted and inferred about each: all but events.

Tables are made typed, in the schemas of the landing zone. Rows that no typed column holds are in `platform_traps.py`,
those that a rule turns on in `cast_platform.py`.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final

import numpy as np

from pipeline.sample.draw import names
from pipeline.sample.draw.population import CAST, Account, Population
from pipeline.sample.draw.random_columns import Integers

FLAGS: Final = (
    "account_dark",
    "no_reach_out",
    "no_meetings",
    "no_next_meeting",
    "no_qbr",
    "no_renewal_discussion",
    "no_exec_communication",
    "single_threaded",
    "churn_risk",
    "churn_notification",
    "positive_sentiment_trend",
    "negative_sentiment_trend",
    "account_responds_slower",
    "account_personnel_changes",
    "title_changed",
    "stakeholder_not_engaged",
    "stakeholder_roles_undefined",
)
LIFECYCLE_EVENTS: Final = (
    "qbr",
    "renewal",
    "commercial_discussion",
    "churn_notification",
    "churn_risk",
    "highly_positive",
    "extremely_negative",
    "account_personnel_changes",
    "org_personnel_changes",
    "exec_touchbase",
    "expansion_opp",
    "onboarding",
)
UNKNOWN_INSIGHTS: Final = ("competitor_mentioned", "Seasonal slowdown")

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
_SUMMARIES: Final = {
    "account": "Steady customer with {sites} site(s); the last visits were rated well.",
    "renewal": "The contract comes up for renewal; snow pricing is open.\nSuggested: call before the season ends.",
    "churn": 'Two unanswered complaints about edging. Contact said "we are looking at other bids".',
}
_OFFERS: Final = ("snow removal", "irrigation", "tree care")
_NOTES: Final = (
    "Walked the property; irrigation zone 4 leaks.",
    "Prefers calls after 4 PM.\nDoes not read e-mail on Fridays.",
    'Asked for a quote: "beds, mulch, and the island".',
    "Gate code changed.",
)

ABSENT: Final = -1
"""In arrays of ids: none."""

Row = dict[str, Any]


@dataclass(frozen=True)
class Customers:
    """The customers of all tenants as arrays, one place each, for the events to be drawn from."""

    accounts: tuple[Account, ...]
    organization: Integers
    customer_id: Integers
    owner: Integers
    """The owner's user id, or `ABSENT`."""
    team: Integers
    """Three user ids of each customer's tenant: who works with it."""
    first_stakeholder: Integers
    """The first of a customer's stakeholder ids, which follow each other."""
    stakeholders: Integers
    """How many stakeholders a customer has."""
    user_email: dict[int, str]

    def __len__(self) -> int:
        return len(self.accounts)

    def place_of(self, account: Account) -> int:
        """Return the place of one account's customer."""
        return self.accounts.index(account)


def draw_customers(population: Population) -> tuple[Customers, dict[str, list[Row]]]:
    """Return the customers as arrays, and the rows of every platform table that holds no events."""
    random = population.random(3, 1)
    accounts = population.customers
    size = len(accounts)
    organization = np.asarray([account.organization_id for account in accounts], dtype=np.int64)
    users, user_ids = _users(population, random)

    draws = random.integers(0, 1 << 30, (size, 4))
    team = np.empty((size, 3), dtype=np.int64)
    for tenant in population.tenants:
        pool = np.asarray(user_ids[tenant.organization_id], dtype=np.int64)
        ours = organization == tenant.organization_id
        team[ours] = pool[(draws[ours, :1] + np.arange(3)) % len(pool)]
    owner = np.where(draws[:, 1] % 25 == 0, ABSENT, team[:, 0])
    stakeholders = np.where(draws[:, 2] % 50 == 0, 0, 1 + draws[:, 2] % 8)
    in_cast = np.asarray([account.number < CAST for account in accounts])
    stakeholders = np.where(in_cast, 4, stakeholders)
    first_stakeholder = 5_001 + np.cumsum(stakeholders) - stakeholders
    customers = Customers(
        accounts,
        organization,
        np.asarray([account.customer_id for account in accounts], dtype=np.int64),
        owner,
        team,
        first_stakeholder,
        stakeholders,
        {row["id"]: row["email"] for row in users},
    )
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
        "insight": _insight_rows(population, customers, random),
        "ai_expansion_opportunities": _expansion_rows(population, customers, random),
        "ai_summary": _summary_rows(population, customers, random),
        "note": _note_rows(population, customers, random),
        "user_api_token": _token_rows(population, users, random),
    }


def _users(population: Population, random: np.random.Generator) -> tuple[list[Row], dict[int, list[int]]]:
    """Return the users of all tenants, their ids dealt out over the tenants, and the ids by tenant."""
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
                "updated_at": _before(as_of, draw[7] % 40_000),
            }
        )
    return rows


def _tiers(organization_id: int) -> tuple[tuple[int, str | None], ...]:
    return _TIERS.get(organization_id, _USUAL_TIERS)


def _crm_id(account: Account, draw: int, crm_ids: list[str | None]) -> str | None:
    """Return what a customer says of its CRM account: LMN's id, the CRM's own id, or what means nothing there."""
    if account.organization_id != 1:
        # another tenant's customer with the id of one of the CRM's accounts, which is no link
        return crm_ids[draw % len(crm_ids)] if draw % 5 == 0 else f"SF-{account.number:06d}"
    if account.warehouse_id is None:
        return f"SF-{account.number:06d}" if draw % 2 else None
    if account.lmn_crm_id is None or draw % 4 == 0:
        return account.warehouse_id
    return f" {account.lmn_crm_id} " if draw % 19 == 0 else account.lmn_crm_id


def _before(as_of: datetime, minutes: int) -> datetime:
    return as_of.replace(tzinfo=None) - timedelta(minutes=minutes, seconds=minutes % 60)


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
                    # a customer's first stakeholder decides, mostly
                    "role": "Decision Maker" if position == 0 and draw[4] % 4 else _ROLES[draw[4] % len(_ROLES)],
                    "touch_frequency": ("monthly", "quarterly", None)[draw[2] % 3],
                    "muted": None if draw[3] % 40 == 1 else draw[3] % 20 == 0,
                    "opted_out": None if draw[3] % 40 == 2 else draw[2] % 25 == 0,
                }
            )
    return rows


def _insight_rows(population: Population, customers: Customers, random: np.random.Generator) -> list[Row]:
    counts = np.floor(random.random(len(customers)) ** 2 * 16).astype(np.int64).tolist()
    draws = random.integers(0, 1 << 30, (sum(counts), 5)).tolist()
    kinds = (*FLAGS, *LIFECYCLE_EVENTS)
    rows: list[Row] = []
    for account, count in zip(customers.accounts, counts, strict=True):
        for _ in range(count):
            draw = draws[len(rows)]
            first = 1_440 + draw[2] % 700_000  # minutes before as_of
            last = draw[3] % first
            kind = kinds[draw[0] % len(kinds)] if draw[4] % 50 else UNKNOWN_INSIGHTS[draw[0] % 2]
            # few customers give notice, and one that stands caps the health score at 30
            active = draw[1] % (12 if kind == "churn_notification" else 5) < 2
            rows.append(
                {
                    "organization_id": account.organization_id,
                    "id": 20_001 + len(rows),
                    "data_ref": account.customer_id,
                    "type": kind,
                    "is_active": None if draw[1] % 60 == 1 else active,
                    "created_at": _before(population.as_of, first),
                    "last_detected_at": _before(population.as_of, last) if draw[4] % 7 else None,
                    "resolved_at": None if active else _before(population.as_of, draw[4] % (last + 1)),
                    "source": ("email", "meeting", "chat", None)[draw[2] % 4],
                    "context": "Mentioned the mowing schedule" if draw[3] % 3 == 0 else None,
                }
            )
    return rows


def _expansion_rows(population: Population, customers: Customers, random: np.random.Generator) -> list[Row]:
    draws = random.integers(0, 1 << 30, (len(customers), 3)).tolist()
    rows: list[Row] = []
    for account, draw in zip(customers.accounts, draws, strict=True):
        for nth in range((0, 1, 1, 2)[draw[0] % 4]):
            rows.append(
                {
                    "organization_id": account.organization_id,
                    "id": 40_001 + len(rows),
                    "customer_id": account.customer_id,
                    "expansion_summary": f"{account.name} asked about {_OFFERS[draw[1] % 3]}.",
                    "readiness_level": ("Low", "Medium", "High", None)[draw[2] % 4],
                    "churn_risk_summary": "Response has slowed since the last visit." if draw[2] % 3 == 0 else None,
                    "created_at": _before(population.as_of, draw[1] % 500_000 + nth * 9_000),
                }
            )
    return rows


def _summary_rows(population: Population, customers: Customers, random: np.random.Generator) -> list[Row]:
    draws = random.integers(0, 1 << 30, (len(customers), 3)).tolist()
    rows: list[Row] = []
    for account, draw in zip(customers.accounts, draws, strict=True):
        for kind, chance in zip(_SUMMARIES, draw, strict=True):
            for nth in range((0, 1, 1, 2)[chance % 4]):
                rows.append(
                    {
                        "organization_id": account.organization_id,
                        "id": 60_001 + len(rows),
                        "customer_id": account.customer_id,
                        "kind": kind,
                        "summary": _SUMMARIES[kind].format(sites=len(account.sites)),
                        "created_at": _before(population.as_of, chance % 400_000 + nth * 9_000),
                    }
                )
    return rows


def _note_rows(population: Population, customers: Customers, random: np.random.Generator) -> list[Row]:
    draws = random.integers(0, 1 << 30, (len(customers), 2)).tolist()
    rows: list[Row] = []
    for position, (account, draw) in enumerate(zip(customers.accounts, draws, strict=True)):
        for nth in range(draw[0] % 4):
            rows.append(
                {
                    "organization_id": account.organization_id,
                    "id": 80_001 + len(rows),
                    "customer_id": account.customer_id,
                    "created_at": _before(population.as_of, (draw[1] >> nth) % 500_000),
                    "author_id": int(customers.team[position, nth % 3]),
                    "body": _NOTES[(draw[1] + nth) % len(_NOTES)],
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
                        "updated_at": _before(population.as_of, draw[1] % 90_000) if draw[0] % 9 else None,
                    }
                )
    return rows
