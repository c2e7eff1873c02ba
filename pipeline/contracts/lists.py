"""The names of the CRM's lists, and of what their rules need; without imports, so that importing it costs nothing."""

from __future__ import annotations

from typing import Final

LISTS: Final = frozenset(
    {"at_risk_accounts", "duplicate_at_risk_estimates", "neglected_accounts", "notification_cache"}
)
"""Exports of what needs attention this week: their rows come and go, and a refresh publishes them between runs."""

REFERENCE_EXPORTS: Final = {"accounts": "id", "estimates": "account_id"}
"""Exports that the lists' rules need but a refresh does not publish, with the column that names an account."""

AS_VIEWS: Final = ("accounts", "estimates", "int_accounts__described", "int_estimates__further_links")
"""Tables that a refresh builds as views, because it only reads few of their columns or rows, and only once."""
