"""Which source columns a run compares with the last one by their cells, words or lengths; the table and nothing else.

Ids, amounts, days and instants are told by their kind, all others by their name here.
"""

from __future__ import annotations

from typing import Final

NAMES: Final = frozenset({"name", "status_detail"})
"""Texts that hardly ever change and are anybody's own words."""
WORDS: Final = frozenset(
    {
        *("account_type", "channel", "classification", "direction", "division", "estimate_type", "icp_status", "kind"),
        *("notification_type", "pipeline_status", "provider", "readiness_level", "response", "revenue_segment", "role"),
        *("sentiment", "source", "state", "status", "touch_frequency", "type"),
    }
)
"""Texts of a few words that rules and readers know by heart."""
LONG_TEXTS: Final = frozenset(
    {"body", "churn_risk_summary", "context", "description", "expansion_summary", "name", "notes", "summary"}
)
"""Texts that a system along the way may cut at its own limit."""
MOVING: Final = frozenset(
    {
        *("updated_at", "last_interaction_date", "last_detected_at", "proposal_last_shared", "proposal_last_updated"),
        "organization_score",
    }
)
"""Columns whose cells ordinary work rewrites, row by row or all at once."""
PERSONAL: Final = frozenset({("stakeholder", "name")})
"""People's names by table and column, of which no record holds as much as a hash."""
