"""A reader of published data, in its own process, that looks repeatedly until its input ends.

`python -m tests.orchestration.reader STATE EXPORTS hold|reopen` writes a line `open` at its first look, and at the end
a JSON object: the as_of of the marts and the drops that it saw, and faults. `hold` keeps its connection.
"""

from __future__ import annotations

import json
import select
import sys
from contextlib import closing
from pathlib import Path

import duckdb
import pyarrow.parquet as pq

_INSTANTS = "select distinct strftime(extracted_at, '%Y-%m-%dT%H:%M:%SZ') from marts.account_core order by all"


class Reader:
    """Reads the marts and organization 1's drop, and records what it saw."""

    def __init__(self, state: Path, exports: Path, *, holds: bool) -> None:
        self.published = state / "published.duckdb"
        self.latest = exports / "1" / "latest"
        self.held = duckdb.connect(str(self.published), read_only=True) if holds else None
        self.marts: set[str] = set()
        self.drops: set[str] = set()
        self.faults: list[str] = []

    def look(self) -> None:
        """Read both once."""
        if self.held is not None:
            instants = self.held.execute(_INSTANTS).fetchall()
        else:
            with closing(duckdb.connect(str(self.published), read_only=True)) as connection:
                instants = connection.execute(_INSTANTS).fetchall()
        if len(instants) != 1:
            self.faults.append(f"marts of {instants}")
        self.marts.update(instant for (instant,) in instants)
        drop = self.latest.resolve()
        manifest = json.loads((drop / "manifest.json").read_text())
        (file,) = (file for file in manifest["files"] if file["name"] == "account_core.parquet")
        if pq.read_metadata(drop / file["name"]).num_rows != file["rows"]:
            self.faults.append(f"{drop} is not whole")
        self.drops.add(manifest["as_of"])


def main(state: str, exports: str, kind: str) -> None:
    """Look until the input ends, and once more after that."""
    reader = Reader(Path(state), Path(exports), holds=kind == "hold")
    reader.look()
    print("open", flush=True)
    while not select.select([sys.stdin], [], [], 0.1)[0]:
        reader.look()
    reader.look()
    print(json.dumps({"marts": sorted(reader.marts), "drops": sorted(reader.drops), "faults": reader.faults}))


if __name__ == "__main__":
    main(*sys.argv[1:])
