"""Source tables filled at random from small pools, so that keys match, times tie and every rule applies.

Not realistic (`warehouse sample` is), but apt to reveal differences between engines. One seed gives the same rows.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.engines import RawTable
from pipeline.engines.raw_tables import CONFIGURED_SCHEMA, LOADS_SCHEMA
from pipeline.ingest.rejects import REJECTS_SCHEMA
from pipeline.ingest.schema import Column, Kind, SourceTable
from pipeline.ingest.tables import SOURCE_TABLES
from pipeline.state.history import DUPLICATES_SCHEMA, METRICS_SCHEMA

AS_OF = datetime(2025, 1, 15, 0, 0, 0)

_TEXTS = (
    "Acme", "acme ", "Élan Söhne", "Straße 5", "ΣΊΣΥΦΟΣ", "İstanbul", "ISTANBUL", "quote \" and \\ back", "tab\there",
    "line\nbreak", "comma, semi; pipe|", "日本 造園", "😀 gardens", "a", "B", "b", "ä", "Z", "\u00a0padded\u2003", "",
    "  ", "'", "\x01control\x1f", "=1+1", "10 Main  St", "10 main st", " 10 MAIN ST",
)  # fmt: skip
_POOLS: dict[str, tuple[str | None, ...]] = {
    "status": (
        "Sold", "won", " Contract Signed ", "Not Sold", "Work Complete", "archived", "ACTIVE", "cancelled", "open",
    ),
    "pipeline_status": ("Sold", "sold - signed", "Lost", "Pending", None, None),
    "estimate_type": ("Standard", "Service", " service", "STANDARD", "Other"),
    "account_type": ("customer", "Client", "prospect", "lead", "other"),
    "tags": ('["client"]', '["Prospect","vip"]', '["a,b","LEAD"]', "[]"),
    "direction": ("team", "account"),
    "sentiment": ("positive", "neutral", "negative", None),
    "kind": ("email", "calendar", "chat", "ticket", "account", "renewal", "churn", "qbr", "review"),
    "channel": ("email", " Chat", "VIDEO", "ticket", "fax"),
    "provider": ("google", "microsoft", "Zoom", "Élan"),
    "role": ("Decision Maker", " decision maker", "Champion", "Executive Sponsor"),
    "state": ("active", "inactive", "ON", "QC"),
    "notification_type": ("renewal_reminder", "at-risk-account"),
    "division": ("Snow", " snow ", "LE Paving", "Tree Care"),
    "address": ("10 Main  St", "10 main st", " 10 MAIN ST", "5 Élan Rd", "5 ÉLAN RD"),
    "type": (
        "lifecycle_event_renewal", "lifecycle_event_qbr", "lifecycle_event_kickoff", "churn_risk", "churn_notification",
        "expansion", "unknown_kind", "Client", "Lead",
    ),
    "source": ("email", "meeting", "chat"),
}  # fmt: skip
_TENANTS = (1, 2, 7)


def _instant(rng: random.Random) -> datetime:
    """Return an instant near as_of, near midnight or the end of a year, or equal to others."""
    base = rng.choice((AS_OF, datetime(2024, 12, 31, 23, 59, 59), datetime(2024, 7, 1), datetime(2023, 1, 1)))
    return base + timedelta(
        days=rng.randint(-120, 40), seconds=rng.choice((0, 0, 1, -1, rng.randint(-90_000, 90_000))),
        microseconds=rng.choice((0, 0, 0, 1, 999_999)),
    )  # fmt: skip


def _day(rng: random.Random) -> date:
    return date(rng.choice((2023, 2024, 2024, 2025)), rng.randint(1, 12), rng.choice((1, 15, 28))) + timedelta(
        days=rng.choice((0, 0, -1, 1, 200, 365))
    )


def _amount(rng: random.Random, digits: int, scale: int) -> Decimal:
    return Decimal(rng.choice((0, 1, -1, 5, rng.randint(-(10**4), 10**digits)))).scaleb(-scale)


def _text(column: Column, rng: random.Random) -> str | None:
    return rng.choice(_POOLS.get(column.name, _TEXTS))


def _value(column: Column, rng: random.Random, size: int) -> Any:
    makers: dict[Kind, Callable[[], Any]] = {
        Kind.ID: lambda: rng.randint(1, size),
        Kind.KEY: lambda: f"K{rng.randint(1, size)}",
        Kind.TRIMMED: lambda: (_text(column, rng) or "").strip() or None,
        Kind.TEXT: lambda: _text(column, rng),
        Kind.CODE: lambda: (_text(column, rng) or "").strip() or None,
        Kind.TAGS: lambda: rng.choice(_POOLS["tags"]),
        Kind.MONEY: lambda: _amount(rng, 9, 2),
        Kind.RATE: lambda: abs(_amount(rng, 9, 2)),
        Kind.NUMBER: lambda: _amount(rng, 9, 4),
        Kind.SCORE: lambda: _amount(rng, 4, 2),
        Kind.YEAR: lambda: rng.choice((2024, 2025, 1999, 2101)),
        Kind.BOOL: lambda: rng.random() < 0.3,
        Kind.DATE: lambda: _day(rng),
        Kind.TIMESTAMP: lambda: _instant(rng),
    }
    if column.name == "organization_id":
        return rng.choice(_TENANTS)
    if column.name in {"lmn_crm_id", "crm_link"}:
        return str(2_000_000 + rng.randint(1, size)) if rng.random() < 0.8 or column.required else None
    if not column.required and rng.random() < 0.12:
        return None
    value = makers[column.kind]()
    if column.required and value is None:
        return "x"
    return value


def _rows(table: SourceTable, rows: int, rng: random.Random) -> list[dict[str, Any]]:
    size = max(rows // 6, 4)
    found: dict[tuple[Any, ...], dict[str, Any]] = {}
    for number in range(rows):
        row = {column.name: _value(column, rng, size) for column in table.columns}
        if "id" in row and table.source == "platform" and table.name != "customer":
            row["id"] = number + 1
        elif table.key and row.get(table.key[-1]) is not None and table.source != "platform":
            row[table.key[-1]] = f"K{number}"
        if table.row_numbers:
            row["_row"] = number + 2
        key = tuple(row[name] for name in table.key) if table.key else (number,)
        found.setdefault(key, row)
    kept = list(found.values())
    for name in (*table.unique, *table.unique_rows):
        seen = set()
        for row in kept:
            if row[name] in seen:
                row[name] = None
            seen.add(row[name])
    return kept


def random_raw_tables(folder: Path, *, rows: int, seed: int) -> list[RawTable]:
    """Write every relation of the raw schema under `folder`: about `rows` rows each, four times as many of events."""
    rng = random.Random(seed)
    folder.mkdir(parents=True, exist_ok=True)
    loads = []
    written = []
    for table in SOURCE_TABLES:
        many = 4 if table.name in ("email_prop", "chat_message", "ticket_comment", "calendar_event_attendee") else 1
        values = _rows(table, rows * many, rng)
        written.append(_write(folder, table.qualified_name, table.arrow_schema, values, seed))
        counts = {"read": len(values), "loaded": len(values), "rejected": 0, "fingerprint": f"{seed}"}
        loads.append({"source": table.source, "table_name": table.name, "files": 1, **counts})
    run = {"configured_tables": CONFIGURED_SCHEMA, "loads": LOADS_SCHEMA, "rejects": REJECTS_SCHEMA}
    known = {"loads": loads, "configured_tables": loads}
    history = {"duplicate_history": DUPLICATES_SCHEMA, "metric_history": METRICS_SCHEMA}
    for name, schema in {**run, **history}.items():
        written.append(_write(folder, f"run__{name}", schema, known.get(name, []), seed))
    return written


def _write(folder: Path, name: str, schema: pa.Schema, rows: list[dict[str, Any]], seed: int) -> RawTable:
    path = folder / f"{name}.parquet"
    pq.write_table(pa.Table.from_pylist(rows, schema), path, row_group_size=1000)
    return RawTable(name, schema, (path,), f"{seed}-{len(rows)}")
