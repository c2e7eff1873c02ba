"""Columns that figures or lists depend on. If one is absent and the file has unknown columns, it may be one of those.

Names, addresses, telephone numbers, notes and the costs of an estimate are not needed in this sense. A source may
really lack some columns, so an absence is reported once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from pipeline.guards.findings import Finding, found
from pipeline.guards.source_profile import TableProfile
from pipeline.guards.thresholds import Guard

NEEDED: Final[Mapping[str, str]] = {
    "lmn.estimates_list": "estimate_type estimate_date contract_start contract_end crm_link salesperson estimator "
    "status pipeline_status division archived exclude_stats total_price total_price_with_tax",
    "lmn.contacts_export": "account_type classification archived primary_contact",
    "lmn.jobsite_export": "crm_link",
    "crm.accounts": "lmn_crm_id account_type status revenue_segment annual_revenue organization_score archived "
    "last_interaction_date renewal_date snoozed_until icp_status",
    "crm.estimates": "lmn_estimate_id estimate_type estimate_date contract_start contract_end account_id status "
    "pipeline_status total_price total_price_with_tax division archived exclude_stats salesperson estimator",
    "crm.contacts": "account_id lmn_contact_id",
    "crm.scorecards": "score completed_date",
    "crm.notification_snoozes": "related_account_id snoozed_until",
    "crm.profiles": "selected_year",
    "platform.customer": "crm_id name parent_id tier_id owner status journey_id revenue renewal contract_start_date "
    "churn_date",
    "platform.users": "department crm_id state excluded hourly_cost",
    "platform.stakeholder": "email type role touch_frequency muted opted_out",
    "platform.insight": "is_active last_detected_at resolved_at source",
    "platform.ai_expansion_opportunities": "expansion_summary readiness_level churn_risk_summary",
    "platform.ai_summary": "summary",
    "platform.email_prop": "user_id stakeholder_id sentiment",
    "platform.calendar_event_prop": "end_time status kind organizer_email",
    "platform.calendar_event_attendee": "user_id stakeholder_id response attended",
    "platform.chat_message": "user_id stakeholder_id sentiment",
    "platform.ticket": "closed_at status requester_id assignee_id sentiment",
    "platform.ticket_comment": "user_id stakeholder_id sentiment",
    "platform.note": "author_id body",
    "platform.user_api_token": "active updated_at",
    "platform.topic": "parent_id",
    "platform.topic_mention": "channel sentiment",
}
"""The needed columns of each table."""
ALWAYS_NEEDED: Final = (("total_price", "total_price_with_tax"), ("status", "pipeline_status"), ("crm_link",))
"""Groups of columns of LMN's estimates. If a whole group is absent, it is reported even if the file has no unknown
columns, because a column may lack its header."""

_SHOWN: Final = 5


def judge_needed_columns(
    now: TableProfile, before: TableProfile | None, near: Mapping[str, str], guard: Guard
) -> Iterator[Finding]:
    """Find needed columns that are absent from a table with rows, unless they were reported before.

    `near` maps absent columns to near headers, which the guard near_header reports.
    """
    if not now.is_configured or not now.loaded:
        return
    left_out = [header for header in now.unknown if header not in near.values()]
    wanted = [column for column in NEEDED.get(now.name, "").split() if column in now.columns and column not in near]
    absent = [column for column in wanted if column not in now.headers]
    if not left_out:
        groups = ALWAYS_NEEDED if now.name == "lmn.estimates_list" else ()
        absent = [group[0] for group in groups if set(group) <= set(absent)]
    if before is not None and before.loaded:
        absent = [column for column in absent if not _is_old(column, left_out, before)]
    if absent:
        words = {word for header in left_out for word in _words(header)}
        names = {word for column in absent for name in (column, *now.aliases.get(column, ())) for word in _words(name)}
        says = f"no column {_listed(absent, words)}"
        says += f"; columns that the schema does not know: {_listed(left_out, names)}" if left_out else ""
        yield found(guard, "warn", now.name, says)


def _is_old(column: str, left_out: Iterable[str], before: TableProfile) -> bool:
    """Return whether the column was already absent at the last publication, or lost_column reports its loss."""
    if before.values.get(column):
        return True
    return column not in before.headers and set(left_out) <= before.unknown.keys()


def _listed(names: Sequence[str], words: set[str]) -> str:
    """Format the first names for a message, beginning with those that contain one of the words."""
    likely_first = sorted(names, key=lambda name: words.isdisjoint(_words(name)))
    more = len(names) - _SHOWN
    return ", ".join(f"'{name}'" for name in likely_first[:_SHOWN]) + (f" and {more} more" if more > 0 else "")


def _words(name: str) -> list[str]:
    return name.casefold().replace("_", " ").split()
