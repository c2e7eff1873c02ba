"""The mart `run_history`: the records of runs, with a row per run and organization.

No model builds it, because a run's own row is only known after publication; `run_history.yml` describes it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, Final

import pyarrow as pa

from pipeline.contracts.contract import ExportContract
from pipeline.contracts.read_contracts import contracts_from_yaml
from pipeline.state.runs import OrganizationOutcome, RunRecord

_YAML: Final = Path(__file__).with_suffix(".yml")


@cache
def run_history_contract() -> ExportContract:
    """Read the columns of the mart, with their descriptions."""
    (contract,) = contracts_from_yaml({str(_YAML): _YAML.read_text(encoding="utf-8")})
    return contract


def run_history(records: Sequence[RunRecord]) -> pa.Table:
    """Return the records as the mart's rows, in their order; instants are UTC without a zone, as in marts."""
    rows = [_row(record, outcome) for record in records for outcome in record.organizations or (None,)]
    return pa.Table.from_pylist(rows, run_history_contract().mart_schema)


def _row(record: RunRecord, outcome: OrganizationOutcome | None) -> dict[str, Any]:
    whose = None if outcome is None else outcome.organization_id
    drop = None if outcome is None else outcome.drop
    why = record.problem if outcome is None or not outcome.why else "\n".join(outcome.why)
    rows = record.figures.get("rows", {}).get(str(whose)) if drop else None
    return {
        "run_id": record.run_id,
        "organization_id": whose,
        "finished_at": _without_zone(record.finished_at),
        "as_of": _without_zone(record.as_of),
        "verdict": record.verdict,
        "drop_name": drop,
        "is_new": bool(drop and outcome and outcome.is_new),
        "is_latest": bool(drop and outcome and outcome.is_latest),
        "rows_published": None if rows is None else sum(rows.values()),
        "rows_by_export": None if rows is None else _compact(rows),
        "findings": _compact(record.findings if outcome is None else outcome.findings),
        "accepted": _compact(record.accepted),
        "held_back_because": None if drop else why,
    }


def _compact(value: Any) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def _without_zone(instant: datetime) -> datetime:
    return instant.astimezone(UTC).replace(tzinfo=None)
