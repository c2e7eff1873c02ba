"""Which source columns a run compares with the last one, or its instant, by cells, words or lengths; the table alone.

Ids, amounts, days and instants are found by their kind, all others by their name here.
"""

from __future__ import annotations

from typing import Final

NAMES: Final = frozenset(
    {
        *("city", "crm_id", "department", "domain", "jobsite_name", "name"),
        *("postal_code", "project_name", "referral", "referral_source", "status_detail", "version"),
    }
)
"""Texts that hardly ever change and are anybody's own words."""
WORDS: Final = frozenset(
    {
        *("account_type", "channel", "classification", "country", "direction", "division", "estimate_type"),
        *("icp_status", "kind", "notification_type", "pipeline_status", "provider", "readiness_level", "response"),
        *("revenue_segment", "role", "sentiment", "source", "state", "status", "touch_frequency", "type"),
    }
)
"""Texts of a few words that rules and readers know by heart."""
LONG_TEXTS: Final = frozenset(
    {"body", "churn_risk_summary", "context", "description", "expansion_summary", "name", "notes", "summary"}
)
"""Texts that a system along the way may cut at its own limit."""
PERSONAL: Final = frozenset(
    {
        *("address", "address_1", "address_2", "billing_address", "billing_contact", "body", "churn_risk_summary"),
        *("contact_name", "context", "description", "email", "email_1", "email_2", "expansion_summary", "first_name"),
        *("last_name", "lead_name", "notes", "organizer_email", "phone_1", "phone_2", "position", "referral_note"),
        *("summary", "title"),
    }
)
"""Texts that name, reach or describe people: of their cells a record holds the length alone, not as much as a hash."""
MOVING: Final = frozenset(
    {
        *("updated_at", "last_interaction_date", "last_detected_at", "proposal_last_shared", "proposal_last_updated"),
        *("crm_tags", "estimator", "organization_score", "owner", "salesperson", "tags"),
    }
)
"""Columns whose cells ordinary work rewrites, row by row or all at once (who leaves hands on what he had)."""
CREATED: Final = frozenset(
    {"created", "created_at", "created_date", "estimate_date", "occurred_at", "opened_at", "sent_at"}
)
"""Columns that say when what a row describes came to be, and that nothing rewrites."""

RECORDED: Final = (
    *("created", "created_at", "created_date", "updated_at", "estimate_date", "proposal_last_updated"),
    *("completed_date", "last_interaction_date", "last_detected_at", "resolved_at"),
    *("sent_at", "start_time", "opened_at", "closed_at"),
)
"""The columns that say when something happened or was recorded; the others hold plans (a renewal, an end)."""


def is_personal(table: str, column: str) -> bool:
    """Return whether a text column is about people; a name is, where its table lists people."""
    return column in PERSONAL or (table in ("leads_list", "stakeholder", "users") and column in NAMES)
