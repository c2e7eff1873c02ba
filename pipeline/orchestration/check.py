"""`warehouse check`: reads the sources as a run would, and reports on them. Nothing is computed or published."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from pipeline.common.errors import WarehouseError
from pipeline.common.formats import plural
from pipeline.common.progress import Progress
from pipeline.guards.findings import Finding
from pipeline.ingest.landing.file_reading import FileReading
from pipeline.ingest.landing.landed_table import LandedTable
from pipeline.ingest.landing.record import SOURCES
from pipeline.ingest.landing.zone import Landing
from pipeline.ingest.sources import ingest_source
from pipeline.orchestration.source_findings import judge_run_sources
from pipeline.run_plan import RunPlan
from pipeline.settings import Settings
from pipeline.state.forgotten_file import read_forgotten
from pipeline.state.workspace import Workspace

_SEPARATORS = {",": "comma", ";": "semicolon", "\t": "tab"}


@dataclass(frozen=True)
class CheckedSource:
    """One source: its tables as they were read, or why a run would stop."""

    name: str
    tables: tuple[LandedTable, ...] = ()
    problem: WarehouseError | None = None

    @property
    def is_configured(self) -> bool:
        """Whether the settings name a place for it."""
        return self.problem is not None or any(table.is_configured for table in self.tables)

    def as_dict(self) -> dict[str, Any]:
        """Return the source as JSON values."""
        return {
            "source": self.name,
            "problem": None if self.problem is None else str(self.problem),
            "unread_files": [{"file": name, "why": why} for table in self.tables for name, why in table.unread_files],
            "tables": [
                {
                    "table": table.table.name,
                    "read": table.read,
                    "loaded": table.loaded,
                    "rejected": table.rejected,
                    "rejected_for": dict(table.rejected_for),
                    "nulled": dict(table.nulled),
                    "notices": list(table.notices),
                    "files": [reading.as_dict() for reading in table.readings],
                }
                for table in self.tables
                if table.is_configured
            ],
            "absent_tables": [table.table.name for table in self.tables if not table.is_configured],
        }


@dataclass(frozen=True)
class Checked:
    """The configured sources as they were read, and the findings of the source guard."""

    sources: tuple[CheckedSource, ...]
    findings: tuple[Finding, ...]

    @property
    def stops(self) -> bool:
        """Whether a run would stop because of the sources."""
        return any(source.problem for source in self.sources) or any(finding.stops for finding in self.findings)

    def as_dict(self) -> dict[str, Any]:
        """Return what was read and found as JSON values."""
        return {
            "sources": [source.as_dict() for source in self.sources],
            "findings": [finding.as_dict() for finding in self.findings],
            "stops": self.stops,
        }


def check_sources(settings: Settings, progress: Progress) -> Checked:
    """Read every configured source, even if another cannot be read.

    If all could be read, the source guard judges them. The result lands as in a run, which then need not read it again.
    WarehouseError if no source is configured.
    """
    settings.require_source()
    workspace = Workspace(settings.state)
    plan = RunPlan.of(settings, datetime.now(UTC))
    with workspace.turn(progress.view.noted):
        read = [_checked(source, workspace, settings, progress) for source in SOURCES]
        landed = [table for source in read for table in source.tables]
        is_whole = not any(source.problem for source in read)
        findings = judge_run_sources(settings, plan, workspace, landed).findings if is_whole else ()
    return Checked(tuple(source for source in read if source.is_configured), findings)


def _checked(source: str, workspace: Workspace, settings: Settings, progress: Progress) -> CheckedSource:
    location: str | None = getattr(settings, source)
    try:
        with progress.step(source) as step:
            landing = Landing(workspace.landing, forgotten=read_forgotten(workspace.state))
            order, page = settings.date_order_of(source), settings.code_page_of(source)
            tables = ingest_source(source, location, landing, step, order, page)
            step.summary = plural(sum(table.read for table in tables), "row") + " read"
    except WarehouseError as fault:
        return CheckedSource(source, problem=fault)
    return CheckedSource(source, tuple(tables))


def check_lines(checked: Checked) -> Iterator[str]:
    """Return the lines that report what was read and found."""
    for source in checked.sources:
        if source.problem is not None:
            yield f"{source.name}: a run would stop here"
            yield from (f"  {line}" for line in str(source.problem).split("\n"))
        for table in source.tables:
            if table.is_configured:
                yield from _table_lines(table)
        if absent := [table.table.name for table in source.tables if not table.is_configured]:
            yield f"{source.name}: no file or table for {', '.join(absent)}"
        for name, why in (each for table in source.tables for each in table.unread_files):
            yield f"{source.name}: {name} was not read: {why}"
    for finding in checked.findings:
        yield from f"{'stops' if finding.stops else 'warns'}: {finding}".split("\n")


def _table_lines(table: LandedTable) -> Iterator[str]:
    nulled = sum(table.nulled.values())
    yield (
        f"{table.table.shown_name}: {plural(table.read, 'row')} read, {table.loaded:,} loaded, "
        f"{table.rejected:,} rejected, {plural(nulled, 'cell')} nulled"
    )
    for at, reading in enumerate(table.readings, start=1):
        yield from _file_lines(reading, f"{at}. " if len(table.readings) > 1 else "")
    for reason, count in table.rejected_for.items():
        yield f"  {plural(count, 'row')} rejected: {reason}"
    for column, count in table.nulled.items():
        yield f"  {plural(count, 'cell')} nulled: {column}"
    for notice in table.notices:
        yield f"  note: {notice}"


def _file_lines(reading: FileReading, where: str) -> Iterator[str]:
    facts = [plural(reading.rows, "row")]
    if reading.encoding:
        facts.append(reading.encoding)
    if reading.separator:
        facts.append(f"separator {_SEPARATORS.get(reading.separator, reading.separator)}")
    if reading.header_line:
        facts.append(f"headers in line {reading.header_line}")
    if reading.date_order:
        facts.append(f"dates {reading.date_order.replace('_', ' ')}: {reading.date_order_reason}")
    yield f"  {where}{reading.file}: {', '.join(facts)}"
    renamed = [f"{column} by '{header}'" for column, header in reading.columns.items() if column != header]
    same = len(reading.columns) - len(renamed)
    yield f"    columns: {', '.join([*([f'{same} by their own names'] if same else []), *renamed])}"
    for header, near in reading.left_out.items():
        yield f"    left out: '{header}'" + (f", which is nearly {near}" if near else "")
