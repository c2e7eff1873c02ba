"""`warehouse init`: an example set-up in a new folder, with an empty file for every source table."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Final

from pipeline.common.errors import WarehouseError
from pipeline.ingest.landing.record import SOURCES
from pipeline.ingest.schema import SourceTable
from pipeline.ingest.tables import SOURCE_TABLES

_SETTINGS: Final = """\
# Settings of the warehouse for this folder: commands that are called here read them. `warehouse config` says what is
# in force; docs/settings.md lists all. Passwords belong in the environment (WAREHOUSE_CRM, WAREHOUSE_POSTGRES_URL).

lmn = "sources/lmn"
crm = "sources/crm"            # or a database: postgresql://user@host:5432/name
platform = "sources/platform"

exports = "exports"            # or s3://bucket/prefix, sftp://user@host/path
state = ".state"

# target = "duckdb"            # or "postgres", "spark"
# keep_drops = 12
# settle_seconds = 300         # of `warehouse ui`: how long files must have stood still
# schedule_weekly = "0 5 * * 1"
# schedule_time_zone = "UTC"
# owners = ["team:warehouse"]

# [var]                        # decisions: see docs/choices.md
# at_risk_days = 90
"""
_README: Final = """\
# This folder

`warehouse.toml` holds the settings. `sources/` has an empty file of every table that can be read, with its header: put
your exports in their place, and take away the files of tables that you do not have. An extra column does no harm;
`warehouse check` says which columns were found, and by which headers.

1. `warehouse check` says how each file was read, and what would stop a run. Nothing is published.
2. `warehouse run` publishes audited drops in `exports/`; `exports/<organization>/latest` is an organization's newest.
3. `warehouse ui` is a page with all of it, with schedules and a sensor for new files.

{tables}
"""


def write_example_folder(folder: Path) -> list[Path]:
    """Write the files into `folder`, which is new or empty; return their paths.

    WarehouseError where something is there already.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise WarehouseError("is not empty", where=str(folder), remedy="name a new folder, or an empty one")
    texts = {Path("warehouse.toml"): _SETTINGS, Path("README.md"): _README.format(tables=_table_list())}
    texts |= {Path("sources") / table.source / f"{table.name}.csv": _header(table) for table in SOURCE_TABLES}
    for name, text in texts.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8", newline="")
    return [folder / name for name in texts]


def _header(table: SourceTable) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow([column.headers[0] for column in table.columns])
    return line.getvalue()


def _table_list() -> str:
    lines = []
    for source in SOURCES:
        tables = [table for table in SOURCE_TABLES if table.source == source]
        lines += [f"## {source}", "", "| file | one row for each | must have |", "|---|---|---|"]
        for table in tables:
            required = ", ".join(column.headers[0] for column in table.columns if column.required) or "a header"
            lines.append(f"| `{table.name}.csv` | {', '.join(table.key)} | {required} |")
        lines.append("")
    return "\n".join(lines).rstrip()
