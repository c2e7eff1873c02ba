"""Event tables of millions of rows: their memory is bounded, whatever faults they have."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

ROWS = 6_000_000
CSV_ROWS = 1_500_000
MOST_MEMORY = 1024**3

EMAILS = """
select
    range % 3 + 1 as organization_id, {id} as id, range % 50000 as customer_id, range // 4 as thread_id,
    timestamp '2024-01-01' + interval (range) second as sent_at, {direction} as direction,
    case when range % 3 = 0 then range % 2000 end as user_id,
    case when range % 3 > 0 then range % 200000 end as stakeholder_id,
    case range % 4 when 0 then 'positive' when 1 then 'neutral' when 2 then 'negative' end as sentiment
from range({rows})
"""
TEAM = "case when range % 2 = 0 then 'team' else 'account' end"
CASES = {
    "plain": ("parquet", "range", TEAM, ROWS, 0),
    "to be typed": ("parquet", "cast(range as varchar)", f"upper({TEAM})", ROWS, 0),
    "every row twice": ("parquet", "range // 6", TEAM, ROWS, ROWS // 2),
    "no row is right": ("parquet", "range", "'nobody-' || range", CSV_ROWS, CSV_ROWS),
    "as CSV": ("csv", "range", TEAM, CSV_ROWS, 0),
}

CHILD = """
import json, resource, sys
from pathlib import Path
from pipeline.ingest.landing.zone import Landing
from pipeline.ingest.sources import ingest_source

class Silence:
    def update(self, done, total=None, detail=""):
        pass

landed = ingest_source("platform", sys.argv[1], Landing(Path(sys.argv[2])), Silence())
(table,) = [table for table in landed if table.table.name == "email_prop"]
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
print(json.dumps([table.read, table.rejected, peak]))
"""


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES)
def test_memory_is_bounded(tmp_path: Path, case: str) -> None:
    suffix, key, direction, count, rejected = CASES[case]
    (tmp_path / "platform").mkdir()
    target = tmp_path / "platform" / f"email_prop.{suffix}"
    duckdb.execute(f"copy ({EMAILS.format(id=key, direction=direction, rows=count)}) to '{target}'")
    child = subprocess.run(
        [sys.executable, "-c", CHILD, str(tmp_path / "platform"), str(tmp_path / "landing")],
        check=True,
        capture_output=True,
        # freed memory is returned at once, so that only needed memory is measured
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "MIMALLOC_PURGE_DELAY": "0"},
    )
    read, refused, peak = json.loads(child.stdout)
    assert (read, refused) == (count, rejected)
    assert peak < MOST_MEMORY, f"{peak / 1024**2:,.0f} MiB"
