"""The CRM's lists: which exports they are, and what their rules need. Names only, so importing it costs nothing."""

from __future__ import annotations

from typing import Final

LISTS: Final = frozenset(
    {"at_risk_accounts", "duplicate_at_risk_estimates", "neglected_accounts", "notification_cache"}
)
"""Exports that list what stands out this week: their rows come and go, and a refresh publishes them between runs."""

ASKED_FOR: Final = {"accounts": "id", "estimates": "account_id"}
"""Exports that the rules of the lists need and that a refresh does not publish, with the column that names an account.
"""

SEEN_ONCE: Final = ("accounts", "estimates", "int_accounts__described", "int_estimates__further_links")
"""Tables of which a refresh reads few columns or rows, in one place: a refresh makes views of them."""
