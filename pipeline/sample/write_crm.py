"""Writes the CRM's six tables of a sample as CSV, like an export from its database with the usual faults.

The CRM has most of LMN's accounts (imported, some corrected by hand), some of its own, and a quarter of the estimates.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from pipeline.ingest.tables import source_table
from pipeline.sample.crm_estimates import crm_estimates, crm_instant
from pipeline.sample.draw.estimates import Estimates
from pipeline.sample.draw.population import CAST, Account, Population
from pipeline.sample.draw.roles import Role
from pipeline.sample.files.tables import Row, write_csv

_TYPES: Final = ("customer", "client", "prospect", "lead", "Customer", "renewal", "churned")
_STATUSES: Final = ("active", "active", "active", "negotiating", "onboarding", "at_risk", "churned")
_TAGS: Final = (
    '["client", "VIP"]',
    '{client,"large lawn"}',
    "Lead, snow",
    "[]",
    "",
    None,
    "Customer",
    "{}",
    '["Prospect"]',
)
_DAY: Final = timedelta(days=1)
_LAST_INTERACTION: Final = {
    Role.FLAGSHIP: 30 * _DAY,
    Role.WHOLE_YEARS: 30 * _DAY,
    Role.LARGE: 30 * _DAY + timedelta(hours=1),
    Role.SECOND_LARGE: 31 * _DAY,
    Role.ENDS_TODAY: 90 * _DAY,
    Role.ENDS_IN_180_DAYS: 90 * _DAY + timedelta(seconds=1),
    Role.ENDS_IN_181_DAYS: None,
    Role.ARCHIVED_ACCOUNT: 400 * _DAY,
    Role.DUPLICATES: 400 * _DAY,
    Role.SNOOZED: 400 * _DAY,
    Role.SNOOZE_OVER: 400 * _DAY,
    Role.SNOOZED_FOR_SOMETHING_ELSE: 400 * _DAY,
    Role.NO_EVENTS: -3 * _DAY,
}
"""How long before the run's instant the last contact with accounts of the cast was; None if there was none."""
_TRUE: Final = ("true", "yes", "1", "t", "x", "Y")
_FALSE: Final = ("false", "no", "0", "", "FALSE", None)


def write_crm(folder: Path, population: Population, estimates: Estimates) -> dict[str, int]:
    """Write the six tables into `folder`; return their row counts, including rows that ingest rejects."""
    folder.mkdir(parents=True, exist_ok=True)
    tables: dict[str, Iterator[Row]] = {
        "accounts": _accounts(population),
        "estimates": crm_estimates(population, estimates),
        "contacts": _contacts(population),
        "scorecards": _scorecards(population),
        "notification_snoozes": _snoozes(population),
        "profiles": _profiles(population),
    }
    return {
        f"crm.{name}": write_csv(folder / f"{name}.csv", [c.name for c in source_table("crm", name).columns], made)
        for name, made in tables.items()
    }


def _known(population: Population) -> list[tuple[Account, str]]:
    """Return the accounts in the CRM's database, with their ids there."""
    return [(account, account.crm_account_id) for account in population.accounts if account.crm_account_id is not None]


def _accounts(population: Population) -> Iterator[Row]:
    random, as_of = population.random(2, 1), population.as_of
    known = _known(population)
    draws = random.integers(0, 1 << 30, (len(known), 8)).tolist()
    for (account, account_id), draw in zip(known, draws, strict=True):
        site, number = account.sites[0], account.number
        created = as_of - timedelta(days=400 + draw[0] % 900, seconds=draw[1] % 86_400)
        archived = number >= CAST and draw[2] % 20 == 0
        row: Row = {
            "id": account_id,
            "lmn_crm_id": account.lmn_crm_id,
            "name": account.name.upper() if draw[3] % 40 == 0 else account.name,
            "account_type": _TYPES[draw[4] % len(_TYPES)],
            "status": "archived" if archived and draw[2] % 40 == 0 else _STATUSES[draw[5] % len(_STATUSES)],
            "revenue_segment": "ABCD"[draw[6] % 4] if draw[6] % 5 else None,
            "annual_revenue": f"{draw[7] % 9_000_000 / 100:.2f}" if draw[7] % 3 else None,
            "organization_score": str(draw[3] % 101) if draw[3] % 3 else None,
            "tags": _TAGS[draw[1] % len(_TAGS)],
            "archived": (_TRUE if archived else _FALSE)[draw[0] % 6],
            "last_interaction_date": crm_instant(as_of - timedelta(hours=draw[6] % 9_000), draw[6])
            if draw[5] % 8
            else None,
            "renewal_date": crm_instant(as_of.replace(hour=0, minute=0, second=0) + timedelta(days=draw[4] % 700 - 200))
            if draw[4] % 2
            else None,
            "icp_status": "na" if account.kind == "home" else "required",
            "address_1": site.address,
            "city": site.city,
            "state": site.state,
            "postal_code": site.postal_code,
            "country": "US",
            "created_date": crm_instant(created, draw[0]),
            "created_at": crm_instant(created, draw[1]),
            "updated_at": crm_instant(created + timedelta(hours=draw[2] % 9_000), draw[2]),
        }
        if account.number < CAST:
            row |= _cast_account(account, as_of)
        yield row
    yield from _faulty_accounts(population)


def _cast_account(account: Account, as_of: datetime) -> Row:
    """Return the values that replace the drawn ones in an account of the cast."""
    own: Row = {"archived": "false", "status": "active", "account_type": "customer", "name": account.name}
    role = Role(account.number)
    if role in _LAST_INTERACTION:
        ago = _LAST_INTERACTION[role]
        own |= {"last_interaction_date": None if ago is None else crm_instant(as_of - ago)}
        own |= {"icp_status": " NA " if role is Role.DUPLICATES else "required"}
    match account.number:
        case Role.ARCHIVED_ACCOUNT:
            own |= {"archived": "yes"}
        case Role.ARCHIVED_BY_STATUS:
            own |= {"status": " Archived "}
        case Role.SNOOZED:
            own |= {"snoozed_until": crm_instant(as_of + timedelta(days=17))}
        case Role.PROJECTS_ONLY:
            own |= {"account_type": "prospect", "tags": "{Customer}", "revenue_segment": "A"}
        case Role.NO_DATES:
            own |= {"account_type": None, "status": None, "archived": None, "tags": '["LEAD","a \\"quoted\\" tag"]'}
        case Role.FLAGSHIP:
            own |= {"revenue_segment": "C", "annual_revenue": "1.00", "organization_score": "97.5"}
        case Role.ODD_TEXTS:
            own |= {"name": '=Château "Bel-Air", Gärten & Söhne', "address_1": "1 Main St\nRear entrance"}
    return own


def _faulty_accounts(population: Population) -> Iterator[Row]:
    """Yield rows that ingest rejects or nulls a cell of."""
    as_of, cast = population.as_of, population.cast
    twice = cast[Role.KNOWN_TO_BOTH]
    yield {"id": "acc-faulty-1", "name": None, "account_type": "prospect", "updated_at": crm_instant(as_of)}
    yield {"id": None, "name": "Row without an id", "updated_at": crm_instant(as_of)}
    yield {
        "id": twice.crm_account_id,
        "name": f"{twice.name} (before the merge)",
        "lmn_crm_id": twice.lmn_crm_id,
        "updated_at": crm_instant(as_of - timedelta(days=2_000)),
    }
    yield {
        "id": "acc-faulty-2",
        "name": "Second account with a CRM ID that is taken",
        "lmn_crm_id": cast[Role.FLAGSHIP].lmn_crm_id,
        "archived": "true",
        "status": "active",
        "updated_at": crm_instant(as_of - timedelta(days=3_000)),
    }
    yield {
        "id": "acc-faulty-3",
        "name": "Cells that are not what their columns hold",
        "account_type": "prospect",
        "annual_revenue": "a lot",
        "organization_score": "B+",
        "archived": "perhaps",
        "renewal_date": "2025-02-30",
        "updated_at": crm_instant(as_of - timedelta(days=9)),
    }


def _contacts(population: Population) -> Iterator[Row]:
    for account, account_id in _known(population):
        if account.number >= CAST and account.number % 6 == 0:
            continue  # an account without contacts
        for person in account.people:
            yield {
                "id": f"lmn-contact-{person.lmn_contact_id.lower()}" if account.in_lmn else f"con-{account.number}",
                "account_id": account_id,
                "lmn_contact_id": person.lmn_contact_id.lower() if account.in_lmn else None,
                "first_name": person.first_name,
                "last_name": person.last_name,
                "email_1": person.email,
                "phone_1": person.phone,
            }
            if not account.in_lmn:
                break
    yield {"id": "con-orphan", "account_id": "acc-unknown", "first_name": "No", "last_name": "Account"}


def _scorecards(population: Population) -> Iterator[Row]:
    as_of = population.as_of
    for account, account_id in _known(population):
        if account.number % 3 == 0:
            done = as_of - timedelta(days=account.number % 500, hours=7)
            yield {
                "id": f"score-{account.number}",
                "account_id": account_id,
                "score": str(account.number * 37 % 101),
                "completed_date": None if account.number % 4 == 0 else crm_instant(done, account.number),
            }
    yield {"id": "score-without-account", "account_id": None, "score": "50"}


def _snoozes(population: Population) -> Iterator[Row]:
    as_of, cast = population.as_of, population.cast
    midnight = as_of.replace(hour=0, minute=0, second=0, microsecond=0)

    def snooze(name: str, account: str | None, until: str | None, kind: str | None = "renewal_reminder") -> Row:
        return {
            "id": f"snooze-{name}",
            "notification_type": kind,
            "related_account_id": account,
            "snoozed_until": until,
        }

    yield snooze("ahead", cast[Role.SNOOZED].crm_account_id, crm_instant(midnight + timedelta(days=17)))
    yield snooze("over", cast[Role.SNOOZE_OVER].crm_account_id, crm_instant(midnight - timedelta(days=3)))
    yield snooze("midnight", cast[Role.SNOOZED_UNTIL_MIDNIGHT].crm_account_id, crm_instant(midnight))
    yield snooze(
        "else",
        cast[Role.SNOOZED_FOR_SOMETHING_ELSE].crm_account_id,
        crm_instant(midnight + timedelta(days=9)),
        "neglected",
    )
    for name, role, days in (("neglected", Role.SNOOZED, 17), ("neglected-over", Role.SNOOZE_OVER, 0)):
        yield snooze(name, cast[role].crm_account_id, crm_instant(midnight + timedelta(days=days)), "neglected_account")
    yield snooze("twice-1", cast[Role.SNOOZED_TWICE].crm_account_id, crm_instant(midnight - timedelta(days=30)))
    yield snooze("twice-2", cast[Role.SNOOZED_TWICE].crm_account_id, crm_instant(midnight + timedelta(days=30)))
    yield snooze("unknown", "acc-unknown", crm_instant(midnight + timedelta(days=30)))
    yield snooze("endless", None, None)
    yield snooze("without-type", cast[Role.ENDS_TODAY].crm_account_id, crm_instant(midnight + timedelta(days=30)), None)
    for account, account_id in _known(population)[CAST::17]:
        yield snooze(str(account.number), account_id, crm_instant(midnight + timedelta(days=account.number % 90 - 30)))


def _profiles(population: Population) -> Iterator[Row]:
    year = population.as_of.year
    yield {"id": "profile-this-year", "selected_year": str(year)}
    yield {"id": "profile-last-year", "selected_year": str(year - 1)}
    yield {"id": "profile-without-year", "selected_year": None}
    yield {"id": "profile-before-2000", "selected_year": "1999"}
    yield {"id": "profile-in-words", "selected_year": "this year"}
