"""A small staged drop, made by hand, that satisfies every contract and business rule; tests break it cell by cell.

The organization has two customers (the second a child of the first) and a CRM with two accounts: A1, which customer 1
links to, and A2, which no customer links to. The run is as of 2025-01-15, the selected year is 2025.

    estimate   account  type      term                      price    counts
    E1         A1       Service   2023-03-15 .. 2026-03-14  1000.00  333.33.. in 2023, 2024 and 2025
    E2         A1       Standard  2025-01-01 .. 2025-06-01   300.00  2025; at risk, ends in 137 days
    E3         A1       Standard  2025-01-01 .. 2025-06-15   100.00  2025; at risk, a duplicate of E2
    E4         A2       Standard  dated 2025-02-01           100.00  2025
    E5         none     Service   lost                        50.00  nowhere

    2025: A1 733.33 (88 %), A2 100.00 (project only); total 833.33.

    health of customer 1: (35 * 60 + 30 * 80 + 20 * 40 + 15 * 75) / 100 = 64.25, - 10 churn risk, + 5 renewal = 59.25
"""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa

from pipeline.contracts.contract import ExportContract
from pipeline.contracts.read_contracts import contracts_in_folder
from pipeline.drops.csv_file import write_csv
from pipeline.drops.parquet_file import write_parquet

ROOT = Path(__file__).resolve().parents[2]
EXPECTATIONS = ROOT / "expectations"
CONTRACTS = {contract.name: contract for contract in contracts_in_folder(ROOT / "models")}

AS_OF = datetime(2025, 1, 15)
DATA_AS_OF = datetime(2025, 1, 14, 12)
SETTINGS: dict[str, Any] = {
    "selected_year": 2025,
    "price_preference": "total_price",
    "revenue_includes_archived_estimates": True,
    "revenue_honours_exclude_stats": False,
    "segment_a_percent": 15,
    "segment_b_percent": 5,
    "at_risk_days": 180,
    "crm_organization_id": 1,
    "effort_window_days": 365,
    "communication_window_days": None,
    "notification_cache_minutes": 5,
    "neglected_days_ab": 30,
    "neglected_days": 90,
}
A2_ACCOUNT_ID = 500_000_000_000_000 + int(hashlib.md5(b"crm:A2").hexdigest()[:12], 16)

_SCRATCH = tempfile.TemporaryDirectory(prefix="drops-")

Row = dict[str, Any]
Rows = dict[str, list[Row]]


def money(text: str) -> Decimal:
    """Read an amount."""
    return Decimal(text)


FLAGS = [name for name in CONTRACTS["account_core"].arrow_schema.names if name.startswith("insight_")]


OWNERS_COUNTS = [field.name for field in CONTRACTS["account_owner_team"].arrow_schema if field.type == pa.int32()]


def _core(account_id: int, organization_id: int, **values: Any) -> Row:
    return {
        "account_id": account_id,
        "organization_id": organization_id,
        "extracted_at": AS_OF,
        "data_as_of": DATA_AS_OF,
        **values,
    }


def _customer(account_id: int, organization_id: int, **values: Any) -> Row:
    counts = ["total_activity", "stakeholders_count", "users_count"]
    counts += ["positive_sentiment", "neutral_sentiment", "negative_sentiment"]
    nothing = {**dict.fromkeys(FLAGS, False), **dict.fromkeys(counts, 0), "multi_threaded": False}
    return _core(account_id, organization_id, **{**nothing, **values})


def _keys(account_id: int, organization_id: int, **values: Any) -> Row:
    sources = {"link_method": "none", "revenue_source": "none", "renewal_date_source": "none", "status_source": "none"}
    return _core(account_id, organization_id, **{**sources, **values})


def _stakeholder(stakeholder_id: int, **values: Any) -> Row:
    counts = [
        field.name
        for field in CONTRACTS["stakeholder_fact"].arrow_schema
        if field.type == pa.int32() and field.name not in values
    ]
    flags = {"stakeholder_muted": False, "stakeholder_opted_out": False}
    person = {"stakeholder_id": stakeholder_id, **dict.fromkeys(counts, 0), **flags}
    return {**_no_stats(1), **person, **values}


def _no_stats(account_id: int) -> Row:
    return {"account_id": account_id, "extracted_at": AS_OF, "data_as_of": DATA_AS_OF}


def _stats(account_id: int, **values: Any) -> Row:
    counts = [
        field.name
        for field in CONTRACTS["account_communication_stats"].arrow_schema
        if field.type == pa.int32() and field.name not in values
    ]
    hours = ["meeting_time_hours", "team_meeting_time_hours", "owner_meeting_time_hours"]
    hours += ["team_effort_hours", "owner_effort_hours", "team_effort_cost"]
    nothing = {**dict.fromkeys(counts, 0), **dict.fromkeys(hours, Decimal("0.00"))}
    return {**_no_stats(account_id), **nothing, **values}


def _account(account_id: str, **values: Any) -> Row:
    return {
        "id": account_id,
        "account_type": "client",
        "status": "active",
        "tags": "[]",
        "archived": False,
        "is_archived": False,
        "is_customer": True,
        "is_prospect": False,
        "has_contacts": False,
        "has_completed_scorecard": False,
        "salespeople": "[]",
        "estimators": "[]",
        "is_at_risk": False,
        **values,
    }


def _estimate(estimate_id: str, account_id: str | None, price: str, **values: Any) -> Row:
    return {
        "id": estimate_id,
        "lmn_estimate_id": f"LMN-{estimate_id}",
        "account_id": account_id,
        "link_method": "account_id" if account_id else "none",
        "total_price": money(price),
        "price_used": money(price),
        "archived": False,
        "exclude_stats": False,
        "is_won": True,
        "outcome": "won",
        "price_fallback": False,
        "is_duration_typo": False,
        "reversed_dates": False,
        "in_crm": True,
        "in_lmn": False,
        "status": "Won",
        "source_rank": 1,
        "source_row": 2,
        **values,
    }


def _revenue(account_id: str, year: int, revenue: str, total: str, share: str, segment: str, estimates: int) -> Row:
    return {
        "account_id": account_id,
        "year": year,
        "revenue": money(revenue),
        "total": money(total),
        "share": money(share),
        "segment": segment,
        "estimates_count": estimates,
    }


def _member(organization_id: int, number: int, email: str, first: str | None, last: str) -> Row:
    return {
        "team_member_id": number,
        "organization_id": organization_id,
        "team_member_email": email,
        "team_member_name": f"{first or ''} {last}".strip(),
        "team_member_first_name": first,
        "team_member_last_name": last,
        "team_member_has_access": True,
        "team_member_excluded_from_analysis": False,
        "team_member_mailbox_connected": False,
        "extracted_at": AS_OF,
        "data_as_of": DATA_AS_OF,
    }


def _topic(organization_id: int, number: int, name: str, parent: int | None) -> Row:
    return {
        "topic_id": number,
        "organization_id": organization_id,
        "topic_name": name,
        "parent_topic_id": parent,
        "topic_created_at": datetime(2024, 1, 1),
        "extracted_at": AS_OF,
        "data_as_of": DATA_AS_OF,
    }


def _win_loss(
    organization_id: int,
    scope: str,
    key: str,
    year: int,
    *,
    won: tuple[int, str],
    lost: tuple[int, str] = (0, "0.00"),
    rates: str = "100.0 100.0 100.0",
) -> Row:
    return {
        "organization_id": organization_id,
        "scope": scope,
        "scope_key": key,
        "year": year,
        "total_estimates": won[0] + lost[0],
        "won_estimates": won[0],
        "lost_estimates": lost[0],
        "pending_estimates": 0,
        "total_value": money(won[1]) + money(lost[1]),
        "won_value": money(won[1]),
        "lost_value": money(lost[1]),
        "pending_value": money("0.00"),
        **dict(zip(("win_rate", "estimates_vs_won", "revenue_vs_won"), map(money, rates.split()), strict=True)),
        "extracted_at": AS_OF,
        "data_as_of": DATA_AS_OF,
    }


def whole_drop(organization_id: int = 1) -> Rows:
    """Return the rows of every export of the organization's drop."""
    at_risk = {
        "account_id": "A1",
        "account_name": "Acme",
        "renewal_date": date(2025, 6, 1),
        "days_until_renewal": 137,
        "expiring_estimate_id": "E2",
        "expiring_estimate_number": "N2",
        "division": "Snow",
        "address": "1  Main St",
        "has_duplicates": True,
        "revenue_segment": "A",
        "annual_revenue": money("733.33"),
        "estimate_value": money("300.00"),
    }
    lists = {
        "at-risk-accounts": [{"account_id": "A1", "account_name": "Acme", "days_until_renewal": 137}],
        "neglected-accounts": [{"account_id": "A1", "account_name": "Acme", "days_since_interaction": 41}],
    }
    duplicate = {
        "account_id": "A1",
        "division": "snow",
        "address": "1 main st",
        "estimate_ids": '["E2","E3"]',
    }
    return {
        "account_core": [
            _customer(
                1,
                organization_id,
                crm_id="C1",
                account_name="Acme",
                tier_id=1,
                tier_name="High",
                owner_id=7,
                status="active",
                revenue=money("5000.00"),
                renewal_date=date(2025, 6, 1),
                health_score=money("59.25"),
                health_score_label="Yellow",
                engagement_score=money("60.00"),
                engagement_score_label="Yellow",
                sentiment_score=money("80.00"),
                sentiment_score_label="Green",
                open_items_score=money("75.00"),
                open_items_score_label="Yellow",
                response_time_score=money("40.00"),
                response_time_score_label="Red",
                insight_churn_risk=True,
                lifecycle_event_qbr=datetime(2025, 1, 5, 9),
                lifecycle_event_renewal=datetime(2025, 1, 6),
                lifecycle_event_churn_risk=datetime(2025, 1, 2),
                next_qbr_date=date(2025, 2, 1),
                last_engagement=datetime(2025, 1, 12),
                last_reach_out=datetime(2025, 1, 10),
                last_touch=datetime(2025, 1, 12),
                last_touch_dm=datetime(2025, 1, 12),
                total_activity=7,
                stakeholders_count=2,
                users_count=1,
                multi_threaded=True,
                last_note='Said "later",\nthen left.',
                positive_sentiment=3,
                neutral_sentiment=4,
                negative_sentiment=1,
            ),
            _customer(2, organization_id, parent_account_id=1, account_name="Ünïcode & Söhne"),
            _core(
                A2_ACCOUNT_ID,
                organization_id,
                crm_id="A2",
                account_name="Beta",
                status="Archived",
                revenue=money("100.00"),
            ),
        ],
        "account_keys": [
            _keys(
                1,
                organization_id,
                crm_account_id="A1",
                lmn_crm_id="C1",
                link_method="lmn_crm_id",
                customers_on_crm_account=1,
                revenue_source="platform",
                platform_revenue=money("5000.00"),
                crm_revenue=money("733.33"),
                renewal_date_source="contract",
                contract_renewal_date=date(2025, 6, 1),
                status_source="platform",
            ),
            _keys(2, organization_id),
            _keys(
                A2_ACCOUNT_ID,
                organization_id,
                crm_account_id="A2",
                link_method="crm_only",
                customers_on_crm_account=0,
                revenue_source="crm",
                crm_revenue=money("100.00"),
                status_source="crm",
            ),
        ],
        "account_communication_stats": [
            _stats(
                1,
                total_emails=3,
                team_sent_emails=2,
                team_last_sent_email_date=datetime(2025, 1, 10),
                account_sent_emails=1,
                account_last_sent_email_date=datetime(2025, 1, 12),
                emails_sent_by_owner=1,
                team_email_response_time_hours=money("2.50"),
                email_last_touch_dm=datetime(2025, 1, 12),
                email_positive_sentiment=1,
                email_neutral_sentiment=1,
                email_negative_sentiment=1,
                email_provider="google",
                total_meetings=1,
                meeting_time_hours=money("1.50"),
                team_meeting_time_hours=money("3.00"),
                owner_meeting_time_hours=money("1.50"),
                owner_total_meetings=1,
                last_meeting_date=datetime(2025, 1, 5, 9),
                last_dm_meeting_date=datetime(2025, 1, 5, 9),
                next_meeting_date=datetime(2025, 2, 1),
                total_chat_messages=2,
                team_sent_chat_messages=1,
                team_last_sent_chat_date=datetime(2025, 1, 8, 7, 6, 5, 4000),
                account_sent_chat_messages=1,
                account_last_sent_chat_date=datetime(2025, 1, 7),
                chat_messages_sent_by_owner=1,
                last_dm_chat_date=datetime(2025, 1, 7),
                chat_positive_sentiment=1,
                chat_neutral_sentiment=1,
                submitted_tickets=1,
                ticket_comments=2,
                tickets_to_owner=1,
                last_ticket_opened_date=datetime(2025, 1, 3),
                team_effort_hours=money("5.00"),
                owner_effort_hours=money("2.00"),
                team_effort_cost=money("300.00"),
                efficiency_rate=money("0.0600"),
                time_frame_revenue=money("5000.00"),
            ),
            _stats(2),
            _no_stats(A2_ACCOUNT_ID),
        ],
        "accounts": [
            _account(
                "A1",
                lmn_crm_id="C1",
                name="Acme",
                tags='["client","snow"]',
                revenue_segment="A",
                segment_by_year='{"2023":"A","2024":"A","2025":"A"}',
                annual_revenue=money("733.33"),
                revenue_by_year='{"2023":333.33,"2024":333.33,"2025":733.33}',
                total_estimates_by_year='{"2023":1,"2024":1,"2025":3}',
                last_interaction_date=datetime(2024, 12, 5, 23, 59),
                days_since_last_interaction=41,
                is_at_risk=True,
                days_until_renewal=137,
            ),
            _account(
                "A2",
                name="Beta",
                status="Archived",
                is_archived=True,
                revenue_segment="D",
                segment_by_year='{"2025":"D"}',
                annual_revenue=money("100.00"),
                revenue_by_year='{"2025":100.00}',
                total_estimates_by_year='{"2025":1}',
            ),
        ],
        "estimates": [
            _estimate(
                "E1",
                "A1",
                "1000.00",
                estimate_type="Service",
                contract_start=date(2023, 3, 15),
                contract_end=date(2026, 3, 14),
                duration_months=36,
                contract_years=3,
                year_basis="contract_term",
                first_year=2023,
            ),
            _estimate(
                "E2",
                "A1",
                "300.00",
                estimate_number="N2",
                pipeline_status="Sold",
                status="open",
                estimate_type="Standard",
                contract_start=date(2025, 1, 1),
                contract_end=date(2025, 6, 1),
                duration_months=5,
                contract_years=1,
                year_basis="contract_term",
                first_year=2025,
                division="Snow",
                address="1  Main St",
                salesperson=" Ann",
            ),
            _estimate(
                "E3",
                "A1",
                "100.00",
                estimate_type="Standard",
                contract_start=date(2025, 1, 1),
                contract_end=date(2025, 6, 15),
                duration_months=6,
                contract_years=1,
                year_basis="contract_term",
                first_year=2025,
                division=" snow",
                address="1 main ST",
            ),
            _estimate(
                "E4",
                "A2",
                "100.00",
                estimate_type="Standard",
                estimate_date=date(2025, 2, 1),
                year_basis="estimate_date",
                first_year=2025,
            ),
            _estimate(
                "E5",
                None,
                "50.00",
                estimate_type="Service",
                status="Lost",
                is_won=False,
                outcome="lost",
                year_basis="selected_year",
                first_year=2025,
            ),
        ],
        "account_revenue_by_year": [
            _revenue("A1", 2023, "333.33", "333.33", "1.000000", "A", 1),
            _revenue("A1", 2024, "333.33", "333.33", "1.000000", "A", 1),
            _revenue("A1", 2025, "733.33", "833.33", "0.880000", "A", 3),
            _revenue("A2", 2025, "100.00", "833.33", "0.120000", "D", 1),
        ],
        "win_loss": [
            _win_loss(organization_id, "account", "A1", 2025, won=(2, "400.00")),
            _win_loss(organization_id, "account", "A1", 2026, won=(1, "1000.00")),
            _win_loss(organization_id, "account", "A2", 2025, won=(1, "100.00")),
            _win_loss(
                organization_id, "all", "all", 2025, won=(3, "500.00"), lost=(1, "50.00"), rates="75.0 75.0 90.9"
            ),
            _win_loss(organization_id, "all", "all", 2026, won=(1, "1000.00")),
            _win_loss(organization_id, "division", "Snow", 2025, won=(1, "300.00")),
            _win_loss(
                organization_id,
                "division",
                "Uncategorized",
                2025,
                won=(1, "100.00"),
                lost=(1, "50.00"),
                rates="50.0 50.0 66.7",
            ),
            _win_loss(organization_id, "division", "Uncategorized", 2026, won=(1, "1000.00")),
            _win_loss(organization_id, "division", "snow", 2025, won=(1, "100.00")),
            _win_loss(organization_id, "salesperson", "Ann", 2025, won=(1, "300.00")),
        ],
        "at_risk_accounts": [at_risk],
        "duplicate_at_risk_estimates": [
            {**duplicate, "id": "d1", "detected_at": datetime(2024, 1, 1), "resolved_at": datetime(2024, 2, 1)},
            {**duplicate, "id": "d2", "detected_at": AS_OF},
        ],
        "neglected_accounts": [
            {
                "account_id": "A1",
                "account_name": "Acme",
                "days_since_interaction": 41,
                "threshold_days": 30,
                "revenue_segment": "A",
                "annual_revenue": money("733.33"),
            }
        ],
        "notification_cache": [
            {
                "cache_key": key,
                "cache_data": json.dumps(
                    {"accounts": accounts, "count": len(accounts), "updated_at": "2025-01-15T00:00:00Z"},
                    separators=(",", ":"),
                    sort_keys=True,
                ),
                "expires_at": datetime(2025, 1, 15, 0, 5),
                "updated_at": AS_OF,
            }
            for key, accounts in lists.items()
        ],
        "insight_snapshot": sorted(
            (
                {
                    "account_id": account_id,
                    "organization_id": organization_id,
                    "insight_type": flag.removeprefix("insight_"),
                    "is_active": (account_id, flag) == (1, "insight_churn_risk"),
                    "first_detected_date": datetime(2025, 1, 1) if flag == "insight_churn_risk" else None,
                    "last_detected_date": datetime(2025, 1, 2) if flag == "insight_churn_risk" else None,
                    "extracted_at": AS_OF,
                    "data_as_of": DATA_AS_OF,
                }
                for account_id in (1, 2)
                for flag in FLAGS
            ),
            key=lambda row: (row["account_id"], row["insight_type"]),
        ),
        "stakeholder_fact": [
            _stakeholder(
                1,
                stakeholder_email="ann@acme.example",
                stakeholder_name="Ann",
                stakeholder_gs_role="Decision Maker",
                stakeholder_last_engagement=datetime(2025, 1, 12),
                stakeholder_last_reach_out=datetime(2025, 1, 10),
                stakeholder_last_received_email=datetime(2025, 1, 12),
                stakeholder_last_sent_email=datetime(2025, 1, 10),
                stakeholder_sent_emails=1,
                stakeholder_emails_positive=1,
                stakeholder_email_relationships=1,
                stakeholder_attended_meetings=1,
                stakeholder_accepted_meetings=1,
                stakeholder_invited_meetings=1,
                stakeholder_last_attended_meeting=datetime(2025, 1, 5, 9),
                stakeholder_next_scheduled_meeting=datetime(2025, 2, 1),
                stakeholder_attended_calls=1,
                stakeholder_accepted_calls=1,
                stakeholder_show_rate=money("100.00"),
                stakeholder_sent_chat_messages=1,
                stakeholder_chat_neutral=1,
                stakeholder_submitted_tickets=1,
                stakeholder_positive_items=1,
                stakeholder_neutral_items=2,
                stakeholder_sentiment_score=money("66.00"),
                stakeholder_sentiment="Yellow",
            ),
            _stakeholder(2, stakeholder_name="Bob"),
            _stakeholder(3, stakeholder_name="Cid", stakeholder_opted_out=True),
        ],
        "meeting_summary": [
            _core(
                1,
                organization_id,
                meeting_id=meeting_id,
                meeting_date=meeting_date,
                meeting_duration_minutes=minutes,
                meeting_organizer_email="owner@team.example",
                meeting_attendee_count=attending,
                meeting_internal_attendee_count=2,
                meeting_customer_attendee_count=attending - 2,
                meeting_summary="They renew." if attending > 2 else None,
            )
            for meeting_id, meeting_date, minutes, attending in (
                (1, datetime(2025, 1, 5, 9), 90, 3),
                (2, datetime(2025, 2, 1), 30, 2),
            )
        ],
        "account_owner_team": [
            {
                **_no_stats(1),
                "owner_id": 7,
                "owner_first_name": " Olga",
                "owner_last_name": "Wren",
                "owner_email": "owner@team.example",
                "owner_has_staircase_access": True,
                "owner_excluded_from_analysis": False,
                "owner_mailbox_connected": False,
                "owner_sent_emails": 1,
                "owner_received_emails": 1,
                "owner_emails_positive_sentiment": 0,
                "owner_emails_neutral_sentiment": 1,
                "owner_emails_negative_sentiment": 0,
                "owner_response_time_hours": money("2.50"),
                "owner_attended_meetings": 1,
                "owner_meetings_time_hours": money("1.50"),
                "owner_sent_messages": 1,
                "owner_assigned_tickets": 1,
                "owner_effort_hours": money("2.00"),
                "owner_owned_accounts_count": 1,
                "owner_owned_accounts_revenue": money("5000.00"),
            },
            {
                **_no_stats(2),
                **dict.fromkeys(OWNERS_COUNTS, 0),
                **dict.fromkeys(("owner_meetings_time_hours", "owner_effort_hours"), money("0.00")),
                "owner_owned_accounts_revenue": money("0.00"),
            },
            _no_stats(A2_ACCOUNT_ID),
        ],
        "team_dimension": [
            _member(organization_id, 7, "owner@team.example", " Olga", "Wren"),
            _member(organization_id, 8, "second@team.example", None, "Solo "),
        ],
        "topic_dimension": [_topic(organization_id, 1, "Snow", 2), _topic(organization_id, 2, "Winter", None)],
        "account_topic_fact": [
            {
                "account_id": 1,
                "topic_id": topic_id,
                "organization_id": organization_id,
                "topic_name": name,
                "parent_topic_name": parent,
                "topic_positive_sentiment": 1,
                "topic_neutral_sentiment": 1,
                "topic_negative_sentiment": 0,
                "topic_total_activity": 2,
                "topic_total_emails": 1,
                "topic_total_chat": 0,
                "topic_total_video": 1,
                "topic_total_tickets": 0,
                "extracted_at": AS_OF,
                "data_as_of": DATA_AS_OF,
            }
            for topic_id, name, parent in ((1, "Snow", "Winter"), (3, None, None))
        ],
        "lifecycle_event_history": [
            {
                "event_id": event_id,
                "account_id": 1,
                "organization_id": organization_id,
                "event_type": event_type,
                "event_date": event_date,
                "event_source": "email",
                "extracted_at": AS_OF,
                "data_as_of": DATA_AS_OF,
            }
            for event_id, event_type, event_date in (
                (1, "churn_risk", datetime(2025, 1, 2)),
                (2, "renewal", datetime(2025, 1, 6)),
                (3, "renewal", datetime(2024, 12, 6)),
            )
        ],
    }


def table_of(contract: ExportContract, rows: Sequence[Row]) -> pa.Table:
    """Make a table of rows by the contract; columns that a row does not name are null and declared nullable."""
    known = {column.name for column in contract.exported_columns}
    unknown = {name for row in rows for name in row} - known
    if unknown:
        raise KeyError(f"{contract.name} has no {sorted(unknown)}")
    columns = [pa.array([row.get(field.name) for row in rows], field.type) for field in contract.arrow_schema]
    fields = [
        field.with_nullable(field.nullable or values.null_count > 0)
        for field, values in zip(contract.arrow_schema, columns, strict=True)
    ]
    return pa.table(columns, schema=pa.schema(fields))


def write_export(folder: Path, export: str, table: pa.Table, csv: pa.Table | None = None) -> None:
    """Write both files of an export; `csv` gives the CSV other contents."""
    folder.mkdir(parents=True, exist_ok=True)
    write_parquet(table, folder / f"{export}.parquet")
    write_csv(table if csv is None else csv, folder / f"{export}.csv")


def write_drop(folder: Path, rows: Mapping[str, Sequence[Row]]) -> Path:
    """Write the drop of one organization into `folder`."""
    folder.mkdir(parents=True)
    for export, contract in CONTRACTS.items():
        written = _written(contract, rows[export])
        for suffix in ("parquet", "csv"):
            shutil.copyfile(written / f"{contract.name}.{suffix}", folder / f"{contract.name}.{suffix}")
    return folder


def _written(contract: ExportContract, rows: Sequence[Row]) -> Path:
    """Write an export once per content, because most drops differ in one or two exports only."""
    folder = Path(_SCRATCH.name) / hashlib.sha256(f"{contract.name} {rows}".encode()).hexdigest()
    if not folder.exists():
        write_export(folder, contract.name, table_of(contract, rows))
    return folder


def change(export: str, key: Mapping[str, Any], **values: Any) -> Callable[[Rows], None]:
    """Change some columns of the one row that has this key."""

    def apply(rows: Rows) -> None:
        (row,) = [row for row in rows[export] if all(row[name] == value for name, value in key.items())]
        row.update(values)

    return apply


def remove(export: str, key: Mapping[str, Any]) -> Callable[[Rows], None]:
    """Remove the one row that has this key."""

    def apply(rows: Rows) -> None:
        (row,) = [row for row in rows[export] if all(row[name] == value for name, value in key.items())]
        rows[export].remove(row)

    return apply
