"""Writes a company week by week: a folder per week, named after its `as_of`, with lmn/, crm/ and platform/ as CSV."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Final

from pipeline.common.errors import WarehouseError
from pipeline.ingest.schema import SourceTable
from pipeline.ingest.tables import SOURCE_TABLES, source_table
from pipeline.sample.draw import names
from pipeline.sample.files.tables import write_csv
from pipeline.sample.weeks.company import WARM_UP_WEEKS, Account, Company, Estimate, Row

MIN_ACCOUNTS: Final = 40
MOST_WEEKS: Final = 520
FIRST_WEEK: Final = datetime(2025, 1, 8)
"""The `as_of` of the first week that is written, UTC."""
_USERS: Final = (("Marta", "Olson"), ("Ben", "Castillo"), ("Priya", "Shah"), ("Jonas", "Weber"))


def write_weeks(out: Path, accounts: int, seed: int, weeks: int) -> list[Path]:
    """Write `weeks` weekly versions of a company that begins with `accounts` accounts; return their folders.

    WarehouseError if the folder is not empty, or a number is out of range.
    """
    if out.is_dir() and any(out.iterdir()):
        raise WarehouseError("the folder is not empty", where=str(out), remedy="name a new folder, or remove this one")
    if accounts < MIN_ACCOUNTS:
        raise WarehouseError(f"{accounts} accounts are too few", remedy=f"give {MIN_ACCOUNTS} or more")
    if not 1 <= weeks <= MOST_WEEKS:
        raise WarehouseError(f"can't write {weeks} weeks", where="--weeks", remedy=f"give 1 to {MOST_WEEKS}")
    company = Company(accounts, seed, FIRST_WEEK - timedelta(weeks=WARM_UP_WEEKS + 1))
    for _ in range(WARM_UP_WEEKS):
        company.live_a_week()
    folders = []
    for _ in range(weeks):
        company.live_a_week()
        folders.append(out / f"{company.today:%Y-%m-%d}")
        _write_week(folders[-1], company)
    return folders


def _write_week(folder: Path, company: Company) -> None:
    for name, rows in _tables(company).items():
        source, table = name.split(".")
        (folder / source).mkdir(parents=True, exist_ok=True)
        _write(folder / source / f"{table}.csv", source_table(source, table), rows)


def _write(path: Path, table: SourceTable, rows: Iterable[Row]) -> None:
    headers = {column.name: column.headers[0] for column in table.columns}
    write_csv(
        path, list(headers.values()), ({headers[name]: _text(value) for name, value in row.items()} for row in rows)
    )


def _text(value: object) -> str | None:
    if value is None:
        return None
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%dT%H:%M:%SZ")
    return value.isoformat() if isinstance(value, date) else str(value)


def _tables(company: Company) -> dict[str, list[Row]]:
    """Return the rows of all tables of the company."""
    crm_side = [account for account in company.accounts if account.organization_id == 1]
    tables: dict[str, list[Row]] = {
        "lmn.estimates_list": [_estimate(estimate) for estimate in company.estimates],
        "lmn.contacts_export": [_contact(account) for account in crm_side],
        "crm.accounts": [_crm_account(account, company.today) for account in crm_side],
        "crm.notification_snoozes": [_snooze(account) for account in crm_side if account.snoozed_until],
        "platform.customer": [_customer(account) for account in company.accounts],
        "platform.tier": _named(("Gold", "Silver", "Bronze")),
        "platform.customer_journey": _named(("Onboarding", "Adoption")),
        "platform.users": [
            _user(organization, number, person) for organization in (1, 2) for number, person in enumerate(_USERS, 1)
        ],
        "platform.stakeholder": [row for account in company.accounts for row in _stakeholders(account)],
        "platform.insight": company.insights,
        "platform.note": [_note(account) for account in company.accounts],
    }
    for name, rows in company.events.items():
        tables[f"platform.{name}"] = rows
    known = {table.shown_name for table in SOURCE_TABLES}
    assert set(tables) <= known, set(tables) - known
    return tables


def _estimate(estimate: Estimate) -> Row:
    return {
        "lmn_estimate_id": f"EST{700_000 + estimate.number}",
        "estimate_type": "Service",
        "estimate_date": estimate.created,
        "contract_start": estimate.start,
        "contract_end": estimate.end,
        "contact_name": estimate.account.name,
        "crm_link": _lmn_id(estimate.account),
        "project_name": estimate.division,
        "address": estimate.account.address,
        "salesperson": ("Marta Olson", "Ben Castillo", "Priya Shah")[estimate.account.number % 3],
        "status": estimate.status,
        "division": estimate.division,
        "total_price": f"{estimate.price / 100:.2f}",
        "archived": False,
        "exclude_stats": False,
    }


def _lmn_id(account: Account) -> str:
    return str(8_100_000 + account.number)


def _contact(account: Account) -> Row:
    first, last = names.person(account.number, account.number * 7)
    return {
        "lmn_crm_id": _lmn_id(account),
        "lmn_contact_id": str(8_600_000 + account.number),
        "name": account.name,
        "account_type": "Client",
        "classification": "Commercial",
        "archived": False,
        "primary_contact": True,
        "first_name": first,
        "last_name": last,
        "email_1": f"contact{account.number}@example.com",
        "address_1": account.address,
    }


def _crm_account(account: Account, today: datetime) -> Row:
    return {
        "id": f"acc-{account.number}",
        "lmn_crm_id": _lmn_id(account),
        "name": account.name,
        "account_type": "customer",
        "status": account.status,
        "tags": '["Customer"]',
        "archived": account.churned is not None and (today.date() - account.churned).days > 90,
        "last_interaction_date": account.last_interaction,
        "icp_status": "required",
        "address_1": account.address,
        "city": "Northfield",
        "state": "MN",
        "postal_code": "55057",
        "country": "US",
        "created_date": account.since,
        "created_at": account.since,
        "updated_at": account.changed,
    }


def _snooze(account: Account) -> Row:
    return {
        "id": f"snooze-{account.number}",
        "notification_type": "renewal_reminder",
        "related_account_id": f"acc-{account.number}",
        "snoozed_until": account.snoozed_until,
    }


def _customer(account: Account) -> Row:
    return {
        "organization_id": account.organization_id,
        "id": account.number + 1,
        "crm_id": _lmn_id(account) if account.organization_id == 1 else None,
        "app_id": f"app-{account.number}",
        "name": account.name,
        "domain": f"customer{account.number}.example.com",
        "tier_id": account.tier,
        "owner": account.owner,
        "status": account.status,
        "journey_id": 1 + account.number % 2,
        "revenue": f"{1000 + account.number * 250}.00" if account.number % 3 else None,
        "churn_date": account.churned,
        "updated_at": account.changed,
    }


def _named(given: tuple[str, ...]) -> list[Row]:
    return [
        {"organization_id": organization, "id": number, "name": name}
        for organization in (1, 2)
        for number, name in enumerate(given, 1)
    ]


def _user(organization_id: int, number: int, person: tuple[str, str]) -> Row:
    first, last = person
    return {
        "organization_id": organization_id,
        "id": number,
        "email": f"{first.lower()}@company.example.com",
        "first_name": first,
        "last_name": last,
        "title": "Account manager",
        "department": "Sales",
        "state": "active",
        "excluded": False,
        "hourly_cost": "55.00",
    }


def _stakeholders(account: Account) -> list[Row]:
    return [
        {
            "organization_id": account.organization_id,
            "id": account.number * 2 + at,
            "customer_id": account.number + 1,
            "email": f"person{at}@customer{account.number}.example.com",
            "name": " ".join(names.person(account.number + at, account.number * 3 + at)),
            "role": ("Decision Maker", "Champion")[at - 1],
            "muted": False,
            "opted_out": False,
        }
        for at in (1, 2)
    ]


def _note(account: Account) -> Row:
    return {
        "organization_id": account.organization_id,
        "id": account.number + 1,
        "customer_id": account.number + 1,
        "created_at": account.since,
        "author_id": account.owner,
        "body": "Likes to be called in the morning.",
    }
