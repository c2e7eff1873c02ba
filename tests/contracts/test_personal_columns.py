"""Every text column of every export is classified: it describes a person, or it is on this list of others."""

from __future__ import annotations

import pyarrow as pa
import pytest

from pipeline.contracts.read_contracts import contracts_in_folder
from pipeline.paths import PROJECT_ROOT

CONTRACTS = {contract.name: contract for contract in contracts_in_folder(PROJECT_ROOT / "models")}

NOT_PERSONAL = {
    "account_communication_stats": ("email_provider", "meeting_provider", "chat_provider", "ticket_provider"),
    "account_core": (
        "crm_id",
        "app_id",
        "account_name",
        "domain",
        "tier_name",
        "status",
        "status_detail",
        "journey_phase_name",
        "expansion_readiness_level",
    ),
    "account_keys": ("crm_account_id", "lmn_crm_id", "app_id"),
    "account_owner_team": ("owner_department", "owner_crm_id", "owner_title"),
    "account_revenue_by_year": ("account_id",),
    "account_topic_fact": ("topic_name", "parent_topic_name"),
    "accounts": (
        "id",
        "lmn_crm_id",
        "name",
        "account_type",
        "status",
        "segment_by_year",
        "revenue_by_year",
        "tags",
        "icp_status",
        "state",
        "country",
        "total_estimates_by_year",
    ),
    "at_risk_accounts": (
        "account_id",
        "account_name",
        "expiring_estimate_id",
        "expiring_estimate_number",
        "division",
    ),
    "duplicate_at_risk_estimates": ("id", "account_id", "division", "estimate_ids"),
    "estimates": (
        "id",
        "lmn_estimate_id",
        "estimate_number",
        "account_id",
        "contact_id",
        "lmn_contact_id",
        "stated_account_id",
        "estimate_type",
        "project_name",
        "version",
        "status",
        "pipeline_status",
        "division",
    ),
    "insight_snapshot": ("insight_type",),
    "lifecycle_event_history": ("event_source",),
    "neglected_accounts": ("account_id", "account_name"),
    "stakeholder_fact": (
        "stakeholder_title",
        "stakeholder_crm_id",
        "stakeholder_type",
        "stakeholder_gs_role",
        "stakeholder_touch_frequency",
    ),
    "team_dimension": ("team_member_title", "team_member_department", "team_member_crm_id"),
    "topic_dimension": ("topic_name", "topic_description"),
}
"""Texts that do not describe a person: ids, names of accounts, kinds and roles, figures by year."""


@pytest.mark.parametrize("export", sorted(CONTRACTS))
def test_a_text_is_personal_or_listed_as_not(export: str) -> None:
    texts = [
        column
        for column in CONTRACTS[export].exported_columns
        if pa.types.is_string(column.arrow_type) and column.allowed is None
    ]
    assert tuple(column.name for column in texts if column.classification != "personal") == NOT_PERSONAL.get(export, ())


def test_personal_is_the_only_classification() -> None:
    classes = {column.classification for contract in CONTRACTS.values() for column in contract.columns}
    assert classes == {None, "personal"}
