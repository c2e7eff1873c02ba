"""Selects the published rows of an account in exports that may have none, one or several of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pipeline.contracts.contract import CRM_TENANT, ContractColumn, ExportContract
from pipeline.explain.evidence import Evidence
from pipeline.explain.identity import Identity

_ACCOUNT = "account_id"
_SCOPED = "win_loss"
"""The export whose rows name the account in `scope_key`; other exports have a column with the account's id."""


def is_of_accounts(contract: ExportContract) -> bool:
    """Return whether rows of an export belong to accounts."""
    return contract.name == _SCOPED or _ACCOUNT in {column.name for column in contract.exported_columns}


def rows_having(contract: ExportContract, account: Identity) -> dict[str, int | str] | None:
    """Return the columns and values that select an account's rows of an export; None if there can be no such rows."""
    is_of_crm = contract.tenant == CRM_TENANT or contract.name == _SCOPED
    if not is_of_crm:
        return {"organization_id": account.organization_id, _ACCOUNT: account.account_id}
    if account.crm_account_id is None:
        return None
    if contract.name == _SCOPED:
        return {"scope": "account", "scope_key": account.crm_account_id}
    return {_ACCOUNT: account.crm_account_id}


def evidence_of_rows(contract: ExportContract, column: ContractColumn) -> Evidence:
    """Return the piece of evidence that shows a column of each row, after the row's key."""
    key = [name for name in contract.primary_key if name != _ACCOUNT]
    shows = dict.fromkeys([*key, column.name])
    return Evidence(contract.name, f"Rows of {contract.name}", tuple(shows), ", ".join(contract.primary_key))


def is_one_row(contract: ExportContract) -> bool:
    """Return whether an export has at most one row per account."""
    return tuple(contract.primary_key) == (_ACCOUNT,)


def columns_named(wanted: str, contracts: Sequence[ExportContract]) -> Iterator[tuple[str, list[ContractColumn]]]:
    """Find the columns of that name, `stakeholder_name` or `stakeholder_fact.stakeholder_name`, by export."""
    for contract in contracts:
        found = [c for c in contract.exported_columns if wanted in (c.name, f"{contract.name}.{c.name}")]
        if found:
            yield contract.name, found
