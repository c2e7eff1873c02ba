"""A company of six accounts and one customer: an estimate for each rule of renewals, an account for each segment."""

from __future__ import annotations

import csv
from pathlib import Path

from pipeline.explain.explanation import Explanation, choose_columns, explain_columns
from pipeline.explain.identity import find_account
from pipeline.explain.queries import Queries

ACCOUNTS = [
    {"id": "busy", "name": "Busy"},
    {"id": "large", "name": "Large"},
    {"id": "archived", "name": "Archived", "status": "archived"},
    {"id": "snoozed", "name": "Snoozed"},
    {"id": "project", "name": "Project"},
    {"id": "credit", "name": "Credit"},
]
BOTH = {"division": "Snow", "address": "1 Main St"}
ESTIMATES = [
    {"id": "later", "account_id": "busy", "contract_end": "2025-07-14"},
    {"id": "first", "account_id": "busy", "contract_end": "2025-03-01"},
    {"id": "same-day", "account_id": "busy", "contract_end": "2025-03-01"},
    {"id": "renewed", "account_id": "busy", "contract_end": "2025-02-01", **BOTH},
    {"id": "renewal", "account_id": "busy", "contract_end": "2026-02-01", "division": "SNOW ", "address": "1  main st"},
    {"id": "past", "account_id": "busy", "contract_end": "2025-01-14"},
    {"id": "lost", "account_id": "busy", "contract_end": "2025-03-01", "status": "lost"},
    {"id": "endless", "account_id": "busy", "contract_end": "", "estimate_date": "2024-05-01"},
    {"id": "hidden", "account_id": "busy", "contract_end": "2025-02-01", "archived": "true"},
    {"id": "of-archived", "account_id": "archived", "contract_end": "2025-03-01"},
    {"id": "of-snoozed", "account_id": "snoozed", "contract_end": "2025-03-01"},
    {"id": "only", "account_id": "project", "contract_end": "2023-03-01", "estimate_type": "Standard"},
    {"id": "refund", "account_id": "credit", "contract_end": "2025-03-01", "total_price": "-5"},
    {"id": "most", "account_id": "large", "contract_end": "2025-12-01", "total_price": "9392.50"},
]
DEFAULTS = {"status": "won", "total_price": "100", "estimate_type": "Service"}
SNOOZES = [
    {
        "id": "s1",
        "notification_type": "renewal_reminder",
        "related_account_id": "snoozed",
        "snoozed_until": "2025-01-15T00:00:01Z",
    }
]
CUSTOMERS = [{"id": "7", "organization_id": "1", "crm_id": "busy", "name": "Busy Corp", "owner": "5"}]
USERS = [{"id": "5", "organization_id": "1", "email": "owner@example.com", "hourly_cost": "3600"}]
_MEETING = {"organization_id": "1", "customer_id": "7", "status": "confirmed", "start_time": "2025-01-10T12:00:00Z"}
MEETINGS = [
    {**_MEETING, "id": "1", "end_time": "2025-01-10T12:00:09.5Z"},
    {**_MEETING, "id": "2", "end_time": "2025-01-10T12:00:08.5Z"},
]
ATTENDEES = [{"organization_id": "1", "event_id": meeting["id"], "user_id": "5"} for meeting in MEETINGS]


def write(path: Path, rows: list[dict[str, str]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    names = list(dict.fromkeys(name for row in rows for name in row))
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, names, restval="")
        writer.writeheader()
        writer.writerows(rows)


def write_company(sources: Path) -> None:
    """Write the company's tables; the platform has one customer with two meetings and no messages."""
    numbered = [{"lmn_estimate_id": f"EST{n}", **DEFAULTS, **row} for n, row in enumerate(ESTIMATES)]
    write(sources / "crm/accounts.csv", ACCOUNTS)
    write(sources / "crm/estimates.csv", numbered)
    write(sources / "crm/notification_snoozes.csv", SNOOZES)
    write(sources / "platform/customer.csv", CUSTOMERS)
    write(sources / "platform/users.csv", USERS)
    write(sources / "platform/calendar_event_prop.csv", MEETINGS)
    write(sources / "platform/calendar_event_attendee.csv", ATTENDEES)


def explain(company: Queries, account: str, column: str) -> Explanation:
    found = find_account(company.identities(), account, None)
    return explain_columns(company, found, choose_columns(column, company.manifest), is_story=True)
