"""All source tables with their columns, types and keys (spec: source-schema, lmn-format).

This module only contains data. `headers.py` matches headers, `cells.py` reads cells.
"""

from __future__ import annotations

from typing import Final

from pipeline.ingest.schema import Column, Kind, SourceTable


def _column(text: str) -> Column:
    """Parse `name kind` into a column; a star after the name marks a required one."""
    name, kind = text.split()
    return Column(name.rstrip("*"), Kind(kind), required=name.endswith("*"))


def _columns(text: str) -> tuple[Column, ...]:
    """Parse a comma list of `name kind` into columns; a star after a name marks a required one."""
    return tuple(_column(part) for part in text.split(",") if part.strip())


def _lmn(name: str, kind: Kind, *headers: str, required: bool = False) -> Column:
    return Column(name, kind, required, aliases=headers)


def _snake(header: str) -> str:
    return header.lower().replace(".", "").replace(" ", "_")


def _plain(kind: Kind, *headers: str) -> tuple[Column, ...]:
    """Make LMN columns whose name is their header in snake case."""
    return tuple(_lmn(_snake(header), kind, header) for header in headers)


LMN_TABLES: Final = (
    SourceTable(
        "lmn",
        "estimates_list",
        (
            _lmn(
                "lmn_estimate_id",
                Kind.KEY,
                "Estimate ID",
                "Estimate #",
                "Estimate Number",
                required=True,
            ),
            *_plain(Kind.TRIMMED, "Estimate Type"),
            *_plain(Kind.DATE, "Estimate Date"),
            _lmn("estimate_close_date", Kind.DATE, "Estimate Close Date", "Close Date"),
            _lmn("contract_start", Kind.DATE, "Contract Start", "Contract Start Date"),
            _lmn("contract_end", Kind.DATE, "Contract End", "Contract End Date", "Renewal Date"),
            *_plain(Kind.TRIMMED, "Project Name", "Version", "Contact Name"),
            _lmn("crm_link", Kind.KEY, "Contact ID"),
            _lmn("crm_tags", Kind.TAGS, "CRM Tags"),
            *_plain(Kind.TRIMMED, "Address", "Billing Address"),
            *_plain(Kind.CODE, "Phone 1", "Phone 2"),
            *_plain(Kind.TRIMMED, "Email"),
            *_plain(Kind.TRIMMED, "Salesperson", "Estimator", "Status"),
            _lmn("pipeline_status", Kind.TRIMMED, "Sales Pipeline Status"),
            *_plain(Kind.DATE, "Proposal First Shared", "Proposal Last Shared", "Proposal Last Updated"),
            *_plain(Kind.TRIMMED, "Division", "Referral"),
            _lmn("referral_note", Kind.TRIMMED, "Ref. Note"),
            *_plain(Kind.NUMBER, "Confidence Level"),
            *_plain(Kind.BOOL, "Archived", "Exclude Stats"),
            *_plain(Kind.MONEY, "Material Cost", "Material Price", "Labor Cost", "Labor Price"),
            *_plain(Kind.NUMBER, "Labor Hours"),
            *_plain(Kind.MONEY, "Equipment Cost", "Equipment Price", "Other Costs", "Other Price"),
            *_plain(Kind.MONEY, "Sub Costs", "Sub Price", "Total Price", "Total Price With Tax", "Total Cost"),
            *_plain(Kind.MONEY, "Total Overhead", "Breakeven", "Total Profit", "Predicted Sales"),
        ),
        key=("lmn_estimate_id",),
        row_numbers=True,
        recognised_by=(("Estimate ID",), ("Estimate #",), ("Estimate Number",)),
    ),
    SourceTable(
        "lmn",
        "leads_list",
        (
            _lmn("lead_name", Kind.TRIMMED, "Lead Name", required=True),
            *_plain(Kind.TRIMMED, "First Name", "Last Name", "Position", "Address 1", "Address 2", "City", "State"),
            _lmn("postal_code", Kind.CODE, "Zip", "Postal Code"),
            *_plain(Kind.TRIMMED, "Country"),
            *_plain(Kind.CODE, "Phone 1", "Phone 2"),
            *_plain(Kind.TRIMMED, "Email 1", "Email 2", "Notes", "Type"),
            *_plain(Kind.DATE, "Created"),
            *_plain(Kind.TRIMMED, "Classification"),
            _lmn("do_not_email", Kind.BOOL, "DoNotEmail", "Do Not Email"),
            _lmn("do_not_mail", Kind.BOOL, "DoNotMail", "Do Not Mail"),
            _lmn("do_not_call", Kind.BOOL, "DoNotCall", "Do Not Call"),
            _lmn("custom_client_id", Kind.KEY, "CustomClientID", "Custom Client ID"),
            _lmn("referral_source", Kind.TRIMMED, "ReferralSource", "Referral Source"),
            *_plain(Kind.TRIMMED, "Billing Contact"),
            *_plain(Kind.BOOL, "Send SMS"),
        ),
        key=(),
        row_numbers=True,
        recognised_by=(("Lead Name",),),
    ),
    SourceTable(
        "lmn",
        "jobsite_export",
        (
            _lmn("crm_link", Kind.KEY, "Contact ID"),
            *_plain(Kind.TRIMMED, "Contact Name"),
            _lmn("jobsite_id", Kind.KEY, "Jobsite ID", required=True),
            *_plain(Kind.TRIMMED, "Jobsite Name", "Address 1", "Address 2", "City"),
            _lmn("state", Kind.TRIMMED, "Province", "State"),
            _lmn("postal_code", Kind.CODE, "Postal Code", "Zip"),
            *_plain(Kind.TRIMMED, "Country", "Notes"),
        ),
        key=("jobsite_id",),
        row_numbers=True,
        recognised_by=(("Jobsite ID",),),
    ),
    SourceTable(
        "lmn",
        "contacts_export",
        (
            _lmn("lmn_crm_id", Kind.KEY, "CRM ID", "Crm Id", "CRM_ID", "CrmId", required=True),
            _lmn("lmn_contact_id", Kind.KEY, "Contact ID"),
            _lmn(
                "name",
                Kind.TRIMMED,
                "CRM Name",
                "CRM_NAME",
                "CrmName",
                "Account Name",
                required=True,
            ),
            _lmn("account_type", Kind.TRIMMED, "Type"),
            *_plain(Kind.TRIMMED, "Classification"),
            *_plain(Kind.TAGS, "Tags"),
            *_plain(Kind.BOOL, "Archived"),
            _lmn("primary_contact", Kind.BOOL, "PrimaryContact", "Primary Contact"),
            *_plain(Kind.TRIMMED, "First Name", "Last Name"),
            *_plain(Kind.CODE, "Phone 1", "Phone 2"),
            *_plain(Kind.TRIMMED, "Email 1", "Email 2", "Notes"),
            *_plain(Kind.TRIMMED, "Address 1", "Address 2", "City", "State"),
            _lmn("postal_code", Kind.CODE, "Zip", "Postal Code"),
            *_plain(Kind.TRIMMED, "Country"),
        ),
        key=(),
        row_numbers=True,
        recognised_by=(("CRM ID", "Contact ID"),),
    ),
)

CRM_TABLES: Final = (
    SourceTable(
        "crm",
        "accounts",
        _columns(
            "id* key, lmn_crm_id key, name* text, account_type text, status text, revenue_segment text,"
            "annual_revenue money, organization_score score, tags tags, archived bool, last_interaction_date timestamp,"
            "renewal_date timestamp, snoozed_until timestamp, icp_status text, address_1 text, address_2 text,"
            "city text, state text, postal_code code, country text, created_date timestamp, created_at timestamp,"
            "updated_at timestamp"
        ),
        key=("id",),
        unique=("lmn_crm_id",),
        row_numbers=True,
    ),
    SourceTable(
        "crm",
        "estimates",
        _columns(
            "id* key, lmn_estimate_id key, estimate_number key, estimate_type text, estimate_date date,"
            "estimate_close_date date, contract_start date, contract_end date, project_name text, version text,"
            "account_id key, contact_id key, lmn_contact_id key, status text, pipeline_status text, total_price money,"
            "total_price_with_tax money, division text, address text, archived bool, exclude_stats bool,"
            "salesperson text, estimator text, created_date date, created_at timestamp, updated_at timestamp"
        ),
        key=("id",),
        unique_rows=("lmn_estimate_id",),
        row_numbers=True,
    ),
    SourceTable(
        "crm",
        "contacts",
        _columns(
            "id* key, account_id key, lmn_contact_id key, first_name text, last_name text, email_1 text, phone_1 code"
        ),
        key=("id",),
        row_numbers=True,
    ),
    SourceTable(
        "crm",
        "scorecards",
        _columns("id* key, account_id* key, score score, completed_date timestamp"),
        key=("id",),
    ),
    SourceTable(
        "crm",
        "notification_snoozes",
        _columns("id* key, notification_type* text, related_account_id key, snoozed_until timestamp"),
        key=("id",),
    ),
    SourceTable("crm", "profiles", _columns("id* key, selected_year year"), key=("id",)),
)

_DIRECTIONS: Final = ("team", "account")


def _platform(
    name: str,
    columns: str,
    key: tuple[str, ...] = ("id",),
    one_of: tuple[str, ...] = (),
    **allowed: tuple[str, ...],
) -> SourceTable:
    """Make a table of the customer-success platform. Its key includes the tenant, so tenants' rows never collide."""
    read = _columns(f"organization_id* id, {columns}")
    checked = tuple(
        Column(c.name, c.kind, c.required, c.aliases, allowed[c.name]) if c.name in allowed else c for c in read
    )
    return SourceTable("platform", name, checked, key=("organization_id", *key), one_of=one_of)


PLATFORM_TABLES: Final = (
    _platform(
        "customer",
        "id* id, crm_id key, app_id key, name text, domain text, parent_id id, tier_id id, owner id, status text,"
        "status_detail text, journey_id id, revenue money, renewal date, contract_start_date date, churn_date date,"
        "updated_at timestamp",
    ),
    _platform("tier", "id* id, name text"),
    _platform("customer_journey", "id* id, name text"),
    _platform(
        "users",
        "id* id, email* text, first_name text, last_name text, title text, department text, crm_id key, state text,"
        "excluded bool, hourly_cost rate",
    ),
    _platform(
        "stakeholder",
        "id* id, customer_id* id, email text, name text, title text, crm_id key, type text, role text,"
        "touch_frequency text, muted bool, opted_out bool",
    ),
    _platform(
        "insight",
        "id* id, data_ref* id, type* text, is_active bool, created_at* timestamp, last_detected_at timestamp,"
        "resolved_at timestamp, source text, context text",
    ),
    _platform(
        "ai_expansion_opportunities",
        "id* id, customer_id* id, expansion_summary text, readiness_level text, churn_risk_summary text,"
        "created_at* timestamp",
    ),
    _platform("ai_summary", "id* id, customer_id* id, event_id id, kind* text, summary text, created_at* timestamp"),
    _platform(
        "email_prop",
        "id* id, customer_id* id, thread_id* id, sent_at* timestamp, direction* text, user_id id, stakeholder_id id,"
        "sentiment text",
        direction=_DIRECTIONS,
    ),
    _platform(
        "calendar_event_prop",
        "id* id, customer_id* id, start_time* timestamp, end_time timestamp, status text, kind text,"
        "organizer_email text, title text",
    ),
    _platform(
        "calendar_event_attendee",
        "event_id* id, user_id id, stakeholder_id id, response text, attended bool",
        key=("event_id", "user_id", "stakeholder_id"),
        one_of=("user_id", "stakeholder_id"),
    ),
    _platform(
        "chat_message",
        "id* id, customer_id* id, conversation_id* id, sent_at* timestamp, direction* text, user_id id,"
        "stakeholder_id id, sentiment text",
        direction=_DIRECTIONS,
    ),
    _platform(
        "ticket",
        "id* id, customer_id* id, opened_at* timestamp, closed_at timestamp, status text, requester_id id,"
        "assignee_id id, sentiment text",
    ),
    _platform(
        "ticket_comment",
        "id* id, ticket_id* id, customer_id* id, created_at* timestamp, direction* text, user_id id,"
        "stakeholder_id id, sentiment text",
        direction=_DIRECTIONS,
    ),
    _platform("note", "id* id, customer_id* id, created_at* timestamp, author_id id, body text"),
    _platform(
        "user_api_token",
        "id* id, user_id* id, kind* text, provider* text, active bool, updated_at timestamp",
    ),
    _platform("topic", "id* id, name* text, parent_id id, description text, created_at timestamp"),
    _platform(
        "topic_mention",
        "id* id, customer_id* id, topic_id* id, channel text, sentiment text, occurred_at* timestamp",
    ),
)

SOURCE_TABLES: Final = (*LMN_TABLES, *CRM_TABLES, *PLATFORM_TABLES)


def source_table(source: str, name: str) -> SourceTable:
    """Return the table `name` of `source`; KeyError if there is none."""
    for table in SOURCE_TABLES:
        if (table.source, table.name) == (source, name):
            return table
    raise KeyError(f"{source}.{name}")
