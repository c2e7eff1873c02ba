"""The cast on the platform, without events: owners and parents that do not exist, links, insights, texts."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from pipeline.sample.draw.customers import Customers
from pipeline.sample.draw.population import Account, Population
from pipeline.sample.draw.roles import Role

NOBODY: Final = 999_999_999
"""An id that no row has."""

FIRST_ID: Final = 900_000_001
"""The first id of the cast's own rows."""

Row = dict[str, Any]
Tables = dict[str, list[Row]]


def play_cast(population: Population, customers: Customers, tables: Tables) -> None:
    """Change and add the cast's rows in `tables`, which are the platform's tables without events."""
    _links_and_owners(population, customers, tables)
    _people(population, tables)
    _insights(population, tables)
    _texts(population, tables)
    _shared_ids(population, customers, tables)
    _rows_across_tenants(population, customers, tables)
    _tokens(population, tables)


def other_tenants_user(customers: Customers) -> int:
    """Return a user id that only the second tenant has."""
    return int(customers.team[customers.organization == 2][0, 0])


def other_tenants_account(population: Population) -> Account:
    """Return an account of the second tenant whose customer id no other tenant has."""
    return next(a for a in population.customers if a.organization_id == 2 and not _is_twin(population, a))


def _is_twin(population: Population, account: Account) -> bool:
    return account.customer_id == population.cast[Role.AT_THE_EDGE_OF_TENANTS].customer_id


def _links_and_owners(population: Population, customers: Customers, tables: Tables) -> None:
    cast = population.cast
    shared = cast[Role.ACCOUNT_OF_TWO_CUSTOMERS].lmn_crm_id
    changes: dict[Role, Row] = {
        Role.LINKED_BY_ACCOUNT_ID: {"crm_id": cast[Role.LINKED_BY_ACCOUNT_ID].crm_account_id},
        Role.LINKED_WITH_BLANKS: {"crm_id": f"  {cast[Role.LINKED_WITH_BLANKS].lmn_crm_id} "},
        Role.ACCOUNT_OF_TWO_CUSTOMERS: {"crm_id": shared},
        Role.SECOND_CUSTOMER_OF_THE_ACCOUNT: {"crm_id": shared},
        Role.CRM_FILLS_THE_GAPS: dict.fromkeys(("name", "status", "revenue", "renewal", "contract_start_date")),
        Role.NO_OWNER: {"owner": None},
        Role.UNKNOWN_OWNER: {"owner": NOBODY},
        Role.OWNER_OF_ANOTHER_TENANT: {"owner": other_tenants_user(customers)},
        Role.CHILD_OF_ITS_CHILD: {"parent_id": cast[Role.PARENT_OF_ITS_PARENT].customer_id},
        Role.PARENT_OF_ITS_PARENT: {"parent_id": cast[Role.CHILD_OF_ITS_CHILD].customer_id},
        Role.ITS_OWN_PARENT: {"parent_id": cast[Role.ITS_OWN_PARENT].customer_id},
        Role.UNKNOWN_PARENT: {"parent_id": NOBODY},
        Role.PARENT_OF_ANOTHER_TENANT: {"parent_id": other_tenants_account(population).customer_id},
        Role.UNKNOWN_TIER: {"tier_id": 99, "journey_id": 99},
        Role.NO_REVENUE: {"revenue": Decimal("0.00")},
        Role.RUNS: {"revenue": Decimal("36500.00"), "owner": int(_team(customers, cast[Role.RUNS])[0])},
        Role.ODD_PRICES: {"revenue": Decimal("-100.00")},
        Role.ODD_TEXTS: {"name": '=Château "Bel-Air", Gärten & Söhne', "domain": "", "updated_at": None},
    }
    linked = set(Role) - {Role.SECOND_CUSTOMER_OF_THE_ACCOUNT, Role.LINKED_BY_ACCOUNT_ID, Role.LINKED_WITH_BLANKS}
    for role in Role:
        row = _row_of(tables["customer"], cast[role])
        if role in linked:
            row["crm_id"] = cast[role].lmn_crm_id
        row |= changes.get(role, {})
    # customers of another tenant with the ids of CRM accounts: LMN's id, and the account's own
    others = [a for a in population.customers if a.organization_id == 2]
    _row_of(tables["customer"], others[0])["crm_id"] = cast[Role.FLAGSHIP].lmn_crm_id
    _row_of(tables["customer"], others[1])["crm_id"] = cast[Role.ENDS_TODAY].crm_account_id
    _row_of(tables["customer"], others[2])["name"] = None


def _row_of(rows: list[Row], account: Account) -> Row:
    key = (account.organization_id, account.customer_id)
    return next(row for row in rows if (row["organization_id"], row["id"]) == key)


def _team(customers: Customers, account: Account) -> Any:
    return customers.team[customers.place_of(account)]


def _people(population: Population, tables: Tables) -> None:
    """Change four stakeholders of one customer: opted out, muted, decision maker in odd letters, ordinary."""
    account = population.cast[Role.PEOPLE_WHO_DO_NOT_COUNT]
    people = [row for row in tables["stakeholder"] if row["customer_id"] == account.customer_id]
    people[0] |= {"role": "Decision Maker", "opted_out": True, "muted": False}
    people[1] |= {"role": "Champion", "opted_out": False, "muted": True}
    people[2] |= {"role": " DECISION maker ", "opted_out": False, "muted": False}
    people[3] |= {"role": None, "opted_out": None, "muted": None}
    people[3] |= {"crm_id": "C-3003", "type": "contractor", "touch_frequency": "monthly"}
    people[2] |= {"name": None, "title": None}


def _ago(population: Population, **time: float) -> datetime:
    return population.as_of.replace(tzinfo=None) - timedelta(**time)


def _insights(population: Population, tables: Tables) -> None:
    account = population.cast[Role.ODD_INSIGHTS]
    rows = tables["insight"]
    rows[:] = [row for row in rows if row["data_ref"] != account.customer_id]

    def insight(kind: str, **other: Any) -> None:
        rows.append(
            {
                "organization_id": account.organization_id,
                "id": FIRST_ID + len(rows),
                "data_ref": account.customer_id,
                "type": kind,
                "is_active": True,
                "created_at": _ago(population, days=60),
                "last_detected_at": _ago(population, days=10),
                "source": "email",
            }
            | other
        )

    insight("churn_risk")
    insight(
        "churn_risk", is_active=False, resolved_at=_ago(population, days=3), last_detected_at=_ago(population, days=5)
    )
    insight("churn_notification", is_active=False, resolved_at=_ago(population, days=20))
    insight("renewal", last_detected_at=_ago(population, days=30))
    insight("renewal", created_at=_ago(population, days=90), last_detected_at=_ago(population, days=31))
    insight("onboarding", last_detected_at=None)
    insight("qbr", last_detected_at=_ago(population, days=-2))  # detected tomorrow: not known yet
    insight("single_threaded", created_at=_ago(population, days=-1), last_detected_at=None)
    insight("no_qbr", is_active=None)
    insight("competitor_mentioned", context='Said "the others are cheaper"')
    insight("Churn_Risk ", context="A known type in other letters")
    insight("churn_risk", data_ref=NOBODY)


def _texts(population: Population, tables: Tables) -> None:
    """Add texts with quotes, line breaks and what spreadsheets read as formulas; the latest of each kind counts."""
    account = population.cast[Role.ODD_TEXTS]
    own = {"organization_id": account.organization_id, "customer_id": account.customer_id}
    for name, texts in (
        ("ai_summary", ('=HYPERLINK("http://example.com","renew")', "+1 for the crew", "@board: see minutes")),
        ("note", ("-5 degrees, salt the lot", 'First line\nsecond line\r\n\ttabbed, "quoted", and a comma', "  ")),
    ):
        rows = tables[name]
        rows[:] = [row for row in rows if row["customer_id"] != account.customer_id]
        for index, text in enumerate(texts):
            made = own | {"id": FIRST_ID + index, "created_at": _ago(population, days=9 - 3 * index)}
            if name == "note":
                rows.append(made | {"body": text, "author_id": NOBODY})
            else:
                rows.append(made | {"summary": text, "kind": ("account", "renewal", "churn")[index]})
    # the two latest notes have the same instant, so the id decides; one is from the future
    latest = {"created_at": _ago(population, days=1), "author_id": None}
    tables["note"] += [
        own | latest | {"id": FIRST_ID + 11, "body": "Of the same instant, lower id"},
        own | latest | {"id": FIRST_ID + 12, "body": 'Of the same instant, "higher" id;\nÄnderung am Vertrag, 100 €'},
        own
        | {"id": FIRST_ID + 13, "created_at": _ago(population, days=-1), "author_id": None, "body": "Not written yet"},
    ]
    tables["ai_expansion_opportunities"].append(
        own
        | {
            "id": FIRST_ID,
            "expansion_summary": '-SUM(A1:A9) is what the "board" asked\nfor; irrigation next.',
            "readiness_level": "High",
            "churn_risk_summary": "\tIndented, then 'quoted'",
            "created_at": _ago(population, hours=1),
        }
    )


def _shared_ids(population: Population, customers: Customers, tables: Tables) -> None:
    """Add users and stakeholders of the second tenant with ids of the first, or with incomplete values."""
    ours = population.cast[Role.AT_THE_EDGE_OF_TENANTS]
    theirs = other_tenants_account(population)
    our_user = int(_team(customers, ours)[0])
    tables["users"] += [
        {
            "organization_id": 2,
            "id": our_user,  # another person than in the first tenant
            "email": "twin@harborviewfacilities.example",
            "first_name": "Twin",
            "last_name": "Abbott",
            "state": "active",
            "excluded": True,
            "hourly_cost": Decimal("500.00"),
        },
        {
            "organization_id": 2,
            "id": FIRST_ID,  # half a name, a state with a blank, no token
            "email": "solo@harborviewfacilities.example",
            "last_name": " Solo",
            "state": " Active",
        },
        {"organization_id": 2, "id": FIRST_ID + 1, "email": "new@harborviewfacilities.example"},
    ]
    tables["stakeholder"] += [
        {
            "organization_id": 2,
            "id": int(customers.first_stakeholder[customers.place_of(ours)]),  # another person than in the first tenant
            "customer_id": theirs.customer_id,
            "name": "Twin Baptiste",
            "role": "Decision Maker",
            "opted_out": True,
        },
        {
            "organization_id": 2,
            "id": FIRST_ID,
            "customer_id": population.cast[Role.FLAGSHIP].customer_id,
            "name": "Across",
        },
    ]


def _rows_across_tenants(population: Population, customers: Customers, tables: Tables) -> None:
    """Add rows of other tenants that refer to the first tenant's customer and user."""
    ours = population.cast[Role.AT_THE_EDGE_OF_TENANTS]
    tables["insight"].append(
        {
            "organization_id": 2,
            "id": FIRST_ID,
            "data_ref": population.cast[Role.FLAGSHIP].customer_id,
            "type": "churn_notification",
            "is_active": True,
            "created_at": _ago(population, days=2),
        }
    )
    tables["note"].append(
        {
            "organization_id": 3,
            "id": FIRST_ID,
            "customer_id": ours.customer_id,
            "created_at": _ago(population, minutes=30),
            "body": "Another tenant's note",
        }
    )
    tables["customer"].append(
        {
            "organization_id": 3,
            "id": FIRST_ID,
            "name": "Bluebird's newest customer",
            "parent_id": ours.customer_id,
            "tier_id": 1,
            "owner": int(_team(customers, ours)[0]),
            "revenue": Decimal("1200.00"),
            "contract_start_date": date(population.as_of.year, 1, 1),
            "updated_at": _ago(population, minutes=1),
        }
    )


def _tokens(population: Population, tables: Tables) -> None:
    """Add tokens: a tie between providers, which the alphabet decides, and an owner whose newest token is inactive."""
    users = [row for row in tables["users"] if row["organization_id"] == 3]
    tables["user_api_token"] = [
        row for row in tables["user_api_token"] if (row["organization_id"], row["kind"]) != (3, "chat")
    ]
    for index, provider in enumerate(("teams", "slack")):
        tables["user_api_token"].append(
            {
                "organization_id": 3,
                "id": FIRST_ID + index,
                "user_id": users[index]["id"],
                "kind": "chat",
                "provider": provider,
                "active": True,
                "updated_at": _ago(population, days=30),
            }
        )
    owner = next(row for row in tables["users"] if row["organization_id"] == 1)
    for index, (provider, active, days) in enumerate((("google", True, 90), ("microsoft", False, 2))):
        tables["user_api_token"].append(
            {
                "organization_id": 1,
                "id": FIRST_ID + 2 + index,
                "user_id": owner["id"],
                "kind": "email",
                "provider": provider,
                "active": active,
                "updated_at": _ago(population, days=days),
            }
        )
