"""The record of a source's latest ingest, stored in a file for later steps."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from pipeline.common.errors import WarehouseError
from pipeline.ingest.landing.file_reading import FileReading
from pipeline.ingest.landing.landed_table import LandedTable, SourceFile
from pipeline.ingest.tables import source_table
from pipeline.state.forgotten_file import read_forgotten
from pipeline.state.workspace import Workspace
from pipeline.storage.local_files import write_whole


def write_record(path: Path, landed: Sequence[LandedTable]) -> None:
    """Write the record atomically."""
    document = [
        {
            **{name: value for name, value in vars(table).items() if name != "table"},
            "source": table.table.source,
            "name": table.table.name,
            "parts": [str(part) for part in table.parts],
            "rejects": [str(part) for part in table.rejects],
            "merged_from": [str(part) for part in table.merged_from],
            "files": [asdict(file) for file in table.files],
            "readings": [reading.as_dict() for reading in table.readings],
        }
        for table in landed
    ]
    write_whole(path, json.dumps(document, ensure_ascii=False, indent=1))


def read_record(path: Path) -> list[LandedTable]:
    """Read what `write_record` wrote. Raises WarehouseError if the record is missing or damaged."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        return [
            LandedTable(
                table=source_table(table["source"], table["name"]),
                parts=tuple(Path(part) for part in table["parts"]),
                rejects=tuple(Path(part) for part in table["rejects"]),
                files=tuple(SourceFile(**file) for file in table["files"]),
                is_configured=bool(table["is_configured"]),
                read=int(table["read"]),
                loaded=int(table["loaded"]),
                rejected=int(table["rejected"]),
                fingerprint=str(table["fingerprint"]),
                extra_columns=tuple(table["extra_columns"]),
                notices=tuple(table["notices"]),
                matched=dict(table["matched"]),
                unknown=dict(table["unknown"]),
                lacking=dict(table.get("lacking", {})),  # earlier versions did not write what is read with get()
                unread_files=tuple((name, why) for name, why in table["unread_files"]),
                readings=tuple(FileReading.from_dict(reading) for reading in table["readings"]),
                nulled=dict(table["nulled"]),
                rejected_for=dict(table["rejected_for"]),
                contents=tuple(table["contents"]),
                merged_from=tuple(Path(part) for part in table.get("merged_from", ())),
                without=tuple(table.get("without", ())),
            )
            for table in document
        ]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise WarehouseError(
            "the record of the latest ingest is missing or damaged", where=str(path), remedy="ingest the sources again"
        ) from error


SOURCES = ("lmn", "crm", "platform")


def landed_tables(workspace: Workspace, sources: Sequence[str] = SOURCES) -> list[LandedTable]:
    """Return the tables that the latest ingest of every source landed.

    Raises WarehouseError if a file is missing or damaged, or may contain a person whose forgetting was interrupted.
    """
    landed = [table for source in sources for table in read_record(workspace.landed(source))]
    interrupted = read_forgotten(workspace.state).interrupted
    for table in landed:
        name = table.table.shown_name
        if table.is_configured and interrupted - set(table.without):
            raise WarehouseError(
                f"the landed table {name} may contain a person whose forgetting was interrupted",
                where=str(workspace.landing),
                remedy="run the same `warehouse forget` again, or the whole job, which reads the sources again",
            )
        for path in table.damaged():
            raise WarehouseError(
                f"the landed table {name} is missing or damaged",
                where=str(path),
                remedy="ingest the sources again, or run the whole job: it reads damaged tables again",
            )
    return landed


def named_inputs(landed: Sequence[LandedTable]) -> list[dict[str, Any]]:
    """List the files of every configured source table, with their hashes.

    Counts are left out, because tenants share these tables, and none may learn about the rows of another.
    """
    return [
        {
            "source": table.table.source,
            "table": table.table.name,
            "files": [{"name": file.name, "sha256": file.sha256} for file in table.files],
        }
        for table in landed
        if table.is_configured
    ]


def has_crm_rows(landed: Iterable[LandedTable]) -> bool:
    """Return whether LMN or the CRM is configured, whose rows all belong to `crm_organization_id`."""
    return any(table.is_configured and table.table.source in ("lmn", "crm") for table in landed)
