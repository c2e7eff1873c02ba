"""The sources as assets: one step a system, one asset a table."""

from collections.abc import Iterator
from typing import Any

import dagster as dg

from pipeline.ingest.landing import LandedTable, Landing
from pipeline.ingest.record import write_record
from pipeline.ingest.sources import ingest_source
from pipeline.ingest.tables import SOURCE_TABLES
from pipeline.progress import Progress, Step
from pipeline.raw import SOURCES
from pipeline.settings import Settings
from pipeline.workspace import Workspace

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
        settings: dg.ResourceParam[Settings], progress: dg.ResourceParam[Progress]
    ) -> Iterator[dg.MaterializeResult[Any]]:
        """Read, type and land every table of the source."""
        workspace = Workspace(settings.state)
        with progress.step(source) as step:
            landed = ingest_source(source, getattr(settings, source), Landing(workspace.landing), step)
            write_record(workspace.landed(source), landed)
            _summarise(step, landed, getattr(settings, source))
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


def _summarise(step: Step, landed: list[LandedTable], location: str | None) -> None:
    if location is None:
        step.summary = "not configured"
        return
    present = [table for table in landed if table.is_configured]
    rows = sum(table.loaded for table in landed)
    rejected = sum(table.rejected for table in landed)
    step.summary = f"{len(present)} tables, {rows:,} rows landed, {rejected:,} rejected"
    for table in landed:
        for notice in table.notices:
            step.note(f"{source_name(table)}: {notice}")


def source_name(table: LandedTable) -> str:
    """Name a table as a person would: `crm.accounts`."""
    return f"{table.table.source}.{table.table.name}"
