"""A company with two weeks and two organizations, published as drops, in `published.duckdb` and in PostgreSQL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from pipeline.drops.csv_file import write_csv
from pipeline.drops.destination import FolderDestination
from pipeline.drops.find_drop import open_drop
from pipeline.drops.manifest import build_manifest
from pipeline.drops.stage import stage_drops
from pipeline.engines import NOBODY
from pipeline.engines.duckdb_marts import publish_marts as publish_to_duckdb
from pipeline.engines.postgres_marts import publish_marts as publish_to_postgres
from pipeline.engines.postgres_server import open_server
from pipeline.guards.drop_figures import DropFiles
from pipeline.settings import Settings
from pipeline.storage.place import open_place
from tests.drops.changes_of_one import write_changes_of_one
from tests.drops.made_drops import MadeMarts
from tests.drops.weeks import CONTRACTS, LAST_WEEK, THIS_WEEK, whole_row

Rows = dict[str, list[dict[str, Any]]]


def money(text: str) -> Decimal:
    return Decimal(text)


def _core(account_id: int, organization_id: int = 1, **columns: Any) -> dict[str, Any]:
    return {"account_id": account_id, "organization_id": organization_id, **columns}


def _keys(account_id: int, organization_id: int = 1, crm_account_id: str | None = None) -> dict[str, Any]:
    return _core(account_id, organization_id, crm_account_id=crm_account_id)


def _estimate(name: str, account_id: str | None, price: str, **columns: Any) -> dict[str, Any]:
    return {
        "id": name,
        "account_id": account_id,
        "price_used": money(price),
        "is_won": True,
        "outcome": "won",
        "archived": False,
        "lmn_estimate_id": None,
        **columns,
    }


def _risk(account_id: str, name: str, day: date, days: int, estimate: str, **columns: Any) -> dict[str, Any]:
    return {
        "account_id": account_id,
        "account_name": name,
        "renewal_date": day,
        "days_until_renewal": days,
        "expiring_estimate_id": estimate,
        "revenue_segment": "C",
        **columns,
    }


def _year(account_id: str, year: int, revenue: str, share: str, segment: str) -> dict[str, Any]:
    return {
        "account_id": account_id,
        "year": year,
        "revenue": money(revenue),
        "share": money(share),
        "segment": segment,
    }


RED = {"health_score": money("40.00"), "health_score_label": "Red", "status": "active"}
THIS_WEEKS: Rows = {
    "account_core": [
        _core(1, account_name="Oak", owner_id=5, last_touch=datetime(2024, 12, 10, 8, tzinfo=UTC), **RED)
        | {"revenue": money("500.00"), "renewal_date": date(2025, 3, 1)},
        _core(2, account_name="Elm", last_touch=datetime(2024, 12, 16, tzinfo=UTC), **RED),  # exactly 30 days
        _core(3, account_name="Fir", **RED),
        _core(4, account_name="Ash", health_score_label="Green"),
        _core(1, 2, account_name="Yew", **RED),
    ],
    "account_keys": [_keys(1, 1, "a1"), _keys(2, 1, "a1"), _keys(3, 1, "a2"), _keys(4), _keys(1, 2)],
    "account_communication_stats": [
        _core(1, team_email_response_time_hours=money("3.50"), account_chat_response_time_hours=money("1.00")),
        _core(2, account_ticket_response_time_hours=money("5.25")),
        _core(3, team_email_response_time_hours=money("1.00")),
        _core(4),
        _core(1, 2, team_email_response_time_hours=money("99.00")),
    ],
    "accounts": [{"id": "a1", "name": "Oak"}, {"id": "a2", "name": "Fir"}, {"id": "a3", "name": "Pine"}],
    "account_revenue_by_year": [
        _year("a1", 2024, "100.00", "0.100000", "B"),
        _year("a1", 2025, "400.00", "0.400000", "A"),
        _year("a2", 2025, "90.00", "0.090000", "D"),
        _year("a3", 2024, "20.00", "0.020000", "C"),
    ],
    "at_risk_accounts": [
        _risk("a1", "Oak", date(2025, 2, 14), 30, "e1", division="Snow", revenue_segment="A")
        | {"estimate_value": money("100.00"), "annual_revenue": money("400.00")},
        _risk("a2", "Fir", date(2025, 2, 15), 31, "e2", division=" ", estimate_value=money("7.00")),
        _risk("a3", "Pine", date(2025, 4, 16), 91, "e3", division="Snow", estimate_value=money("3.00")),
    ],
    "estimates": [
        _estimate("e1", "a1", "100.00", division="Snow", salesperson="Ann", estimate_close_date=date(2025, 1, 3)),
        _estimate("e2", "a2", "7.00", salesperson=" ", estimate_date=date(2025, 1, 31)),
        _estimate("e3", "a3", "3.00", division="Snow", salesperson="Ann", created_date=date(2025, 1, 9)),
        _estimate("e4", None, "50.00", contact_name="Nobody", lmn_contact_id="P9", project_name="Lawn", status="Won"),
        _estimate("e5", None, "60.00", is_won=False, outcome="lost", status="Contract LOST", division="Snow")
        | {"estimate_date": date(2025, 1, 20)},
        _estimate(
            "e6", "a1", "1.00", is_won=False, outcome="lost", status="Lost - price", estimate_date=date(2024, 12, 31)
        ),
        _estimate(
            "e7", "a1", "2.00", is_won=False, outcome="lost", pipeline_status=" Lost ", estimate_date=date(2024, 12, 30)
        ),
        _estimate("e8", "a1", "9.00", is_won=False, outcome="pending", estimate_date=date(2025, 1, 1)),
        _estimate("e9", "a1", "9.00", is_won=False, outcome="lost", archived=True, estimate_date=date(2025, 1, 1)),
    ],
}
LAST_WEEKS: Rows = {
    **THIS_WEEKS,
    "account_core": [
        THIS_WEEKS["account_core"][0] | {"health_score_label": "Yellow", "health_score": money("45.00")},
        *THIS_WEEKS["account_core"][1:],
        _core(9, account_name="Gone"),
    ],
    "account_communication_stats": [
        _core(1, team_email_response_time_hours=money("2.00"), account_chat_response_time_hours=money("1.50")),
        _core(2, account_ticket_response_time_hours=money("5.00")),
        _core(3),
        _core(4),
        _core(1, 2, team_email_response_time_hours=money("1.00")),
    ],
}


def marts(rows: Mapping[str, Sequence[Mapping[str, Any]]], as_of: datetime) -> MadeMarts:
    """Make the marts of every contract; marts without rows are empty."""
    made = {}
    for name, contract in CONTRACTS.items():
        shape = replace(contract, columns=contract.columns)
        schema = pa.schema([(column.name, column.arrow_type) for column in contract.columns])
        made[name] = pa.Table.from_pylist([whole_row(shape, row, as_of) for row in rows.get(name, ())], schema)
    return MadeMarts(made)


def publish_drops(exports: Path, *, xlsx: bool = False) -> None:
    """Publish organization 1's drops of both weeks, the second with its changes."""
    destination = FolderDestination(open_place(str(exports)))
    contracts = list(CONTRACTS.values())
    before = None
    for as_of, rows in ((LAST_WEEK, LAST_WEEKS), (THIS_WEEK, THIS_WEEKS)):
        folder = destination.staging_folder(1, "run")
        (drop,) = stage_drops(marts(rows, as_of), contracts, {1: folder}, 1, xlsx=xlsx)
        changes = None
        if before is not None:
            files = {path.stem: path for path in drop.folder.glob("*.parquet")}
            with open_drop(open_place(before)) as opened:
                changes = write_changes_of_one(
                    drop, DropFiles(files, as_of, 2025), opened, contracts, xlsx=xlsx
                ).as_dict()
        manifest = build_manifest(
            *(drop, contracts),
            as_of=as_of,
            data_as_of=as_of,
            settings={"selected_year": 2025},
            inputs=[],
            checks=[],
            changes=changes,
        )
        put = destination.put(drop, manifest)
        destination.point(put)
        before = put.location


def publish_duckdb(state: Path) -> None:
    """Publish this week's marts as a run on DuckDB does."""
    with duckdb.connect() as build:
        build.execute("set timezone = 'UTC'; create schema marts")
        for name, table in marts(THIS_WEEKS, THIS_WEEK).items():
            build.register("rows_of_the_mart", plain(table))
            build.execute(f"create table marts.{name} as from rows_of_the_mart")
        publish_to_duckdb(build, state / "published.duckdb", list(CONTRACTS.values()), NOBODY)


def publish_postgres(state: Path, scratch: Path) -> None:
    """Publish this week's marts as a run on PostgreSQL does."""
    with open_server(Settings(state=state)).connect() as connection:
        connection.execute("drop schema if exists marts_build cascade")
        connection.execute("create schema marts_build")
        for name, table in marts(THIS_WEEKS, THIS_WEEK).items():
            columns = ", ".join(f"{column.name} {column.data_type}" for column in CONTRACTS[name].columns)
            connection.execute(f"create table marts_build.{name} ({columns})".encode())
            write_csv(table, scratch / f"{name}.csv")
            statement = f"copy marts_build.{name} from stdin (format csv, header)".encode()
            with connection.cursor() as cursor, cursor.copy(statement) as copy:
                copy.write((scratch / f"{name}.csv").read_bytes())
        connection.commit()
        publish_to_postgres(connection, list(CONTRACTS.values()))


def plain(table: pa.Table) -> pa.Table:
    """Convert instants to the form of the marts: in UTC, without a zone."""
    kinds = [pa.timestamp("us") if pa.types.is_timestamp(field.type) else field.type for field in table.schema]
    return table.cast(pa.schema(list(zip(table.schema.names, kinds, strict=True))))
