"""The sources as assets: one step per system, one asset per table."""

import time
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dagster as dg
import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.common.formats import plural
from pipeline.common.progress import Step
from pipeline.ingest.landing.landed_table import LandedTable
from pipeline.ingest.landing.record import SOURCES, landed_tables, read_record, write_record
from pipeline.ingest.landing.zone import Landing
from pipeline.ingest.sources import ingest_source
from pipeline.ingest.tables import SOURCE_TABLES
from pipeline.orchestration.resources import RunContext, reported_failure
from pipeline.orchestration.stopped import stopped_in_words
from pipeline.orchestration.table_facts import PREVIEW_ROWS, preview
from pipeline.state.forgotten_file import read_forgotten

if TYPE_CHECKING:
    from pipeline.orchestration.asset_catalog import AssetCatalog


def build_source_assets(catalog: "AssetCatalog | None" = None) -> list[dg.AssetsDefinition]:
    """Make the ingest step of each source system; `catalog` describes its tables for the page."""
    return [_source_assets(source, catalog) for source in SOURCES]


def _source_assets(source: str, catalog: "AssetCatalog | None") -> dg.AssetsDefinition:
    tables = [table for table in SOURCE_TABLES if table.source == source]
    specs = [catalog.source(table) if catalog else dg.AssetSpec([source, table.name]) for table in tables]

    @dg.multi_asset(name=source, specs=specs, can_subset=True)
    def ingest(
        context: dg.AssetExecutionContext, run: dg.ResourceParam[RunContext]
    ) -> Iterator[dg.MaterializeResult[Any]]:
        """Read, type and land the selected tables of the source; the others stay as last read."""
        location: str | None = getattr(run.settings, source)

        def read_so_far() -> list[LandedTable]:
            return landed_tables(run.workspace, _sources_read(context))

        selected = {key.path[-1] for key in context.selected_asset_keys}
        started = time.monotonic()
        with (
            stopped_in_words(run, for_page=catalog is not None),
            reported_failure(run, read_so_far),
            run.progress.step(source) as step,
        ):
            run.settings.require_source()
            order, page = run.settings.date_order_of(source), run.settings.code_page_of(source)
            landing = Landing(run.workspace.landing, forgotten=read_forgotten(run.workspace.state))
            landed = ingest_source(source, location, landing, step, order, page)
            if len(selected) < len(tables):
                landed = _only(landed, selected, run.workspace.landed(source))
            write_record(run.workspace.landed(source), landed)
            _summarise(step, landed, location)
        if run.settings.spares_memory:
            pa.default_memory_pool().release_unused()
        seconds = round(time.monotonic() - started, 3)
        for table in landed:
            if table.table.name in selected:
                yield dg.MaterializeResult(
                    asset_key=[source, table.table.name],
                    metadata={"seconds": seconds, **_facts(table, with_preview=catalog is not None)},
                )

    return ingest


def _only(landed: Sequence[LandedTable], selected: Collection[str], record: Path) -> list[LandedTable]:
    """Take the selected tables as they have landed now, the others as they landed before, if they did."""
    before = {table.table.name: table for table in read_record(record)} if record.exists() else {}
    return [table if table.table.name in selected else before.get(table.table.name, table) for table in landed]


def _facts(table: LandedTable, *, with_preview: bool) -> dict[str, Any]:
    """Return what the page shows of a landed table."""
    facts: dict[str, Any] = {
        "dagster/row_count": table.loaded,
        "read": table.read,
        "rejected": table.rejected,
        "nulled cells": sum(table.nulled.values()),
        "files": [file.name for file in table.files],
    }
    if with_preview and table.parts:
        with pq.ParquetFile(table.parts[-1]) as part:
            rows = next(part.iter_batches(PREVIEW_ROWS), None)
        if rows is not None and (some := preview(pa.Table.from_batches([rows]))) is not None:
            facts["preview"] = some
    return facts


def _sources_read(context: dg.AssetExecutionContext) -> list[str]:
    """List the sources that this run has read; older records of others may exist too."""
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
            step.note(f"{table.table.shown_name}: {notice}")
