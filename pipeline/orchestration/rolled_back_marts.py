"""The rows of the marts after a rollback, read from the earlier drop, so that `latest` and the marts agree."""

from __future__ import annotations

from collections.abc import Sequence

import duckdb

from pipeline.common.scratch_database import quoted, read_parquet, scratch_connection, utc_rows
from pipeline.contracts.contract import CRM_TENANT, ExportContract
from pipeline.drops.find_drop import OpenDrop
from pipeline.engines import TENANT, OrganizationRows

KEYS = "account_keys"


def rows_of_drop(drop: OpenDrop, contracts: Sequence[ExportContract]) -> list[OrganizationRows]:
    """Return the rows of each export's mart for the drop's organization; an export that the drop lacks is left out.

    Additional columns of a mart are derived from the organization and `account_keys`, as the marts join them (D24); a
    column that the drop did not have yet is null.
    """
    with scratch_connection() as connection:
        keys = drop.files.parquet.get(KEYS)
        source = "select null::bigint as account_id, null::varchar as crm_account_id limit 0"
        if keys is not None:
            source = f"select account_id, crm_account_id from {read_parquet([keys])}"
        connection.execute(f"create or replace temp table drop_keys as {source}")
        return [_rows(connection, drop, contract) for contract in contracts if contract.name in drop.files.parquet]


def _rows(connection: duckdb.DuckDBPyConnection, drop: OpenDrop, contract: ExportContract) -> OrganizationRows:
    exported = utc_rows(connection, drop.files.parquet[contract.name])
    present = {name for name, *_ in connection.execute(f"describe {exported}").fetchall()}
    made = {
        TENANT: str(drop.organization_id),
        "crm_account_id": "(select any_value(k.crm_account_id) from drop_keys as k where k.account_id = e.account_id)",
        "platform_account_id": "(select min(k.account_id) from drop_keys as k where k.crm_account_id = e."
        + ("id)" if "account_id" not in present else "account_id)"),
    }
    columns = [
        f"e.{quoted(column.name)}"
        if column.name in present
        else f"{made.get(column.name, 'null')} as {quoted(column.name)}"
        for column in contract.columns
    ]
    rows = connection.sql(f"select {', '.join(columns)} from ({exported}) as e").to_arrow_table()
    tenant = None if contract.tenant == CRM_TENANT else drop.organization_id
    return OrganizationRows(contract, tenant, rows)
