"""Rewrites the files of a state folder without a forgotten person: records, reports, logs and tables."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import pyarrow.parquet as pq

from pipeline.state.forgotten import Forgotten
from pipeline.state.forgotten_rows import forget_rows
from pipeline.storage.local_files import whole_file, write_whole

_TEXTS: Final = (
    "reports/*",
    "runs/*.json",
    "log/*",
    "origins/*/origin.json",
    "dbt/**/*.json",
    "dbt/**/*.log",
)
_TABLES: Final = ("history/*/*.parquet", "run/*.parquet")
_NAMED_ID: Final = re.compile(
    r"(?:stakeholder|requester|user|assignee|author|owner|team_member)_id\W{1,8}(?P<id>\d{1,18})\b"
)
"""An id in a text, next to its column name: `stakeholder_id 5001` or `"owner_id": "310"`."""


def forget_in_files(state: Path, register: Forgotten, renamed: Mapping[str, str]) -> int:
    """Rewrite the text files of a state folder without the people, and with the drops' new names; count the changes."""
    changed = 0
    for path in (path for pattern in _TEXTS for path in sorted(state.glob(pattern)) if path.is_file()):
        before = path.read_text(encoding="utf-8", errors="surrogateescape")
        after = register.without(before)
        for organization_id in {one for entry in register.entries for one in entry.organizations}:
            after = register.of(organization_id).without_ids(after, _NAMED_ID)
        for was, name in renamed.items():
            after = after.replace(was, name)
        if after != before:
            write_whole(path, after.encode("utf-8", "surrogateescape"))
            changed += 1
    return changed


def forget_in_tables(state: Path, register: Forgotten) -> int:
    """Rewrite the tables of a state folder without the people; count the changed ones."""
    changed = 0
    for path in (path for pattern in _TABLES for path in sorted(state.glob(pattern))):
        rows = pq.ParquetFile(path).read()
        new = forget_rows(register, path.stem.partition(".")[0], rows)
        if new is not rows:
            with whole_file(path) as draft:
                pq.write_table(new, draft, compression="zstd")
            changed += 1
    return changed
