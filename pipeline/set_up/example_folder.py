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
# Settings of the warehouse: commands that you run in this folder read them. `warehouse config` shows the settings in
# force; docs/settings.md lists all. Put passwords in the environment (WAREHOUSE_CRM, WAREHOUSE_POSTGRES_URL).

lmn = "sources/lmn"
crm = "sources/crm"            # or a database: postgresql://user@host:5432/name
platform = "sources/platform"

exports = "exports"            # or s3://bucket/prefix, sftp://user@host/path
state = ".state"

# target = "duckdb"            # or "postgres", "spark"
# keep_drops = 12
# settle_seconds = 300         # `warehouse ui` starts a run when files have not changed for this long
# schedule_weekly = "0 5 * * 1"
# schedule_time_zone = "UTC"
# owners = ["team:warehouse"]

# [var]                        # decisions: see docs/choices.md
# at_risk_days = 90
"""
_README: Final = """\
# This folder

`warehouse.toml` contains the settings. `sources/` has a file for every table that can be read, with a header and no
rows: replace these files with your exports, and delete the files of tables that you do not have. Extra columns are
ignored; `warehouse check` shows which columns were found, and by which headers.

1. `warehouse check` shows how each file was read, and what would stop a run. It publishes nothing.
2. `warehouse run` publishes audited drops in `exports/`; `exports/<organization>/latest` is an organization's newest.
3. `warehouse ui` opens a page for runs, with schedules and a sensor for new files.

{tables}
"""


def write_example_folder(folder: Path) -> list[Path]:
    """Write the example files into `folder`; return their paths.

    WarehouseError if the folder is not empty.
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
