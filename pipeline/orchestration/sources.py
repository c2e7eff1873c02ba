"""The sources as assets: one step per system, one asset per table."""

from collections.abc import Iterator
from typing import Any

import dagster as dg
import pyarrow as pa

from pipeline.common.formats import plural
from pipeline.common.progress import Step
from pipeline.ingest.landing.record import SOURCES, landed_tables, write_record
from pipeline.ingest.landing.zone import LandedTable, Landing
from pipeline.ingest.sources import ingest_source
from pipeline.ingest.tables import SOURCE_TABLES
from pipeline.orchestration.resources import RunContext, reported_failure

_DESCRIPTIONS = {
    "lmn": "LMN's workbooks: estimates, contacts, leads, jobsites.",
    "crm": "The CRM's accounts and what belongs to them.",
    "platform": "The customer-success platform's tables.",
}


def build_source_assets() -> list[dg.AssetsDefinition]:
    """Make the ingest step of each source system."""
    return [_source_assets(source) for source in SOURCES]


def _source_assets(source: str) -> dg.AssetsDefinition:
    specs = [
        dg.AssetSpec([source, table.name], group_name=source, kinds={"parquet"}, description=_DESCRIPTIONS[source])
        for table in SOURCE_TABLES
        if table.source == source
    ]

    @dg.multi_asset(name=source, specs=specs)
    def ingest(
        context: dg.AssetExecutionContext, run: dg.ResourceParam[RunContext]
    ) -> Iterator[dg.MaterializeResult[Any]]:
        """Read, type and land every table of the source."""
        location: str | None = getattr(run.settings, source)

        def read_so_far() -> list[LandedTable]:
            return landed_tables(run.workspace, _sources_read(context))

        with (
            reported_failure(run, read_so_far),
            run.progress.step(source) as step,
        ):
            run.settings.require_source()
            order = run.settings.date_order_of(source)
            landed = ingest_source(source, location, Landing(run.workspace.landing), step, order)
            write_record(run.workspace.landed(source), landed)
            _summarise(step, landed, location)
        if run.settings.spares_memory:
            pa.default_memory_pool().release_unused()
        for table in landed:
            yield dg.MaterializeResult(
                asset_key=[source, table.table.name],
                metadata={
                    "dagster/row_count": table.loaded,
                    "read": table.read,
                    "rejected": table.rejected,
                    "files": [file.name for file in table.files],
                },
            )

    return ingest


def _sources_read(context: dg.AssetExecutionContext) -> list[str]:
    """List the sources that this run has read: older records of others may lie there too."""
    events = context.instance.all_logs(context.run.run_id, of_type=dg.DagsterEventType.ASSET_MATERIALIZATION)
    keys = [event.dagster_event.asset_key for event in events if event.dagster_event]
    done = {key.path[0] for key in keys if key}
    return [source for source in SOURCES if source in done]


def _summarise(step: Step, landed: list[LandedTable], location: str | None) -> None:
    if location is None:
        step.summary = "not configured"
        return
    present = [table for table in landed if table.is_configured]
    rows = sum(table.loaded for table in landed)
    rejected = sum(table.rejected for table in landed)
    nulled = sum(sum(table.nulled.values()) for table in landed)
    step.summary = (
        f"{plural(len(present), 'table')}, {plural(rows, 'row')} landed, {rejected:,} rejected"
        f", {plural(nulled, 'cell')} nulled"
    )
    for table in landed:
        for notice in table.notices:
            step.note(f"{source_name(table)}: {notice}")


def source_name(table: LandedTable) -> str:
    """Name a table as a person would: `crm.accounts`."""
    return f"{table.table.source}.{table.table.name}"
