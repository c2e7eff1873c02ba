"""Values that the models found too long or too large for their column (D39): cut texts, missing figures."""

from __future__ import annotations

from collections import defaultdict

import pyarrow as pa

from pipeline.common.errors import WarehouseError
from pipeline.common.formats import plural
from pipeline.engines import Engine
from pipeline.guards.findings import Finding, accept, found
from pipeline.guards.thresholds import guards
from pipeline.orchestration.resources import RunContext

SHORTENED = "shortened_texts"
SHORTENED_SCHEMA = pa.schema(
    [
        ("organization_id", pa.int64()),
        ("account_id", pa.int64()),
        ("source", pa.string()),
        ("table_name", pa.string()),
        ("column_name", pa.string()),
        ("export_column", pa.string()),
        ("length", pa.int32()),
        ("longest", pa.int32()),
    ]
)
UNHELD = "unheld_figures"
UNHELD_SCHEMA = pa.schema(
    [
        ("organization_id", pa.int64()),
        ("account_id", pa.int64()),
        ("export_column", pa.string()),
        ("figure", pa.string()),
        ("digits", pa.int32()),
    ]
)
_SHOWN = 5
"""The most figures that an organization's error names."""


def judge_texts(run: RunContext, engine: Engine) -> tuple[Finding, ...]:
    """Return a finding for each organization and column whose texts were cut, with the acceptances of this run."""
    guard = guards(run.settings.guards)["shortened"]
    texts = engine.read(SHORTENED, SHORTENED_SCHEMA.names)
    counted = texts.group_by(["organization_id", "export_column", "longest"]).aggregate(
        [([], "count_all"), ("length", "max")]
    )
    findings = [
        found(
            guard,
            "warn",
            row["export_column"],
            f"{plural(row['count_all'], 'text')} had more characters than the column holds, and the rest was cut",
            before=f"{row['length_max']} characters",
            now=f"{row['longest']} characters",
            organization_id=row["organization_id"],
        )
        for row in counted.sort_by([("organization_id", "ascending"), ("export_column", "ascending")]).to_pylist()
    ]
    return accept(findings, run.accepted)[0]


def unheld_figures(engine: Engine) -> dict[int, WarehouseError]:
    """Return, by organization, the error of computed figures that their columns can't hold."""
    figures: dict[int, list[str]] = defaultdict(list)
    order = ["organization_id", "export_column", "account_id"]
    for row in engine.read_in_order(UNHELD, UNHELD_SCHEMA.names, order).to_pylist():
        figures[row["organization_id"]].append(
            f"{row['export_column']} of account {row['account_id']} is {row['figure']}, "
            f"and the column holds {row['digits']} digits before the point"
        )
    return {
        organization_id: WarehouseError(
            f"{plural(len(lines), 'computed figure')} can't be published",
            details=lines[:_SHOWN],
            remedy="find the source rows behind the figure with `warehouse explain`, and fix them in their source",
        )
        for organization_id, lines in figures.items()
    }
