"""Measures the landed tables: the number of rows and the latest recorded time, by organization if rows name one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import duckdb

from pipeline.common.scratch_database import read_parquet, scratch_connection
from pipeline.guards.compared_columns import RECORDED
from pipeline.ingest.landing.landed_table import LandedTable
from pipeline.ingest.schema import Kind
from pipeline.report.facts import SourceFacts


@dataclass(frozen=True)
class Measure:
    """The number of rows, and the latest recorded time that is not after `as_of`, in UTC without zone."""

    rows: int
    newest: datetime | None


@dataclass(frozen=True)
class MeasuredTable:
    """A landed table and its measures: as a whole, and by organization (`tenants`) if its rows name one."""

    landed: LandedTable
    whole: Measure
    tenants: dict[int, Measure]

    @property
    def is_shared(self) -> bool:
        """Whether the table has rows of more than one organization."""
        return self.landed.table.has_tenant and len(self.tenants) > 1

    def facts(self) -> SourceFacts:
        """Return the facts of the whole table."""
        return self._facts(self.whole, self.landed.read, self.landed.rejected)

    def facts_of(self, organization_id: int) -> SourceFacts:
        """Return the facts that one organization may see."""
        if not self.is_shared and organization_id in self.tenants:
            return self.facts()
        return self._facts(self.tenants.get(organization_id, Measure(0, None)), None, None)

    def _facts(self, measure: Measure, read: int | None, rejected: int | None) -> SourceFacts:
        return SourceFacts(
            source=self.landed.table.source,
            table=self.landed.table.name,
            is_configured=self.landed.is_configured,
            files=tuple(file.name for file in self.landed.files),
            read=read,
            loaded=measure.rows,
            rejected=rejected,
            newest=measure.newest,
        )


def measure_sources(landed: Sequence[LandedTable], as_of: datetime) -> list[MeasuredTable]:
    """Measure every landed table."""
    with scratch_connection() as connection:
        return [_measure(connection, table, as_of) for table in landed]


def _measure(connection: duckdb.DuckDBPyConnection, landed: LandedTable, as_of: datetime) -> MeasuredTable:
    dated = [
        f'max("{column.name}") filter (where "{column.name}" <= $as_of)'
        for column in landed.table.columns
        if column.name in RECORDED and column.kind in (Kind.TIMESTAMP, Kind.DATE)
    ]
    newest = f"greatest({', '.join(dated)})" if dated else "null"
    tenant = landed.table.tenant_sql
    if not landed.parts:
        return MeasuredTable(landed, Measure(0, None), {})
    parameters = {"as_of": as_of.replace(tzinfo=None)} if dated else {}
    rows = connection.execute(
        f"select {tenant}, count(*), cast({newest} as timestamp) "
        f"from {read_parquet(landed.parts, 'union_by_name = true')} group by 1 order by 1",
        parameters,
    ).fetchall()
    by_tenant = {organization: Measure(count, latest) for organization, count, latest in rows}
    latest = max((measure.newest for measure in by_tenant.values() if measure.newest), default=None)
    whole = Measure(sum(measure.rows for measure in by_tenant.values()), latest)
    return MeasuredTable(landed, whole, by_tenant if landed.table.has_tenant else {})
