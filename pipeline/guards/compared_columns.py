"""The source columns whose cells, words or lengths a run compares with the last publication.

Ids, amounts, dates and timestamps are selected by type, all others by name here.
"""

from __future__ import annotations

from typing import Final

NAMES: Final = frozenset(
    {
        *("city", "crm_id", "department", "domain", "jobsite_name", "name"),
        *("postal_code", "project_name", "referral", "referral_source", "status_detail", "version"),
    }
)
"""Texts that hardly ever change and whose words are arbitrary."""
WORDS: Final = frozenset(
    {
        *("account_type", "channel", "classification", "country", "direction", "division", "estimate_type"),
        *("icp_status", "kind", "notification_type", "pipeline_status", "provider", "readiness_level", "response"),
        *("revenue_segment", "role", "sentiment", "source", "state", "status", "touch_frequency", "type"),
    }
)
"""Texts with a limited vocabulary."""
LONG_TEXTS: Final = frozenset(
    {"body", "churn_risk_summary", "context", "description", "expansion_summary", "name", "notes", "summary"}
)
"""Texts that another system may cut at its own limit."""
PERSONAL: Final = frozenset(
    {
        *("address", "address_1", "address_2", "billing_address", "billing_contact", "body", "churn_risk_summary"),
        *("contact_name", "context", "description", "email", "email_1", "email_2", "expansion_summary", "first_name"),
        *("last_name", "lead_name", "notes", "organizer_email", "phone_1", "phone_2", "position", "referral_note"),
        *("summary", "title"),
    }
)
"""Texts that name or describe people: a run's record only contains the lengths of their cells, no hashes."""
MOVING: Final = frozenset(
    {
        *("updated_at", "last_interaction_date", "last_detected_at", "proposal_last_shared", "proposal_last_updated"),
        *("crm_tags", "estimator", "organization_score", "owner", "salesperson", "tags"),
    }
)
"""Columns that ordinary work rewrites, row by row or all at once (a leaving owner hands over accounts)."""
CREATED: Final = frozenset(
    {"created", "created_at", "created_date", "estimate_date", "occurred_at", "opened_at", "sent_at"}
)
"""Columns with the creation time of a row, which never changes."""

RECORDED: Final = (
    *("created", "created_at", "created_date", "updated_at", "estimate_date", "proposal_last_updated"),
    *("completed_date", "last_interaction_date", "last_detected_at", "resolved_at"),
    *("sent_at", "start_time", "opened_at", "closed_at"),
)
"""Columns with the time of an event or its recording; the others contain plans (a renewal, an end)."""


def is_personal(table: str, column: str) -> bool:
    """Return whether a text column is about people. A name is, if its table lists people."""
    return column in PERSONAL or (table in ("leads_list", "stakeholder", "users") and column in NAMES)
