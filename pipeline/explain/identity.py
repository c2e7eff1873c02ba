"""Finds the account that an argument names: by its id, its ids in the CRM or its name."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pipeline.common.errors import WarehouseError
from pipeline.common.shown_text import shown

_SHOWN = 8


@dataclass(frozen=True)
class Identity:
    """An account of account_core. `crm_account_id` is None for a customer without a CRM account."""

    account_id: int
    organization_id: int
    name: str | None
    is_customer: bool
    crm_account_id: str | None
    lmn_crm_id: str | None

    def __str__(self) -> str:
        ids = [str(self.account_id), f"organization {self.organization_id}"]
        ids += [f"CRM {self.crm_account_id}"] if self.crm_account_id else []
        return f"{self.name or 'unnamed'} ({', '.join(ids)})"


def find_account(rows: Sequence[Mapping[str, Any]], identifier: str, organization: int | None) -> Identity:
    """Return the account that the identifier names; WarehouseError if there is none, or several.

    It is looked up first as account_id, then as one of the CRM's ids, as a complete name, and as a part of a name (in
    any case, trimmed). `organization` narrows the search.
    """
    wanted = identifier.strip()
    here = [row for row in rows if organization is None or row["organization_id"] == organization]
    for found in (
        [row for row in here if str(row["account_id"]) == wanted],
        [row for row in here if wanted in (row["crm_account_id"], row["lmn_crm_id"], row["crm_id"])],
        [row for row in here if wanted.casefold() in _names(row)],
        [row for row in here if wanted and any(wanted.casefold() in name for name in _names(row))],
    ):
        if len(found) == 1:
            return _identity(found[0])
        if found:
            raise _ambiguous(wanted, [_identity(row) for row in found], organization)
    raise _unknown(wanted, here, organization)


def _identity(row: Mapping[str, Any]) -> Identity:
    return Identity(
        account_id=row["account_id"],
        organization_id=row["organization_id"],
        name=row["account_name"],
        is_customer=row["is_customer"],
        crm_account_id=row["crm_account_id"],
        lmn_crm_id=row["lmn_crm_id"],
    )


def _names(row: Mapping[str, Any]) -> set[str]:
    return {name.strip().casefold() for name in (row["account_name"], row["crm_name"]) if name}


def _ambiguous(wanted: str, found: Sequence[Identity], organization: int | None) -> WarehouseError:
    listed = sorted(found, key=lambda account: (account.organization_id, account.account_id))
    rest = [f"  and {len(listed) - _SHOWN} more"] if len(listed) > _SHOWN else []
    several_tenants = organization is None and len({account.organization_id for account in listed}) > 1
    return WarehouseError(
        f"{len(listed)} accounts match that:",
        details=[*(f"  {shown(str(account))}" for account in listed[:_SHOWN]), *rest],
        where=wanted,
        remedy="give " + ("--organization, or " if several_tenants else "") + "the account_id of the one you mean",
    )


def _unknown(wanted: str, rows: Iterable[Mapping[str, Any]], organization: int | None) -> WarehouseError:
    known: dict[str, str] = {}
    for row in rows:
        for text in (
            str(row["account_id"]),
            row["crm_account_id"],
            row["lmn_crm_id"],
            row["account_name"],
            row["crm_name"],
        ):
            if text:
                known.setdefault(text.casefold(), text)
    near = [known[text] for text in difflib.get_close_matches(wanted.casefold(), known, n=3, cutoff=0.5)]
    within = "" if organization is None else f" in organization {organization}"
    return WarehouseError(
        f"there is no such account{within}",
        where=wanted,
        remedy=(
            f"similar: {', '.join(near)}" if near else "give an account_id, a CRM id or a part of an account's name"
        ),
    )
