"""Finds a person by id or address in the landing zone and in the retained drops."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipeline.common.errors import WarehouseError
from pipeline.state.forgotten import Known, Role, normal_email

_TABLES: Final[dict[tuple[str, str], tuple[str, tuple[str, ...]]]] = {
    ("stakeholder", "platform__stakeholder"): ("email", ("name",)),
    ("stakeholder", "stakeholder_fact"): ("stakeholder_email", ("stakeholder_name",)),
    ("user", "platform__users"): ("email", ("first_name", "last_name")),
    ("user", "team_dimension"): ("team_member_email", ("team_member_name",)),
}
"""By role and table: the column of the address, and those that make up the name."""
LISTS_OF_PEOPLE: Final = ("stakeholder_fact", "team_dimension")
_IDS: Final = {"stakeholder_fact": "stakeholder_id", "team_dimension": "team_member_id"}
_CONTACTS: Final = {"crm__contacts": ("email_1",), "lmn__contacts_export": ("email_1", "email_2")}


def find_person(
    role: Role,
    wanted: str,
    organization_id: int | None,
    landing: Path,
    drops: Iterator[tuple[int, str, pa.Table]],
    crm: int,
) -> Known:
    """Return the ids, addresses, names and organizations of the person with this id or address.

    `drops` are the exports of retained drops that list people, with their organization; `crm` is the organization of
    the CRM and LMN. Everyone with the same address is the same person. WarehouseError if an id belongs to people of
    several organizations.
    """
    rows = [*_landed(role, landing), *_listed(role, drops)]
    address = None if wanted.strip().isdigit() else normal_email(wanted)
    number = int(wanted) if address is None else None
    chosen = [row for row in rows if organization_id in (None, row["organization"])]
    found = [row for row in chosen if (row["id"] == number if address is None else row["email"] == address)]
    organizations = {row["organization"] for row in found}
    if address is None and len(organizations) > 1:
        raise WarehouseError(
            f"organizations {', '.join(map(str, sorted(organizations)))} each have a {role} of this id",
            where=f"--{role} {wanted}",
            remedy="choose one with --organization, or give the e-mail address",
        )
    emails = {row["email"] for row in found if row["email"]} | ({address} if address else set())
    found += [row for row in chosen if row["email"] in emails and row not in found]
    known = Known(
        frozenset((role, row["organization"], row["id"]) for row in found if row["id"] is not None),
        frozenset(emails),
        frozenset(row["name"] for row in found if row["name"]),
        frozenset(row["organization"] for row in found),
    )
    names = _contact_names(landing, emails) if organization_id in (None, crm) else set()
    if names:
        known = replace(known, names=known.names | names, organizations=known.organizations | {crm})
    return known


def _landed(role: Role, landing: Path) -> Iterator[dict[str, Any]]:
    for (whose, table), (email, names) in _TABLES.items():
        if whose == role:
            for path in sorted((landing / table).glob("[!.]*.parquet")):
                if not path.name.endswith(".rejects.parquet"):
                    rows = pq.read_table(path, columns=["organization_id", "id", email, *names])
                    yield from _people(rows, None, "id", email, names)


def _listed(role: Role, drops: Iterator[tuple[int, str, pa.Table]]) -> Iterator[dict[str, Any]]:
    for organization_id, export, rows in drops:
        if (role, export) in _TABLES:
            email, names = _TABLES[role, export]
            yield from _people(rows, organization_id, _IDS[export], email, names)


def _people(
    rows: pa.Table, organization_id: int | None, key: str, email: str, names: tuple[str, ...]
) -> Iterator[dict[str, Any]]:
    for row in rows.to_pylist():
        words = [str(row[name]).strip() for name in names if row[name]]
        yield {
            "organization": row["organization_id"] if organization_id is None else organization_id,
            "id": row[key],
            "email": normal_email(row[email]) if row[email] else None,
            "name": " ".join(words),
        }


def _contact_names(landing: Path, emails: set[str]) -> set[str]:
    """Return the names that contacts of the CRM and LMN with one of these addresses have."""
    found = set()
    for table, columns in _CONTACTS.items():
        for path in sorted((landing / table).glob("[!.]*.parquet")):
            if path.name.endswith(".rejects.parquet"):
                continue
            rows = pq.read_table(path, columns=["first_name", "last_name", *columns])
            for column in columns:
                lower = pc.utf8_lower(pc.utf8_trim_whitespace(rows[column]))
                for row in rows.filter(pc.is_in(lower, pa.array(sorted(emails), pa.string()))).to_pylist():
                    found.add(" ".join(part.strip() for part in (row["first_name"], row["last_name"]) if part))
    return {name for name in found if name}
