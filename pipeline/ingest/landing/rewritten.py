"""Rewrites the landing zone without forgotten people: under the same names, with the same columns.

A file's new hash replaces the old one in every record, so that retained drops still refer to their origin. The hashes
are kept in a journal until all records are updated. If the process is killed, files count as damaged for records with
old hashes; any later `warehouse forget`, of the same person or another, completes the update.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.ingest.duplicates.key_scan import scan_keys, to_record
from pipeline.ingest.landing.part_writer import PartWriter
from pipeline.ingest.rejects import REJECTS_SCHEMA
from pipeline.ingest.tables import source_table
from pipeline.state.forgotten import Forgotten
from pipeline.state.forgotten_rows import forget_rows
from pipeline.storage.local_files import clear_drafts, content_hash, hidden_name, put_in_place, write_whole
from pipeline.storage.sealed import read_sealed, write_sealed

_REJECTS: Final = ".rejects.parquet"
_SEALED: Final = ".json"


def rewrite_landing(root: Path, records: Iterable[Path], register: Forgotten, journal: Path) -> int:
    """Rewrite the files of a landing zone that name a forgotten person; return the number of files in the journal.

    `records` are the files outside the zone that refer to contents by their hashes.
    """
    hashes: dict[str, str] = json.loads(journal.read_text()) if journal.exists() else {}
    records = list(records)
    for folder in {*root.glob("*/"), *(path.parent for path in records)}:
        clear_drafts(folder)  # drafts of killed runs may name the person
    for path in sorted(root.glob("*/[!.]*.parquet")):
        draft = path.with_name(hidden_name())
        if _rewrite(path, draft, register):
            was, now = content_hash(path), content_hash(draft)
            hashes = {old: now if new == was else new for old, new in hashes.items()} | {was: now}
            write_whole(journal, json.dumps(hashes))
            put_in_place(draft, path)
    if hashes:
        for path in sorted(root.glob(f"*/[!.]*{_SEALED}")):
            value = read_sealed(path)
            if value is not None and (new := _renamed(value, hashes)) != value:
                write_sealed(path, {**new, **_key_ranges(path.with_suffix(".parquet"), new)})
        for path in records:
            text = path.read_text(encoding="utf-8")
            if (new_text := json.dumps(_renamed(json.loads(text), hashes), ensure_ascii=False, indent=1)) != text:
                write_whole(path, new_text)
    journal.unlink(missing_ok=True)
    return len(hashes)


def _rewrite(path: Path, draft: Path, register: Forgotten) -> bool:
    """Write a file without the forgotten people if it names one of them; return whether it does."""
    file = pq.ParquetFile(path)
    if path.name.endswith(_REJECTS):
        rows = file.read()
        values = register.without_people(rows["value"].combine_chunks())
        if values.equals(rows["value"].combine_chunks()):
            return False
        at = rows.schema.get_field_index("value")
        pq.write_table(rows.set_column(at, REJECTS_SCHEMA.field("value"), values), draft, compression="zstd")
        return True
    table = path.parent.name.partition("__")[2]
    if not any(new is not rows for rows, new in _row_groups(file, table, register)):
        return False
    with PartWriter(draft, file.schema_arrow) as writer:
        for _, new in _row_groups(file, table, register):
            for batch in new.combine_chunks().to_batches():
                writer.write(batch)
    return True


def _row_groups(file: pq.ParquetFile, table: str, register: Forgotten) -> Iterator[tuple[pa.Table, pa.Table]]:
    for number in range(file.num_row_groups):
        rows = file.read_row_group(number)
        yield rows, forget_rows(register, table, rows)


def _key_ranges(part: Path, record: dict[str, Any]) -> dict[str, Any]:
    """Return the current ranges of a part's keys, if its record has ranges."""
    if not record.get("key_ranges"):
        return {}
    source, _, name = part.parent.name.partition("__")
    _, ranges = scan_keys(source_table(source, name).by_key_alone, part)
    return {"key_ranges": to_record(ranges)}


def _renamed(value: Any, names: dict[str, str]) -> Any:
    """Replace old texts by new ones anywhere in JSON values."""
    if isinstance(value, dict):
        return {name: _renamed(each, names) for name, each in value.items()}
    if isinstance(value, list):
        return [_renamed(each, names) for each in value]
    return names.get(value, value) if isinstance(value, str) else value
