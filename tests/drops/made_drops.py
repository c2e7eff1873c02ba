"""Two small contracts with every type, and marts with awkward rows for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa

from pipeline.common.scratch_database import in_order
from pipeline.contracts.contract import ContractColumn, ExportContract
from pipeline.drops.destination import Destination
from pipeline.drops.manifest import build_manifest
from pipeline.drops.publish_to_folder import PublishedDrop
from pipeline.drops.stage import StagedDrop

AS_OF = datetime(2025, 1, 15, tzinfo=UTC)
CRM = 1

DEALS = ExportContract(
    name="deals",
    version="1.2.0",
    description="One row per deal.",
    primary_key=("deal_id",),
    tenant="organization_id",
    columns=(
        ContractColumn("deal_id", "bigint", nullable=False),
        ContractColumn("organization_id", "bigint", nullable=False, exported=False),
        ContractColumn("title", "varchar(40)"),
        ContractColumn("note", "text"),
        ContractColumn("amount", "numeric(12,2)"),
        ContractColumn("rate", "numeric(5,4)"),
        ContractColumn("visits", "integer"),
        ContractColumn("is_open", "boolean"),
        ContractColumn("due", "date"),
        ContractColumn("seen_at", "timestamp"),
    ),
)
PLACES = ExportContract(
    name="places",
    version="2.0.0",
    description="One row per place, of the CRM.",
    primary_key=("region", "place_id"),
    tenant="crm",
    columns=(
        ContractColumn("place_id", "text", nullable=False),
        ContractColumn("region", "text", nullable=False),
        ContractColumn("tags", "text", is_json=True),
    ),
)
CONTRACTS = (DEALS, PLACES)

DEAL_ROWS: list[dict[str, Any]] = [
    {
        "deal_id": 10,
        "organization_id": 1,
        "title": "Lawn, hedge",
        "note": 'said "yes"\nand left',
        "amount": Decimal("-5.00"),
        "rate": Decimal("0.5000"),
        "visits": -3,
        "is_open": True,
        "due": date(2025, 2, 28),
        "seen_at": datetime(2025, 1, 14, 23, 59, 59, tzinfo=UTC),
    },
    {
        "deal_id": 2,
        "organization_id": 1,
        "title": "",
        "note": None,
        "amount": Decimal("1234567.80"),
        "rate": None,
        "visits": None,
        "is_open": False,
        "due": None,
        "seen_at": datetime(2025, 1, 14, 12, 0, 0, 250000, tzinfo=UTC),
    },
    {
        "deal_id": 3,
        "organization_id": 2,
        "title": "=1+1",
        "note": "ünïcode ✓ 😀",
        "amount": None,
        "rate": Decimal("1.0000"),
        "visits": 7,
        "is_open": None,
        "due": date(2000, 1, 1),
        "seen_at": None,
    },
]
PLACE_ROWS: list[dict[str, Any]] = [
    {"place_id": "b", "region": "Süd", "tags": '["a","b"]'},
    {"place_id": "a", "region": "Süd", "tags": "[]"},
    {"place_id": "c", "region": "Nord", "tags": None},
]


def mart(contract: ExportContract, rows: Sequence[dict[str, Any]]) -> pa.Table:
    """Make a mart's table from rows."""
    schema = pa.schema([(column.name, column.arrow_type) for column in contract.columns])
    return pa.Table.from_pylist(list(rows), schema)


class MadeMarts(dict[str, pa.Table]):
    """Marts in memory, with the methods of an engine."""

    def read(self, mart: str, columns: Sequence[str]) -> pa.Table:
        """Return the columns of a mart."""
        return self[mart].select(list(columns))

    def read_in_order(self, mart: str, columns: Sequence[str], order_by: Sequence[str]) -> pa.Table:
        """Return the columns of a mart, sorted."""
        return in_order(self.read(mart, columns), order_by)


def marts(
    deals: Sequence[dict[str, Any]] = tuple(DEAL_ROWS), places: Sequence[dict[str, Any]] = tuple(PLACE_ROWS)
) -> MadeMarts:
    """Make both marts."""
    return MadeMarts(deals=mart(DEALS, deals), places=mart(PLACES, places))


def manifest_of(drop: StagedDrop, *, as_of: datetime = AS_OF, note: str = "") -> dict[str, Any]:
    """Describe a staged drop; another `note` makes it another drop."""
    return build_manifest(
        drop,
        CONTRACTS,
        as_of=as_of,
        data_as_of=as_of,
        settings={"note": note, "selected_year": 2025},
        inputs=[],
        checks=[],
    )


def publish(destination: Destination, drop: StagedDrop, manifest: Mapping[str, Any]) -> PublishedDrop:
    """Publish a drop as a run does."""
    put = destination.put(drop, manifest)
    destination.point(put)
    return put
