"""Columns that two source tables have in common: LMN's estimate and the CRM's, a message and its stakeholder.

If a table's columns were sorted separately, or its ids reassigned, each table by itself still looks plausible.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from pipeline.guards.findings import Finding
from pipeline.guards.references import Target
from pipeline.guards.shares import judge_share, percent
from pipeline.guards.source_profile import TableProfile
from pipeline.guards.thresholds import Guard


@dataclass(frozen=True)
class Copies:
    """The columns that a table copies from the target row that its column `reference` refers to.

    `columns` maps each column's name to its name in the target. With `are_names`, the columns are names, which people
    spell differently, so that only a nearly complete mismatch is reported. Of an `email`, only the domain is compared.
    """

    reference: str
    target: Target
    columns: Mapping[str, str]
    are_names: bool = False


def _same(reference: str, source: str, table: str, key: str, columns: str) -> Copies:
    return Copies(reference, Target(source, table, key), {name: name for name in columns.split()})


_ESTIMATE: Final = "estimate_type estimate_date contract_start contract_end project_name division total_price"

COPIES: Final[Mapping[str, Copies]] = {
    "crm.estimates": _same("lmn_estimate_id", "lmn", "estimates_list", "lmn_estimate_id", _ESTIMATE),
    "crm.accounts": Copies(
        "lmn_crm_id", Target("lmn", "contacts_export", "lmn_crm_id"), {"name": "name"}, are_names=True
    ),
    "platform.customer": Copies("crm_id", Target("crm", "accounts", "lmn_crm_id"), {"name": "name"}, are_names=True),
    "platform.stakeholder": Copies(
        "customer_id", Target("platform", "customer", "id"), {"email": "domain"}, are_names=True
    ),
    "platform.email_prop": _same("stakeholder_id", "platform", "stakeholder", "id", "customer_id"),
    "platform.chat_message": _same("stakeholder_id", "platform", "stakeholder", "id", "customer_id"),
    "platform.ticket": _same("requester_id", "platform", "stakeholder", "id", "customer_id"),
    "platform.ticket_comment": _same("ticket_id", "platform", "ticket", "id", "customer_id"),
}
"""By table. In the platform's tables, both rows belong to one organization."""


def judge_copies(now: TableProfile, before: TableProfile | None, guard: Guard) -> Iterator[Finding]:
    """Find columns that differ from their copies in many rows, or in more than at the last publication."""
    copies = COPIES.get(now.name)
    if copies is None:
        return
    most = guard.thresholds["warn_names" if copies.are_names else "warn"]
    says = f"of its cells differ from those in {copies.target.name}"
    for column in copies.columns:
        share, was = _unlike(now, column, guard), _unlike(before, column, guard)
        finding = judge_share(guard, f"{now.name}.{column}", says, share, was, most, is_said_again=False)
        if finding is not None:
            yield finding


def _unlike(table: TableProfile | None, column: str, guard: Guard) -> int | None:
    """Return the share of a column's cells that differ from their copies."""
    if table is None:
        return None
    return percent(table.unlike_copies.get(column, 0), table.copies.get(column, 0), guard)
