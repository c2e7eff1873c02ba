"""The lists of the CRM: which exports they are, and what their rules ask for. Names alone: it loads in no time."""

from __future__ import annotations

from typing import Final

LISTS: Final = frozenset(
    {"at_risk_accounts", "duplicate_at_risk_estimates", "neglected_accounts", "notification_cache"}
)
"""Exports that list what stands out this week: their rows come and go, and a refresh publishes them in between."""

ASKED_FOR: Final = {"accounts": "id", "estimates": "account_id"}
"""Exports that the rules of the lists ask for and that a refresh does not publish, and where they name an account."""

SEEN_ONCE: Final = ("accounts", "estimates", "int_accounts__described", "int_estimates__further_links")
"""Tables of the project of which a refresh reads few columns or rows, at one place: it makes views of them."""
