"""Every business rule finds its fault: an intact drop satisfies all rules, and each change breaks the intended one.

Each change is made in the drop of its own organization, and all drops are audited at once: a fault must be found in
that drop and in no other.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from pipeline.audit.results import AuditResult, Check
from pipeline.common.errors import WarehouseError
from pipeline.contracts.business_rules import read_rule_books
from tests.audit.audits import audit_drops
from tests.audit.staged_drop import (
    A2_ACCOUNT_ID,
    AS_OF,
    CONTRACTS,
    EXPECTATIONS,
    SETTINGS,
    Rows,
    change,
    money,
    remove,
    whole_drop,
    write_drop,
)

C1, C2, CRM_ONLY = {"account_id": 1}, {"account_id": 2}, {"account_id": A2_ACCOUNT_ID}
A1, A2 = {"id": "A1"}, {"id": "A2"}
E1, E2, E3, E4, E5 = ({"id": f"E{number}"} for number in range(1, 6))
AT_RISK = {"account_id": "A1"}
MEMBER = {"team_member_id": 7}
SNOW, UNLISTED = {"topic_id": 1}, {"topic_id": 3}
OF_ALL, OF_A2 = {"scope": "all", "year": 2025}, {"scope": "account", "scope_key": "A2"}
NEGLECTED = {"account_id": "A1"}
CACHE = {"cache_key": "at-risk-accounts"}
NEGLECTED_CACHE = {"cache_key": "neglected-accounts"}
ANN, CID = {"stakeholder_id": 1}, {"stakeholder_id": 3}
HELD, AHEAD = {"meeting_id": 1}, {"meeting_id": 2}
MOMENT = timedelta(microseconds=1)


def revenue(account_id: str, year: int) -> dict[str, object]:
    return {"account_id": account_id, "year": year}


def snapshot(insight_type: str) -> dict[str, object]:
    return {"account_id": 1, "insight_type": insight_type}


def both(*changes: Callable[[Rows], None]) -> Callable[[Rows], None]:
    def apply(rows: Rows) -> None:
        for one in changes:
            one(rows)

    return apply


BREAKS: list[tuple[str, str, Callable[[Rows], None]]] = [
    # account_core
    ("account_core", "organization_is_the_drops", change("account_core", C1, organization_id=999)),
    ("account_core", "parent_exists", change("account_core", C2, parent_account_id=77)),
    ("account_core", "parent_exists", change("account_core", C2, parent_account_id=2)),
    ("account_core", "crm_accounts_are_all_here", remove("account_core", CRM_ONLY)),
    ("account_core", "extracted_at_is_the_runs_instant", change("account_core", C1, extracted_at=AS_OF + MOMENT)),
    ("account_core", "data_is_not_from_the_future", change("account_core", C1, data_as_of=AS_OF + MOMENT)),
    ("account_core", "data_as_of_is_one_for_the_drop", change("account_core", C1, data_as_of=datetime(2025, 1, 13))),
    ("account_core", "health_label_matches", change("account_core", C1, health_score_label="Green")),
    ("account_core", "health_label_matches", change("account_core", C2, health_score_label="Red")),
    ("account_core", "engagement_label_matches", change("account_core", C1, engagement_score=money("50.00"))),
    ("account_core", "sentiment_label_matches", change("account_core", C1, sentiment_score=money("75.00"))),
    ("account_core", "open_items_label_matches", change("account_core", C1, open_items_score=money("75.01"))),
    ("account_core", "response_time_label_matches", change("account_core", C1, response_time_score_label=None)),
    ("account_core", "scores_lie_within_0_and_100", change("account_core", C1, engagement_score=money("100.01"))),
    ("account_core", "scores_lie_within_0_and_100", change("account_core", C1, response_time_score=money("-0.01"))),
    (
        "account_core",
        "health_is_there_when_its_parts_are",
        change("account_core", C1, health_score=None, health_score_label=None),
    ),
    ("account_core", "health_is_there_when_its_parts_are", change("account_core", C2, health_score=money("50"))),
    ("account_core", "health_follows_from_its_parts", change("account_core", C1, health_score=money("59.26"))),
    ("account_core", "health_follows_from_its_parts", change("account_core", C1, insight_churn_notification=True)),
    (
        "account_core",
        "health_follows_from_its_parts",
        change("account_core", C1, lifecycle_event_renewal=AS_OF - timedelta(days=30)),
    ),
    ("account_core", "insight_flags_are_all_or_none", change("account_core", C1, insight_no_qbr=None)),
    ("account_core", "insight_flags_follow_the_snapshot", change("account_core", C1, insight_no_qbr=True)),
    ("account_core", "insight_flags_follow_the_snapshot", change("account_core", C1, insight_churn_risk=False)),
    ("account_core", "lifecycle_dates_follow_the_history", change("account_core", C1, lifecycle_event_renewal=AS_OF)),
    ("account_core", "lifecycle_dates_follow_the_history", change("account_core", C1, lifecycle_event_churn_risk=None)),
    (
        "account_core",
        "lifecycle_dates_follow_the_history",
        change("account_core", C1, lifecycle_event_qbr=AS_OF + MOMENT),
    ),
    ("account_core", "next_qbr_is_ahead", change("account_core", C1, next_qbr_date=date(2025, 1, 14))),
    ("account_core", "last_touch_is_the_later_of_its_parts", change("account_core", C1, last_touch=AS_OF)),
    ("account_core", "last_touch_is_the_later_of_its_parts", change("account_core", C1, last_touch=None)),
    ("account_core", "last_touch_is_not_ahead", change("account_core", C1, last_touch=AS_OF + MOMENT)),
    ("account_core", "decision_makers_touch_is_a_touch", change("account_core", C1, last_touch_dm=AS_OF)),
    ("account_core", "decision_makers_touch_is_a_touch", change("account_core", C2, last_touch_dm=AS_OF)),
    ("account_core", "total_activity_is_the_sum_of_its_channels", change("account_core", C1, total_activity=8)),
    ("account_core", "total_activity_is_the_sum_of_its_channels", change("account_core", C2, total_activity=None)),
    ("account_core", "sentiment_adds_up", change("account_core", C1, positive_sentiment=4)),
    ("account_core", "sentiment_covers_its_channels", change("account_core", C1, positive_sentiment=1)),
    ("account_core", "has_its_row_of_stats", remove("account_communication_stats", C2)),
    ("account_core", "crm_only_accounts_have_no_figures", change("account_core", CRM_ONLY, stakeholders_count=0)),
    # account_communication_stats
    ("account_communication_stats", "account_exists", remove("account_core", C2)),
    (
        "account_communication_stats",
        "system_fields_are_account_cores",
        change("account_communication_stats", C1, data_as_of=datetime(2025, 1, 13)),
    ),
    (
        "account_communication_stats",
        "emails_are_the_teams_and_the_accounts",
        change("account_communication_stats", C1, team_sent_emails=3),
    ),
    (
        "account_communication_stats",
        "email_sentiment_adds_up",
        change("account_communication_stats", C1, email_neutral_sentiment=2),
    ),
    (
        "account_communication_stats",
        "owners_emails_are_the_teams",
        change("account_communication_stats", C1, emails_sent_by_owner=3),
    ),
    (
        "account_communication_stats",
        "sent_emails_have_a_date",
        change("account_communication_stats", C1, team_last_sent_email_date=None),
    ),
    (
        "account_communication_stats",
        "sent_emails_have_a_date",
        change("account_communication_stats", C1, email_last_touch_dm=datetime(2025, 1, 13)),
    ),
    (
        "account_communication_stats",
        "held_meetings_have_a_date",
        change("account_communication_stats", C1, last_meeting_date=AS_OF + MOMENT),
    ),
    (
        "account_communication_stats",
        "held_meetings_have_a_date",
        change("account_communication_stats", C1, last_dm_meeting_date=AS_OF),
    ),
    (
        "account_communication_stats",
        "next_meeting_is_ahead",
        change("account_communication_stats", C1, next_meeting_date=AS_OF),
    ),
    (
        "account_communication_stats",
        "meetings_are_at_most_24_hours",
        change("account_communication_stats", C1, meeting_time_hours=money("24.01")),
    ),
    (
        "account_communication_stats",
        "meetings_are_at_most_24_hours",
        change("account_communication_stats", C1, owner_total_meetings=2),
    ),
    (
        "account_communication_stats",
        "chats_are_the_teams_and_the_accounts",
        change("account_communication_stats", C1, total_chat_messages=3),
    ),
    (
        "account_communication_stats",
        "chat_sentiment_adds_up",
        change("account_communication_stats", C1, chat_negative_sentiment=1),
    ),
    (
        "account_communication_stats",
        "owners_chats_are_the_teams",
        change("account_communication_stats", C1, chat_messages_sent_by_owner=2),
    ),
    (
        "account_communication_stats",
        "sent_chats_have_a_date",
        change("account_communication_stats", C1, account_last_sent_chat_date=None),
    ),
    (
        "account_communication_stats",
        "tickets_are_dated_and_the_owners_among_them",
        change("account_communication_stats", C1, tickets_to_owner=2),
    ),
    (
        "account_communication_stats",
        "channels_are_whole_or_absent",
        change("account_communication_stats", C1, submitted_tickets=None),
    ),
    (
        "account_communication_stats",
        "owners_effort_is_the_teams",
        change("account_communication_stats", C1, owner_effort_hours=money("5.01")),
    ),
    (
        "account_communication_stats",
        "time_frame_revenue_is_the_revenue_of_the_window",
        change("account_communication_stats", C1, time_frame_revenue=money("5000.01")),
    ),
    (
        "account_communication_stats",
        "efficiency_is_cost_over_revenue",
        change("account_communication_stats", C1, efficiency_rate=money("0.0601")),
    ),
    (
        "account_communication_stats",
        "efficiency_is_cost_over_revenue",
        change("account_communication_stats", C1, time_frame_revenue=money("0.00")),
    ),
    ("account_core", "ids_fit_a_spreadsheet", change("account_core", C1, owner_id=10**15)),
    # account_keys
    ("account_keys", "organization_is_the_drops", change("account_keys", C1, organization_id=999)),
    ("account_keys", "accounts_are_account_cores", remove("account_core", C2)),
    ("account_keys", "accounts_are_account_cores", remove("account_keys", C2)),
    ("account_keys", "every_crm_account_is_here", remove("account_keys", CRM_ONLY)),
    ("account_keys", "link_method_says_what_is_there", change("account_keys", C2, link_method="id")),
    ("account_keys", "link_method_says_what_is_there", change("account_keys", CRM_ONLY, link_method="id")),
    ("account_keys", "customers_are_counted", change("account_keys", C1, customers_on_crm_account=3)),
    ("account_keys", "one_customer_a_crm_account", change("account_keys", C1, customers_on_crm_account=2)),
    ("account_keys", "revenue_is_its_sources", change("account_keys", C1, revenue_source="crm")),
    ("account_keys", "revenue_is_its_sources", change("account_core", C1, revenue=money("733.33"))),
    ("account_keys", "renewal_date_is_its_sources", change("account_keys", C1, crm_renewal_date=date(2025, 6, 1))),
    ("account_keys", "renewal_date_is_its_sources", change("account_core", C1, renewal_date=date(2025, 6, 2))),
    ("account_keys", "status_has_its_source", change("account_keys", C1, status_source="none")),
    (
        "account_keys",
        "renewal_dates_agree_where_they_are_one_day",
        change("account_keys", C1, renewal_dates_agree=True),
    ),
    ("account_keys", "crm_figures_are_the_accounts", change("account_keys", C1, crm_revenue=money("733.34"))),
    ("account_keys", "crm_figures_are_the_accounts", change("account_keys", C1, lmn_crm_id="C2")),
    ("account_keys", "crm_figures_are_the_accounts", change("accounts", A1, renewal_date=datetime(2025, 6, 1))),
    ("account_keys", "contract_date_is_the_at_risk_lists", change("account_keys", C1, contract_renewal_date=None)),
    ("account_keys", "system_fields_are_account_cores", change("account_keys", C1, extracted_at=AS_OF + MOMENT)),
    # insight_snapshot
    (
        "insight_snapshot",
        "organization_is_the_drops",
        change("insight_snapshot", snapshot("no_qbr"), organization_id=999),
    ),
    ("insight_snapshot", "customer_exists", remove("account_core", C2)),
    ("insight_snapshot", "every_customer_has_the_17_types", remove("insight_snapshot", snapshot("no_qbr"))),
    (
        "insight_snapshot",
        "detections_are_in_order",
        change("insight_snapshot", snapshot("churn_risk"), first_detected_date=datetime(2025, 1, 3)),
    ),
    ("insight_snapshot", "detections_are_not_ahead", change("insight_snapshot", snapshot("no_qbr"), is_active=True)),
    (
        "insight_snapshot",
        "detections_are_not_ahead",
        change("insight_snapshot", snapshot("churn_risk"), last_detected_date=AS_OF + MOMENT),
    ),
    (
        "insight_snapshot",
        "system_fields_are_account_cores",
        change("insight_snapshot", snapshot("no_qbr"), extracted_at=AS_OF + MOMENT),
    ),
    # lifecycle_event_history
    (
        "lifecycle_event_history",
        "organization_is_the_drops",
        change("lifecycle_event_history", {"event_id": 1}, organization_id=999),
    ),
    (
        "lifecycle_event_history",
        "ids_fit_a_spreadsheet",
        change("lifecycle_event_history", {"event_id": 1}, event_id=10**15),
    ),
    ("lifecycle_event_history", "customer_exists", change("lifecycle_event_history", {"event_id": 1}, account_id=9)),
    (
        "lifecycle_event_history",
        "detection_is_not_ahead",
        change("lifecycle_event_history", {"event_id": 1}, event_date=AS_OF + MOMENT),
    ),
    (
        "lifecycle_event_history",
        "system_fields_are_account_cores",
        change("lifecycle_event_history", {"event_id": 1}, data_as_of=AS_OF),
    ),
    # estimates
    ("estimates", "account_exists", change("estimates", E4, account_id="A3")),
    ("estimates", "link_method_tells_of_a_link", change("estimates", E5, link_method="account_id")),
    ("estimates", "sold_is_won", change("estimates", E2, is_won=False)),
    ("estimates", "not_sold_is_decided_by_the_status", change("estimates", E2, pipeline_status="Not Sold")),
    ("estimates", "outcome_is_as_the_statuses_say", change("estimates", E5, status="Ballosted")),
    ("estimates", "outcome_is_as_the_statuses_say", change("estimates", E4, outcome="pending")),
    ("estimates", "price_used_is_the_preferred_price", change("estimates", E1, price_used=money("1000.01"))),
    ("estimates", "price_used_is_the_preferred_price", change("estimates", E1, total_price=None)),
    ("estimates", "price_fallback_is_flagged", change("estimates", E1, price_fallback=True)),
    ("estimates", "duration_is_in_whole_months", change("estimates", E1, contract_end=date(2026, 3, 16))),
    ("estimates", "duration_is_in_whole_months", change("estimates", E4, duration_months=12)),
    ("estimates", "contract_years_are_the_months_rounded_up", change("estimates", E1, contract_years=4)),
    ("estimates", "contract_years_are_the_months_rounded_up", change("estimates", E1, duration_months=37)),
    ("estimates", "typos_and_reversed_dates_are_flagged", change("estimates", E1, is_duration_typo=True)),
    ("estimates", "typos_and_reversed_dates_are_flagged", change("estimates", E4, reversed_dates=True)),
    ("estimates", "first_year_follows_its_basis", change("estimates", E4, first_year=2024)),
    ("estimates", "first_year_follows_its_basis", change("estimates", E1, year_basis="contract_end")),
    # account_revenue_by_year
    ("account_revenue_by_year", "account_exists", remove("accounts", A2)),
    (
        "account_revenue_by_year",
        "revenue_is_the_sum_of_its_estimates",
        change("account_revenue_by_year", revenue("A1", 2023), revenue=money("333.34")),
    ),
    (
        "account_revenue_by_year",
        "revenue_is_the_sum_of_its_estimates",
        change("estimates", E1, price_used=money("1000.02")),
    ),
    (
        "account_revenue_by_year",
        "every_year_with_a_won_estimate_is_here",
        change("estimates", E3, is_won=False),
    ),
    (
        "account_revenue_by_year",
        "every_year_with_a_won_estimate_is_here",
        remove("account_revenue_by_year", revenue("A1", 2024)),
    ),
    (
        "account_revenue_by_year",
        "total_is_the_sum_of_the_year",
        change("account_revenue_by_year", revenue("A2", 2025), total=money("833.34")),
    ),
    (
        "account_revenue_by_year",
        "share_is_the_part_of_the_total",
        change("account_revenue_by_year", revenue("A2", 2025), share=money("0.120001")),
    ),
    (
        "account_revenue_by_year",
        "segment_follows_the_share",
        change("account_revenue_by_year", revenue("A2", 2025), segment="B"),
    ),
    (
        "account_revenue_by_year",
        "segment_follows_the_share",
        change("account_revenue_by_year", revenue("A1", 2025), segment="D"),
    ),
    # accounts
    ("accounts", "archived_is_archived", change("accounts", A2, is_archived=False)),
    (
        "accounts",
        "years_are_those_of_the_revenue_table",
        change("accounts", A2, revenue_by_year='{"2024":0.00,"2025":100.00}'),
    ),
    ("accounts", "years_are_those_of_the_revenue_table", change("accounts", A1, segment_by_year='{"2025":"A"}')),
    ("accounts", "annual_revenue_is_the_selected_years", change("accounts", A1, annual_revenue=money("333.33"))),
    ("accounts", "segment_is_the_selected_years", change("accounts", A2, revenue_segment="C")),
    ("accounts", "at_risk_is_the_at_risk_list", change("accounts", A1, is_at_risk=False)),
    ("accounts", "at_risk_is_the_at_risk_list", change("accounts", A1, days_until_renewal=138)),
    ("accounts", "archived_accounts_are_not_at_risk", change("accounts", A2, is_at_risk=True)),
    ("accounts", "last_interaction_counts_to_today", change("accounts", A1, days_since_last_interaction=9)),
    ("accounts", "last_interaction_counts_to_today", change("accounts", A1, last_interaction_date=AS_OF + MOMENT)),
    ("accounts", "lists_are_lists", change("accounts", A1, salespeople='{"Kim":1}')),
    ("accounts", "lmn_ids_are_unique", change("accounts", A2, lmn_crm_id="C1")),
    (
        "accounts",
        "decided_estimates_are_counted_by_year",
        change("accounts", A1, total_estimates_by_year='{"2023":1,"2024":1,"2025":2}'),
    ),
    ("accounts", "decided_estimates_are_counted_by_year", change("estimates", E4, archived=True)),
    # account_owner_team
    ("account_owner_team", "owner_is_account_cores", change("account_owner_team", C2, owner_id=7)),
    ("account_owner_team", "owner_is_account_cores", remove("account_owner_team", CRM_ONLY)),
    (
        "account_owner_team",
        "owner_is_as_team_dimension_lists",
        change("account_owner_team", C1, owner_last_name="Wrenn"),
    ),
    (
        "account_owner_team",
        "owner_is_as_team_dimension_lists",
        change("account_owner_team", C2, owner_mailbox_connected=False),
    ),
    (
        "account_owner_team",
        "figures_are_account_communication_stats",
        change("account_owner_team", C1, owner_sent_messages=2),
    ),
    (
        "account_owner_team",
        "figures_are_account_communication_stats",
        change("account_owner_team", C1, owner_effort_hours=None),
    ),
    (
        "account_owner_team",
        "received_emails_are_some_of_the_accounts",
        change("account_owner_team", C1, owner_emails_positive_sentiment=1),
    ),
    (
        "account_owner_team",
        "received_emails_are_some_of_the_accounts",
        change("account_owner_team", C1, owner_received_emails=2, owner_emails_neutral_sentiment=2),
    ),
    (
        "account_owner_team",
        "who_answered_has_written",
        change("account_owner_team", C2, owner_chat_response_time_hours=money("1.00")),
    ),
    (
        "account_owner_team",
        "owned_accounts_are_those_of_the_owner",
        change("account_owner_team", C1, owner_owned_accounts_count=2),
    ),
    (
        "account_owner_team",
        "owned_accounts_are_those_of_the_owner",
        change("account_owner_team", C2, owner_owned_accounts_revenue=money("0.01")),
    ),
    ("account_owner_team", "system_fields_are_account_cores", change("account_owner_team", C1, data_as_of=AS_OF)),
    # team_dimension
    ("team_dimension", "organization_is_the_drops", change("team_dimension", MEMBER, organization_id=999)),
    ("team_dimension", "name_is_first_and_last", change("team_dimension", MEMBER, team_member_name=" Olga Wren")),
    ("team_dimension", "name_is_first_and_last", change("team_dimension", MEMBER, team_member_name=None)),
    (
        "team_dimension",
        "mailboxes_are_known_of_all_or_none",
        change("team_dimension", MEMBER, team_member_mailbox_connected=None),
    ),
    ("team_dimension", "system_fields_are_account_cores", change("team_dimension", MEMBER, data_as_of=AS_OF)),
    # topic_dimension
    ("topic_dimension", "organization_is_the_drops", change("topic_dimension", SNOW, organization_id=999)),
    (
        "topic_dimension",
        "topics_are_not_from_the_future",
        change("topic_dimension", SNOW, topic_created_at=AS_OF + MOMENT),
    ),
    # account_topic_fact
    ("account_topic_fact", "organization_is_the_drops", change("account_topic_fact", SNOW, organization_id=999)),
    ("account_topic_fact", "customer_exists", change("account_topic_fact", UNLISTED, account_id=77)),
    ("account_topic_fact", "customer_exists", change("account_topic_fact", SNOW, data_as_of=AS_OF)),
    ("account_topic_fact", "names_are_topic_dimensions", change("account_topic_fact", SNOW, topic_name="Ice")),
    ("account_topic_fact", "names_are_topic_dimensions", change("account_topic_fact", SNOW, parent_topic_name=None)),
    ("account_topic_fact", "names_are_topic_dimensions", change("account_topic_fact", UNLISTED, topic_name="Ice")),
    (
        "account_topic_fact",
        "mentions_have_one_sentiment",
        change("account_topic_fact", SNOW, topic_negative_sentiment=1),
    ),
    ("account_topic_fact", "mentions_have_one_sentiment", change("account_topic_fact", SNOW, topic_total_tickets=1)),
    # win_loss
    ("win_loss", "organization_is_the_drops", change("win_loss", OF_A2, organization_id=999)),
    ("win_loss", "counts_are_the_estimates", remove("win_loss", OF_A2)),
    ("win_loss", "counts_are_the_estimates", change("estimates", E5, outcome="pending")),
    ("win_loss", "counts_are_the_estimates", change("estimates", E4, archived=True)),
    ("win_loss", "counts_are_the_estimates", change("estimates", E4, contract_start=date(2024, 12, 31))),
    ("win_loss", "counts_are_the_estimates", change("estimates", E2, salesperson="Ann B")),
    ("win_loss", "counts_are_the_estimates", change("estimates", E2, price_used=money("300.01"))),
    ("win_loss", "parts_make_the_total", change("win_loss", OF_A2, total_estimates=2)),
    ("win_loss", "parts_make_the_total", change("win_loss", OF_A2, total_value=money("100.01"))),
    ("win_loss", "rates_are_the_quotients", change("win_loss", OF_ALL, revenue_vs_won=money("91.0"))),
    ("win_loss", "rates_are_the_quotients", change("win_loss", OF_ALL, win_rate=None)),
    (
        "win_loss",
        "rates_are_the_quotients",
        change("win_loss", OF_A2, pending_value=money("-100.00"), total_value=money("0")),
    ),
    ("win_loss", "divisions_make_the_year", change("win_loss", OF_ALL, total_estimates=5)),
    ("win_loss", "accounts_exist", change("win_loss", OF_A2, scope_key="A9")),
    ("win_loss", "data_as_of_is_account_cores", change("win_loss", OF_ALL, data_as_of=AS_OF)),
    # at_risk_accounts
    ("at_risk_accounts", "account_is_there_and_not_archived", change("accounts", A1, is_archived=True)),
    ("at_risk_accounts", "account_is_there_and_not_archived", change("at_risk_accounts", AT_RISK, account_name="Acne")),
    ("at_risk_accounts", "contract_is_won_and_in_force", change("estimates", E2, archived=True)),
    (
        "at_risk_accounts",
        "contract_is_won_and_in_force",
        change("at_risk_accounts", AT_RISK, expiring_estimate_id="E9"),
    ),
    (
        "at_risk_accounts",
        "number_falls_back_to_lmns",
        change("at_risk_accounts", AT_RISK, expiring_estimate_number="LMN-E2"),
    ),
    ("at_risk_accounts", "days_are_counted_from_today", change("at_risk_accounts", AT_RISK, days_until_renewal=138)),
    (
        "at_risk_accounts",
        "days_are_counted_from_today",
        change("at_risk_accounts", AT_RISK, days_until_renewal=181, renewal_date=date(2025, 7, 15)),
    ),
    (
        "at_risk_accounts",
        "soonest_contract_is_chosen",
        change("estimates", E3, contract_end=date(2025, 5, 31)),
    ),
    (
        "at_risk_accounts",
        "soonest_contract_is_chosen",
        change("estimates", E1, division="SNOW", address="1 main st"),
    ),
    (
        "at_risk_accounts",
        "soonest_contract_is_chosen",
        change("estimates", E1, division="\tSnow\ufeff", address="1\u00a0Main\r\n\u2003St\n"),
    ),
    (
        "at_risk_accounts",
        "duplicates_are_those_of_the_table",
        change("at_risk_accounts", AT_RISK, has_duplicates=False),
    ),
    # duplicate_at_risk_estimates
    ("duplicate_at_risk_estimates", "group_is_at_risk", remove("at_risk_accounts", AT_RISK)),
    (
        "duplicate_at_risk_estimates",
        "group_is_at_risk",
        change("duplicate_at_risk_estimates", {"id": "d2"}, estimate_ids='["E2","E9"]'),
    ),
    (
        "duplicate_at_risk_estimates",
        "group_has_two_or_more",
        change("duplicate_at_risk_estimates", {"id": "d1"}, estimate_ids='["E2"]'),
    ),
    (
        "duplicate_at_risk_estimates",
        "estimates_are_sorted",
        change("duplicate_at_risk_estimates", {"id": "d1"}, estimate_ids='["E3","E2"]'),
    ),
    (
        "duplicate_at_risk_estimates",
        "key_is_normalised",
        change("duplicate_at_risk_estimates", {"id": "d1"}, address="1  main st"),
    ),
    (
        "duplicate_at_risk_estimates",
        "resolved_after_detected",
        change("duplicate_at_risk_estimates", {"id": "d1"}, resolved_at=datetime(2024, 1, 1)),
    ),
    (
        "duplicate_at_risk_estimates",
        "unresolved_once",
        change("duplicate_at_risk_estimates", {"id": "d1"}, resolved_at=None),
    ),
    # stakeholder_fact
    ("stakeholder_fact", "customer_exists", change("stakeholder_fact", CID, account_id=77)),
    ("stakeholder_fact", "people_are_account_cores", remove("stakeholder_fact", ANN)),
    ("stakeholder_fact", "people_are_account_cores", change("stakeholder_fact", CID, stakeholder_opted_out=False)),
    (
        "stakeholder_fact",
        "people_write_no_more_than_their_account",
        change("stakeholder_fact", CID, stakeholder_sent_emails=1, stakeholder_emails_neutral=1),
    ),
    ("stakeholder_fact", "messages_have_one_sentiment", change("stakeholder_fact", ANN, stakeholder_emails_neutral=1)),
    ("stakeholder_fact", "messages_have_one_sentiment", change("stakeholder_fact", ANN, stakeholder_neutral_items=1)),
    ("stakeholder_fact", "messages_have_one_sentiment", change("stakeholder_fact", ANN, stakeholder_positive_items=0)),
    ("stakeholder_fact", "who_comes_was_invited", change("stakeholder_fact", ANN, stakeholder_invited_meetings=0)),
    ("stakeholder_fact", "who_comes_was_invited", change("stakeholder_fact", ANN, stakeholder_attended_calls=2)),
    ("stakeholder_fact", "show_rate_is_of_accepted_calls", change("stakeholder_fact", ANN, stakeholder_show_rate=None)),
    (
        "stakeholder_fact",
        "show_rate_is_of_accepted_calls",
        change("stakeholder_fact", ANN, stakeholder_attended_calls=0),
    ),
    ("stakeholder_fact", "touches_are_in_order", change("stakeholder_fact", ANN, stakeholder_last_engagement=None)),
    (
        "stakeholder_fact",
        "touches_are_in_order",
        change("stakeholder_fact", ANN, stakeholder_next_scheduled_meeting=AS_OF),
    ),
    ("stakeholder_fact", "sentiment_label_matches", change("stakeholder_fact", ANN, stakeholder_sentiment="Green")),
    (
        "stakeholder_fact",
        "sentiment_label_matches",
        change("stakeholder_fact", CID, stakeholder_sentiment_score=money("50"), stakeholder_sentiment="Red"),
    ),
    ("stakeholder_fact", "system_fields_are_account_cores", change("stakeholder_fact", ANN, data_as_of=AS_OF)),
    # meeting_summary
    ("meeting_summary", "organization_is_the_drops", change("meeting_summary", HELD, organization_id=999)),
    ("meeting_summary", "customer_exists", change("meeting_summary", AHEAD, account_id=77)),
    (
        "meeting_summary",
        "attendees_are_of_one_side_or_the_other",
        change("meeting_summary", HELD, meeting_attendee_count=4),
    ),
    (
        "meeting_summary",
        "attendees_are_of_one_side_or_the_other",
        change("meeting_summary", HELD, meeting_attendee_count=None, meeting_customer_attendee_count=None),
    ),
    ("meeting_summary", "meetings_are_account_communication_stats", remove("meeting_summary", HELD)),
    ("meeting_summary", "meetings_are_account_communication_stats", remove("meeting_summary", AHEAD)),
    (
        "meeting_summary",
        "meetings_are_account_communication_stats",
        change("meeting_summary", AHEAD, meeting_date=AS_OF),
    ),
    (
        "meeting_summary",
        "minutes_are_account_communication_stats_hours",
        change("meeting_summary", HELD, meeting_duration_minutes=91),
    ),
    ("meeting_summary", "system_fields_are_account_cores", change("meeting_summary", HELD, data_as_of=AS_OF)),
    # neglected_accounts
    ("neglected_accounts", "account_may_be_neglected", change("accounts", A1, is_archived=True)),
    ("neglected_accounts", "account_may_be_neglected", change("accounts", A1, icp_status=" Na\u3000")),
    ("neglected_accounts", "account_may_be_neglected", change("neglected_accounts", NEGLECTED, account_name="Acne")),
    ("neglected_accounts", "value_is_the_accounts", change("neglected_accounts", NEGLECTED, annual_revenue=money("1"))),
    ("neglected_accounts", "threshold_follows_the_segment", change("neglected_accounts", NEGLECTED, threshold_days=31)),
    ("neglected_accounts", "days_are_counted_to_today", change("neglected_accounts", NEGLECTED, threshold_days=41)),
    ("neglected_accounts", "days_are_counted_to_today", change("accounts", A1, last_interaction_date=None)),
    # notification_cache
    (
        "notification_cache",
        "cache_expires_after_its_minutes",
        change("notification_cache", CACHE, expires_at=datetime(2025, 1, 15, 0, 6)),
    ),
    (
        "notification_cache",
        "count_is_the_number_of_accounts",
        change("notification_cache", CACHE, cache_data='{"accounts":[],"count":0,"updated_at":"2025-01-15T00:00:00Z"}'),
    ),
    ("notification_cache", "count_is_the_number_of_accounts", remove("neglected_accounts", NEGLECTED)),
    (
        "notification_cache",
        "list_is_sorted_by_days",
        change(
            "notification_cache",
            NEGLECTED_CACHE,
            cache_data='{"accounts":[{"account_id":"A2"}],"count":1,"updated_at":"2025-01-15T00:00:00Z"}',
        ),
    ),
    (
        "notification_cache",
        "list_is_sorted_by_days",
        change(
            "notification_cache",
            CACHE,
            cache_data='{"accounts":[{"account_id":"A2"}],"count":1,"updated_at":"2025-01-15T00:00:00Z"}',
        ),
    ),
]

ODD_BUT_RIGHT: list[Callable[[Rows], None]] = [
    change("estimates", E1, status="\u00a0WON\n"),
    change("estimates", E2, pipeline_status="\tSold\u3000"),
    change("estimates", E4, estimate_type="Standard\r\n"),
    change("accounts", A2, status="archived\t"),
    both(
        change("estimates", E2, estimate_number="\u2028"),
        change("at_risk_accounts", AT_RISK, expiring_estimate_number="LMN-E2"),
    ),
    change("account_core", C1, lifecycle_event_qbr=datetime(1, 1, 1)),
]
"""Unusual values of sources that the models handle: the audit must not stop a run because of them."""

OF_THE_CRM = ("notification_cache", "cache_is_a_row_per_list")
"""The only rule that depends on the organization of a drop: here only organization 1 satisfies it."""


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[int, Path]:
    """Write the intact drop (organization 1) and one for each change (organizations 2, 3 ...)."""
    folder = tmp_path_factory.mktemp("drops")
    folders: dict[int, Path] = {1: write_drop(folder / "1", whole_drop())}
    changes = [apply for _, _, apply in BREAKS] + ODD_BUT_RIGHT
    for organization_id, apply in enumerate(changes, start=2):
        rows = whole_drop(organization_id)
        apply(rows)
        folders[organization_id] = write_drop(folder / str(organization_id), rows)
    return folders


def audit_all(folders: dict[int, Path], results: Path, *, staged_last_first: bool = False) -> AuditResult:
    return audit_drops(
        folders,
        list(CONTRACTS.values()),
        read_rule_books(EXPECTATIONS),
        as_of=AS_OF,
        settings=SETTINGS,
        results=results,
        staged_last_first=staged_last_first,
    )


@pytest.fixture(scope="module")
def audited(folders: dict[int, Path], tmp_path_factory: pytest.TempPathFactory) -> AuditResult:
    """Audit all drops at once."""
    return audit_all(folders, tmp_path_factory.mktemp("results") / "results.json")


def check(audited: AuditResult, export: str, rule: str) -> Check:
    (found,) = [one for one in audited.checks if (one.export, one.name) == (export, rule)]
    return found


def test_an_intact_drop_passes_every_check(audited: AuditResult) -> None:
    assert [str(one) for one in audited.checks if 1 in one.failed_by_organization] == []


def test_every_rule_could_be_checked(audited: AuditResult) -> None:
    assert [(one.export, one.name, one.problem) for one in audited.checks if one.scope == "rule" and one.problem] == []


@pytest.mark.parametrize(
    ("organization_id", "export", "rule"),
    [(number, export, rule) for number, (export, rule, _) in enumerate(BREAKS, start=2)],
)
def test_a_broken_rule_is_found_in_its_drop(audited: AuditResult, organization_id: int, export: str, rule: str) -> None:
    found = check(audited, export, rule)
    assert not found.passed
    assert found.failed_by_organization.get(organization_id, 0) > 0


@pytest.mark.parametrize("organization_id", range(len(BREAKS) + 2, len(BREAKS) + len(ODD_BUT_RIGHT) + 2))
def test_unusual_but_correct_values_break_no_rule(audited: AuditResult, organization_id: int) -> None:
    failed = [(one.export, one.name) for one in audited.checks if organization_id in one.failed_by_organization]
    assert failed == [OF_THE_CRM]


def test_a_failure_names_the_row_and_its_values(audited: AuditResult) -> None:
    found = check(audited, "account_core", "total_activity_is_the_sum_of_its_channels")
    row = next(row for row in found.samples if row.key["account_id"] == "1")
    assert (row.values["total_activity"], row.values["total_emails"]) == ("8", "3")
    assert "account_id 1 (organization" in str(found)
    assert "total_activity is 8" in str(found)


@pytest.mark.slow
def test_results_do_not_depend_on_the_order_in_which_exports_are_staged(
    folders: dict[int, Path], tmp_path: Path
) -> None:
    some = dict(list(folders.items())[::6])
    one, other = tmp_path / "one.json", tmp_path / "other.json"
    assert audit_all(some, one) == audit_all(some, other, staged_last_first=True)
    assert one.read_text() == other.read_text()


def test_only_the_crms_organization_has_a_cache(audited: AuditResult) -> None:
    others = set(range(2, len(BREAKS) + len(ODD_BUT_RIGHT) + 2))
    assert set(check(audited, *OF_THE_CRM).failed_by_organization) == others


def test_every_rule_has_a_break_that_proves_it() -> None:
    rules = {(book.export, rule.name) for book in read_rule_books(EXPECTATIONS).values() for rule in book.rules}
    assert rules == {(export, rule) for export, rule, _ in BREAKS} | {OF_THE_CRM}


def test_every_export_has_rules() -> None:
    assert set(read_rule_books(EXPECTATIONS)) == set(CONTRACTS)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("- rule: x", "is not a list of `rules`"),
        ("rules: [x]", "is not a list of `rules`"),
        ("rules: {rule: x}", "is not a list of `rules`"),
        ("frames: {a: 1}", "is not a list of `rules`"),
        ("rules: [", "is not YAML"),
        ("rules: [{rule: a, severity: warn, says: b, holds: c, severty: d}]", "has the unknown field severty"),
        ("rules: [{rule: a, severity: soon, says: b, holds: c}]", "has the severity 'soon'"),
        ("rules: [{rule: a, severity: warn, says: b}]", "has no holds"),
        ("rules: [{rule: a, severity: warn, says: b, holds: c, rows: d}]", "which no frame defines"),
        ("rules: [&r {rule: a, severity: warn, says: b, holds: c}, *r]", "the rule a occurs twice"),
    ],
)
def test_a_rule_file_that_is_not_well_formed_is_named(tmp_path: Path, content: str, says: str) -> None:
    (tmp_path / "accounts.yml").write_text(content)
    with pytest.raises(WarehouseError, match=re.escape(says)) as caught:
        read_rule_books(tmp_path)
    assert str(caught.value).startswith(f"{tmp_path.name}/accounts.yml")
