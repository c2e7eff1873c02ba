"""Rows of the platform's tables that ingest rejects or nulls a cell of: text that no typed column accepts.

They are only in a sample's CSV files, because the columns of its Parquet files have types that exclude such cells.
"""

from __future__ import annotations

from pipeline.sample.draw.population import Population
from pipeline.sample.draw.roles import Role
from pipeline.sample.files.tables import Row


def traps(population: Population) -> dict[str, list[Row]]:
    """Return rows of text by table; an absent column is null."""
    customer = str(population.cast[Role.ODD_TEXTS].customer_id)
    return {
        "customer": _customers(str(population.cast[Role.FLAGSHIP].customer_id)),
        **_people(customer),
        **_texts(customer),
        **_tokens_and_mentions(customer),
    }


def _customers(flagship: str) -> list[Row]:
    return [
        # the row is rejected: no id, an id in words, no tenant
        {"organization_id": "1", "id": None, "name": "Customer without an id"},
        {"organization_id": "1", "id": "new", "name": "Customer whose id is a word"},
        {"organization_id": None, "id": "910000001", "name": "Customer of no tenant"},
        # an older row of an existing customer: the latest updated_at wins
        {
            "organization_id": "1",
            "id": flagship,
            "name": "As it was called years ago",
            "updated_at": "2019-01-01T00:00:00Z",
        },
        # cells are rejected
        {
            "organization_id": "2",
            "id": "910000002",
            "name": "Customer with impossible cells",
            "revenue": "1.2 million",
            "renewal": "2025-02-30",
            "owner": "Marta",
            "tier_id": "1.5",
            "updated_at": "soon",
        },
    ]


def _people(customer: str) -> dict[str, list[Row]]:
    return {
        "users": [
            {"organization_id": "1", "id": "910000003", "email": None, "first_name": "No", "last_name": "Address"}
        ],
        "stakeholder": [
            {"organization_id": "1", "id": "910000004", "customer_id": "unknown", "name": "Of a customer in words"},
            {
                "organization_id": "1",
                "id": "910000005",
                "customer_id": customer,
                "name": "Perhaps muted",
                "muted": "maybe",
            },
        ],
    }


def _texts(customer: str) -> dict[str, list[Row]]:
    return {
        "insight": [
            {
                "organization_id": "1",
                "id": "910000006",
                "data_ref": customer,
                "type": None,
                "created_at": "2024-12-01T00:00:00Z",
            },
            {
                "organization_id": "1",
                "id": "910000007",
                "data_ref": customer,
                "type": "no_qbr",
                "created_at": "2024-13-01",
            },
        ],
        "note": [
            {
                "organization_id": "1",
                "id": "910000008",
                "customer_id": customer,
                "created_at": "yesterday",
                "body": "When?",
            },
            {
                "organization_id": "1",
                "id": "910000009",
                "customer_id": customer,
                # an instant with an offset is read as UTC
                "created_at": "2024-06-30T23:30:00-05:00",
                "body": "Written late in the evening",
            },
        ],
    }


def _tokens_and_mentions(customer: str) -> dict[str, list[Row]]:
    return {
        "user_api_token": [
            {
                "organization_id": "1",
                "id": "910000010",
                "user_id": "301",
                "kind": "email",
                "provider": None,
                "active": "yes",
            },
        ],
        "topic_mention": [
            {
                "organization_id": "1",
                "id": "910000011",
                "customer_id": customer,
                "topic_id": "snow",
                "occurred_at": "2024-12-01T00:00:00Z",
            },
            {
                "organization_id": "1",
                "id": "910000012",
                "customer_id": customer,
                "topic_id": "1",
                "occurred_at": "once",
            },
        ],
    }
