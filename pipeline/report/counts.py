"""Counts for the report: rejects by reason, metrics, and the rows and nulls of each export."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from functools import lru_cache

import pyarrow as pa

from pipeline.common.null_counts import count_nulls
from pipeline.common.scratch_database import scratch_connection
from pipeline.contracts.contract import ExportContract
from pipeline.drops.stage import StagedDrop
from pipeline.report.facts import (
    ColumnNulls,
    ExportFacts,
    MetricFacts,
    RejectReason,
    RejectSample,
)
from pipeline.storage.place import Place

SAMPLES = 3
"""How many rejected values are shown per reason."""

WITHHELD = "***"
"""Replaces a rejected value if drops withhold personal data."""


def count_exports(staged: StagedDrop, previous: Place | None, contracts: Sequence[ExportContract]) -> list[ExportFacts]:
    """Count the rows and nulls of every export, in the staged drop and in the previous one."""
    by_name = {contract.name: contract for contract in contracts}
    listed = set() if previous is None else {entry.name for entry in previous.entries()}
    exports = []
    for file in staged.files:
        if not file.name.endswith(".parquet"):
            continue
        contract, before = by_name[file.export], None
        if previous is not None and file.name in listed:
            with closing(previous.open(file.name)) as opened:
                before = count_nulls(opened)
        nulls = zip(contract.arrow_schema.names, file.nulls, strict=True)
        was = {} if before is None else before.nulls
        exports.append(
            ExportFacts(
                name=file.export,
                contract_version=contract.version,
                rows=file.rows,
                previous_rows=None if before is None else before.rows,
                bytes=file.bytes,
                columns=tuple(
                    _column_nulls(name, found, file.rows, was.get(name), before.rows if before else 0)
                    for name, found in nulls
                ),
            )
        )
    return exports


@lru_cache(maxsize=4096)
def _column_nulls(name: str, nulls: int, rows: int, nulls_before: int | None, rows_before: int) -> ColumnNulls:
    """Describe a column's nulls. The result is cached, because most drops of a run have equal descriptions."""
    return ColumnNulls(name, nulls, _rate(nulls, rows), _rate(nulls_before, rows_before))


def _rate(nulls: int | None, rows: int) -> Decimal | None:
    return None if nulls is None or rows == 0 else Decimal(nulls) / Decimal(rows)


def reject_reasons(rejects: pa.Table, *, shows_values: bool) -> list[RejectReason]:
    """Count the rejects by reason, with the first samples of each."""
    names = ("source", "table_name", "column_name", "reason", "action")
    grouped = ", ".join(names)
    question = f"""
        with numbered as (
            select
                *,
                count(*) over (partition by {grouped}) as in_all,
                row_number() over (
                    partition by {grouped} order by file nulls last, row_number nulls last, value nulls last
                ) as place
            from rejects
        )
        select {grouped}, in_all, place, file, row_number, value from numbered where place <= {SAMPLES}
        order by in_all desc, {", ".join(f"{name} nulls first" for name in names)}, place
    """
    with scratch_connection() as connection:
        connection.register("rejects", rejects)
        rows = connection.execute(question).fetchall()
    reasons: list[RejectReason] = []
    for source, table, column, reason, action, count, rank, file, row, value in rows:
        sample = RejectSample(file, row, value if shows_values or value is None else WITHHELD)
        if rank == 1:
            reasons.append(RejectReason(source, table, column, reason, action, count, ()))
        reasons[-1] = replace(reasons[-1], samples=(*reasons[-1].samples, sample))
    return reasons


def metrics_of_run(metrics: pa.Table, as_of: datetime) -> list[MetricFacts]:
    """Return this run's metrics, with their values in the nearest earlier run."""
    instant = as_of.replace(tzinfo=None)
    question = """
        with earlier as (select max(as_of) as as_of from metrics where as_of < $as_of)
        select now.metric, now.dimension, now.value, before.value
        from metrics as now
        left join earlier on true
        left join metrics as before
            on before.as_of = earlier.as_of and before.metric = now.metric and before.dimension = now.dimension
        where now.as_of = $as_of
        order by now.metric, now.dimension
    """
    with scratch_connection() as connection:
        connection.register("metrics", metrics)
        return [MetricFacts(*row) for row in connection.execute(question, {"as_of": instant}).fetchall()]
