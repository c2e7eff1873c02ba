"""Checks a published drop against its own manifest, from the bytes on: what arrived is what was published.

Whether the values keep their contract was the audit's question before publication (`audit/`); here it is whether the
files are the manifest's, and whether the manifest is one that this warehouse could have written. A drop may be damaged
or made by anyone, so nothing in it is believed: what is wrong becomes a fault, one line each.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pydantic import ValidationError

from pipeline.common.scratch_database import scratch_connection
from pipeline.contracts.contract import ContractColumn, ExportContract, contract_from_dict
from pipeline.contracts.cuts import IN_EVERY_CUT
from pipeline.drops.catalog import LATEST, POINTER, is_drop_name, latest_name
from pipeline.drops.csv_file import SAFE_SUFFIX, neutralised, read_csv
from pipeline.drops.described_drop import (
    DescribedChangesFile,
    DescribedCut,
    DescribedDrop,
    DescribedFile,
    DescribedPage,
)
from pipeline.drops.manifest import (
    BESIDE_THE_CONTENT,
    MANIFEST,
    MANIFEST_VERSION,
    drop_name,
    hashed_bytes,
    manifest_bytes,
    with_hashes,
)
from pipeline.drops.stage import CHECKSUMS
from pipeline.drops.write_changes import CHANGES
from pipeline.guards.drift_guard import LISTS
from pipeline.storage.minisign import SUFFIX, PublicKey
from pipeline.storage.place import Entry, Place, open_place

AnyFile = DescribedFile | DescribedChangesFile | DescribedPage

SIGNATURE: Final = f"{MANIFEST}{SUFFIX}"
_LARGEST_MANIFEST: Final = 64 * 1024 * 1024
_LARGEST_SIGNATURE: Final = 10_000
_SHOWN: Final = 5
"""Faults of one kind that are told of one file; the rest are counted."""


def verify_drop(
    location: str | Place, contracts: Sequence[ExportContract] = (), key: PublicKey | None = None
) -> list[str]:
    """List the faults of the drop at a place, path or URL (its folder, `latest` or `latest.json`), one line each.

    `contracts` are those that this warehouse knows: a file that claims the version of one must have its columns. The
    manifest must bear the signature of the `key`, where one is given.
    WarehouseError where the place can't be reached at all.
    """
    drop = _open_drop(location)
    if isinstance(drop, str):
        return [drop]
    unsigned = [] if key is None else list(_signature_faults(drop, key))
    if drop.is_local:
        return [*unsigned, *_faults(drop, Path(drop.root), contracts)]
    with tempfile.TemporaryDirectory(prefix="verify-") as scratch:
        return [*unsigned, *_faults(drop, Path(scratch), contracts)]


def _open_drop(location: str | Place) -> Place | str:
    """Find the folder of the drop, through `latest` if it is named; a fault where there is none."""
    place = open_place(location) if isinstance(location, str) else location
    if place.is_local and place.name != POINTER:
        folder = Path(place.root).resolve()
        if folder.is_dir():
            return open_place(str(folder))
        fault = "is a file; name the folder of the drop" if folder.exists() else "there is no such folder"
        return f"{place.address}: {fault}"
    if place.name in (LATEST, POINTER):
        organization = place.parent()
        name = latest_name(organization)
        return f"{place.address}: names no drop" if name is None else organization.child(name)
    return place


def _faults(drop: Place, folder: Path, contracts: Sequence[ExportContract]) -> Iterator[str]:
    """Check the drop; files that are not on this machine are fetched into `folder` as they are needed."""
    entries = {entry.name: entry for entry in drop.entries()}
    changes = entries.get(CHANGES)
    if changes is not None and changes.is_folder and not (drop.is_local and (Path(drop.root) / CHANGES).is_symlink()):
        del entries[CHANGES]
        entries |= {f"{CHANGES}/{entry.name}": replace(entry, name=f"{CHANGES}/{entry.name}") for entry in _inner(drop)}
    raw, described, reasons = _read_manifest(drop, entries)
    yield from reasons
    if raw is None or described is None:
        return
    yield from _manifest_faults(drop, raw, described)
    yield from _version_faults(described, contracts)
    yield from _listing_faults(entries, described)
    for file in described.all_files:
        yield from _bytes_faults(drop, folder, entries.get(file.name), file)
    yield from _checksum_faults(drop, entries.get(CHECKSUMS), described)
    plain = {name for name, entry in entries.items() if _is_file(drop, entry) and (folder / name).is_file()}
    yield from _content_faults(folder, [file for file in (*described.files, *described.cuts) if file.name in plain])
    yield from _cut_faults(folder, described, plain)


def _read_manifest(drop: Place, entries: dict[str, Entry]) -> tuple[Any, DescribedDrop | None, list[str]]:
    entry = entries.get(MANIFEST)
    if entry is None or not _is_file(drop, entry):
        return None, None, [f"{MANIFEST}: missing, so this folder is not a drop"]
    if entry.size > _LARGEST_MANIFEST:
        return None, None, [f"{MANIFEST}: {entry.size:,} bytes are more than a manifest can have"]
    content = drop.read(MANIFEST) or b""
    try:
        raw = json.loads(content)
    except (ValueError, RecursionError) as error:
        return None, None, [f"{MANIFEST}: is not JSON ({_short(error)})"]
    try:
        described = DescribedDrop.model_validate(raw)
    except ValidationError as error:
        faults = [
            f"{MANIFEST}: {'.'.join(str(part) for part in fault['loc']) or 'the whole'}: {fault['msg']}"
            for fault in error.errors(include_url=False, include_context=False, include_input=False)
        ]
        return None, None, _capped(faults, "more such faults")
    if described.manifest_version != MANIFEST_VERSION:
        return (
            None,
            None,
            [f"{MANIFEST}: is of version {described.manifest_version}, this warehouse reads {MANIFEST_VERSION}"],
        )
    try:
        is_canonical = content in (manifest_bytes(raw), hashed_bytes(raw))
    except (ValueError, RecursionError):
        is_canonical = False
    return raw, described, [] if is_canonical else [f"{MANIFEST}: is not written as the warehouse writes it"]


def _signature_faults(drop: Place, key: PublicKey) -> Iterator[str]:
    """Check that the manifest bears the signature of a key; one that is not there is a fault."""
    entries = {entry.name: entry for entry in drop.entries()}
    manifest, signature = entries.get(MANIFEST), entries.get(SIGNATURE)
    if manifest is None or manifest.size > _LARGEST_MANIFEST or not _is_file(drop, manifest):
        return  # which is a fault of its own
    if signature is None or signature.size > _LARGEST_SIGNATURE or not _is_file(drop, signature):
        yield f"{SIGNATURE}: missing, so nobody vouches for the manifest"
    elif fault := key.fault(drop.read(MANIFEST) or b"", drop.read(SIGNATURE) or b""):
        yield f"{SIGNATURE}: {fault}"


def _is_file(drop: Place, entry: Entry) -> bool:
    """Whether an entry is a plain file: a link could lead out of the drop, a pipe could never end."""
    path = Path(drop.root) / entry.name
    return not entry.is_folder and (not drop.is_local or (path.is_file() and not path.is_symlink()))


def _manifest_faults(drop: Place, raw: dict[str, Any], described: DescribedDrop) -> Iterator[str]:
    """Check the manifest against itself, and against the folder's name where that is a drop's: a copy may have any."""
    try:
        right = with_hashes(raw)
    except ValueError:
        right = {}
    if described.content_hash != right.get("content_hash"):
        yield f"{MANIFEST}: content_hash {described.content_hash[:8]}… is not the hash of the content"
    elif described.manifest_hash is not None and described.manifest_hash != right["manifest_hash"]:
        yield f"{MANIFEST}: manifest_hash {described.manifest_hash[:8]}… is not the hash of the manifest"
    elif described.manifest_hash is None and any(name in raw for name in BESIDE_THE_CONTENT):
        yield f"{MANIFEST}: has no manifest_hash over what it says of guards, acceptances and changes"
    if is_drop_name(drop.name) and drop.name != drop_name(raw):
        yield f"the folder is named {_quoted(drop.name)}, its manifest says {drop_name(raw)}"
    listed = [*described.files, *described.cuts]
    names = [file.name for file in listed]
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield f"{MANIFEST}: lists {name} more than once"
    by_export: dict[str, set[str]] = {}
    for file in listed:
        by_export.setdefault(file.export, set()).add(file.name)
        if file.name.partition(".")[0] != file.export:
            yield f"{file.name}: the manifest says that it is the export {file.export}"
        missing = [key for key in file.primary_key if key not in {column.name for column in file.columns}]
        if missing:
            yield f"{file.name}: the primary key names {', '.join(missing)}, which is no column"
    for export, present in sorted(by_export.items()):
        for suffix in ("csv", "parquet"):
            if f"{export}.{suffix}" not in present:
                yield f"{MANIFEST}: lists no {export}.{suffix}"
        first, *others = [file for file in listed if file.export == export]
        for other in others:
            if _contract(other) != _contract(first) or other.rows != first.rows:
                yield f"{MANIFEST}: says of {other.name} another contract or row count than of {first.name}"


def _version_faults(described: DescribedDrop, contracts: Sequence[ExportContract]) -> Iterator[str]:
    """Check the contract versions against those that this warehouse knows."""
    known = {contract.name: contract for contract in contracts if described.series is None or contract.name in LISTS}
    if not known:
        return
    claims = {file.export: file for file in described.files}
    for name in sorted(known.keys() - claims.keys()):
        yield f"{MANIFEST}: holds no export {name}"
    for export, file in sorted(claims.items()):
        ours = known.get(export)
        if ours is None:
            yield f"{file.name}: the export {export} is not one that this warehouse knows"
        elif file.contract_version == ours.version:
            if _shape(_contract(file)) != _shape(ours):
                yield f"{file.name}: has not the columns and key of contract {ours.version}, whose version it bears"
        elif _version(file.contract_version) > _version(ours.version):
            yield f"{file.name}: contract {file.contract_version} is newer than this warehouse's, {ours.version}"


def _contract(file: DescribedFile) -> ExportContract:
    return contract_from_dict(
        {
            "export": file.export,
            "contract_version": file.contract_version,
            "primary_key": file.primary_key,
            "schema": [column.model_dump() for column in file.columns],
        }
    )


def _shape(contract: ExportContract) -> tuple[Any, ...]:
    columns = [
        (column.name, column.data_type.replace(" ", ""), column.nullable) for column in contract.exported_columns
    ]
    return tuple(columns), contract.primary_key


def _version(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split("."))


def _listing_faults(entries: dict[str, Entry], described: DescribedDrop) -> Iterator[str]:
    """Check what is there against what is listed."""
    expected = {file.name for file in described.all_files} | {CHECKSUMS, MANIFEST}
    for name in sorted(expected - entries.keys()):
        yield f"{name}: missing"
    others = sorted(entries.keys() - expected - {SIGNATURE})
    extra = [f"{_quoted(name)}: is there, but not in the manifest" for name in others]
    yield from _capped(extra, "more files that the manifest doesn't list")


def _inner(drop: Place) -> list[Entry]:
    return drop.child(CHANGES).entries()


def _bytes_faults(drop: Place, folder: Path, entry: Entry | None, file: AnyFile) -> Iterator[str]:
    """Check size and hash, and bring the file onto this machine."""
    if entry is None:
        return
    path = folder / file.name
    if not _is_file(drop, entry):
        yield f"{file.name}: is not a file"
        return
    if entry.size != file.bytes:
        yield f"{file.name}: has {entry.size:,} bytes, the manifest says {file.bytes:,}"
        if not drop.is_local:  # nothing of another size is worth its way here
            return
    if not drop.is_local:
        path.parent.mkdir(exist_ok=True)
        drop.download(file.name, path)
    with path.open("rb") as opened:
        digest = hashlib.file_digest(opened, "sha256").hexdigest()
    if digest != file.sha256:
        yield f"{file.name}: sha256 is {digest[:8]}…, the manifest says {file.sha256[:8]}…"


def _checksum_faults(drop: Place, entry: Entry | None, described: DescribedDrop) -> Iterator[str]:
    """Check the list that `sha256sum -c` reads."""
    if entry is None:
        return
    changes = described.changes.files if described.changes else []
    listed: list[AnyFile] = [
        *sorted(described.files, key=_by_name),
        *sorted(described.cuts, key=_by_name),
        *sorted(changes, key=_by_name),
        *([described.page] if described.page else ()),
    ]
    expected = "".join(f"{file.sha256}  {file.name}\n" for file in listed)
    if not _is_file(drop, entry) or entry.size != len(expected) or drop.read(CHECKSUMS) != expected.encode():
        yield f"{CHECKSUMS}: is not the manifest's list of hashes"


def _by_name(file: AnyFile) -> str:
    return file.name


def _content_faults(folder: Path, files: list[DescribedFile]) -> Iterator[str]:
    """Check rows, types and keys, and that the forms of one export say the same."""
    by_name = {file.name: file for file in files}
    for export in dict.fromkeys(file.export for file in files):
        parquet = by_name.get(f"{export}.parquet")
        if parquet is None:
            continue
        contract = _contract(parquet)
        table = _read_parquet(folder / parquet.name)
        if isinstance(table, str):
            yield f"{parquet.name}: {table}"
            continue
        faults = [*_schema_faults(table.schema, contract)]
        yield from (f"{parquet.name}: {fault}" for fault in faults)
        if table.num_rows != parquet.rows:
            yield f"{parquet.name}: has {table.num_rows:,} rows, the manifest says {parquet.rows:,}"
        if faults or not set(contract.primary_key) <= set(table.column_names):
            continue
        yield from (f"{parquet.name}: {fault}" for fault in _value_faults(table, contract))
        for suffix, expected in (("csv", table), (SAFE_SUFFIX, neutralised(table))):
            csv = by_name.get(f"{export}.{suffix}")
            if csv is not None:
                yield from (f"{csv.name}: {fault}" for fault in _csv_faults(folder / csv.name, expected, csv, contract))


def _cut_faults(folder: Path, described: DescribedDrop, plain: Collection[str]) -> Iterator[str]:
    """Check that each cut is one of its export: of its contract, with accounts' ids and names, and of its rows."""
    exports = {file.export: file for file in described.files}
    for cut in (cut for cut in described.cuts if cut.name.endswith(".parquet")):
        export = exports.get(cut.of)
        if export is None:
            yield f"{cut.name}: is a cut of {cut.of}, which the manifest doesn't list"
            continue
        ours = {column.name: column for column in export.columns}
        strange = [column.name for column in cut.columns if column != ours.get(column.name)]
        if strange:
            yield f"{cut.name}: {', '.join(strange)} is not as the contract of {cut.of} has it"
        lacking = [name for name in IN_EVERY_CUT if name not in {column.name for column in cut.columns}]
        if lacking:
            yield f"{cut.name}: has no {', '.join(lacking)}"
        if (cut.contract_version, cut.primary_key) != (export.contract_version, export.primary_key):
            yield f"{cut.name}: has not the key and contract version of {cut.of}"
        if not strange and {cut.name, f"{cut.of}.parquet"} <= set(plain):
            yield from _cut_row_faults(folder, cut, [column.name for column in cut.columns])


def _cut_row_faults(folder: Path, cut: DescribedCut, columns: Sequence[str]) -> Iterator[str]:
    """Compare the rows of a cut with its export's: all of them where it has no filter, else no others."""
    tables = [_read_parquet(folder / name) for name in (cut.name, f"{cut.of}.parquet")]
    ours, theirs = ((None if isinstance(table, str) else table) for table in tables)
    if ours is None or theirs is None or not set(columns) <= set(ours.column_names) & set(theirs.column_names):
        return  # told of the files themselves
    with scratch_connection() as connection:
        connection.register("ours", ours.select(columns))
        connection.register("theirs", theirs.select(columns))
        strange, missing = (
            connection.sql(f"select count(*) from (from {one} except all from {other})").fetchall()[0][0]
            for one, other in (("ours", "theirs"), ("theirs", "ours"))
        )
    if strange:
        yield f"{cut.name}: {strange:,} of its rows are not rows of {cut.of}"
    if missing and cut.filter is None:
        yield f"{cut.name}: {missing:,} rows of {cut.of} are not in it"


def _read_parquet(path: Path) -> pa.Table | str:
    try:
        table = pq.ParquetFile(path).read()  # one file: names of folders around it are no columns
        table.validate(full=True)  # its texts are UTF-8
    except (pa.ArrowException, OSError, ValueError, OverflowError) as error:
        return f"is not Parquet that can be read ({_short(error)})"
    return table


def _schema_faults(schema: pa.Schema, contract: ExportContract) -> Iterator[str]:
    """Compare the file's columns with the manifest's: missing, extra, moved, retyped."""
    try:
        expected = {column.name: column.arrow_type for column in contract.exported_columns}
    except (ValueError, pa.ArrowException) as error:
        yield f"the manifest names a type that there is not ({_short(error)})"
        return
    for name, kind in expected.items():
        if name not in schema.names:
            yield f"column {name} is missing"
        elif schema.names.count(name) == 1 and schema.field(name).type != kind:
            yield f"column {name} is {schema.field(name).type}, the manifest says {kind}"
    for name in schema.names:
        if name not in expected:
            yield f"column {_quoted(name)} is not in the manifest"
    if sorted(schema.names) == sorted(expected) and schema.names != list(expected):
        yield "the columns stand in another order than in the manifest"
    elif len(set(schema.names)) != len(schema.names):
        yield "a column stands twice"


def _value_faults(table: pa.Table, contract: ExportContract) -> Iterator[str]:
    """Check not-null columns and how the file declares them, lengths and the primary key."""
    for column in contract.exported_columns:
        yield from _column_faults(table[column.name], column)
        if table.schema.field(column.name).nullable != column.nullable:
            found, told = ("may", "must not") if not column.nullable else ("must not", "may")
            yield f"column {column.name} {found} be null by the file's schema, and {told} by the manifest"
    keys = table.select(list(contract.primary_key))
    counts = keys.group_by(list(contract.primary_key)).aggregate([([], "count_all")])
    repeated = counts.filter(pc.greater(counts["count_all"], 1))
    for row in range(min(repeated.num_rows, _SHOWN)):
        yield f"the key {_key(repeated, row, contract.primary_key)} stands in {repeated['count_all'][row]} rows"
    if repeated.num_rows > _SHOWN:
        yield f"{repeated.num_rows - _SHOWN:,} more keys stand in more than one row"


def _column_faults(values: pa.ChunkedArray, column: ContractColumn) -> Iterator[str]:
    if not column.nullable and values.null_count:
        yield f"column {column.name} must not be null and is in {values.null_count:,} rows"
    if column.max_length is not None:
        too_long = pc.sum(pc.greater(pc.utf8_length(values), column.max_length)).as_py() or 0
        if too_long:
            yield f"column {column.name} is longer than {column.data_type} in {too_long:,} rows"


def _csv_faults(path: Path, expected: pa.Table, file: DescribedFile, contract: ExportContract) -> Iterator[str]:
    """Compare a CSV with the Parquet file, cell by cell."""
    found = read_csv(path, contract)
    if isinstance(found, str):
        yield found
        return
    if found.num_rows != file.rows:
        yield f"has {found.num_rows:,} rows, the manifest says {file.rows:,}"
    if found.num_rows != expected.num_rows:
        return
    faults = []
    count = 0
    for name in expected.column_names:
        ours, theirs = expected[name], found[name]
        same = pc.or_kleene(pc.fill_null(pc.equal(ours, theirs), False), pc.and_(pc.is_null(ours), pc.is_null(theirs)))
        if pc.all(same).as_py() is not False:
            continue
        places = pc.indices_nonzero(pc.invert(same))
        count += len(places)
        for place in places.slice(0, _SHOWN).to_pylist():
            row = _key(expected, place, contract.primary_key)
            faults.append(
                f"row {row}, column {name}: {_cell(theirs[place])}, but {_cell(ours[place])} in the Parquet file"
            )
    yield from faults[:_SHOWN]
    if count > _SHOWN:
        yield f"{count - _SHOWN:,} more cells differ from the Parquet file"


def _key(table: pa.Table, row: int, primary_key: tuple[str, ...]) -> str:
    return ", ".join(f"{name} {_cell(table[name][row])}" for name in primary_key)


def _cell(scalar: pa.Scalar) -> str:
    try:
        value = scalar.as_py()
    except (ValueError, OverflowError):  # a day or instant beyond those of Python
        value = scalar.cast(pa.string()).as_py()
    return "null" if value is None else _quoted(str(value))


def _quoted(text: str) -> str:
    """Write a text of unknown origin on one line, at a length that a person reads."""
    shown = text if len(text) <= 80 else text[:79] + "…"
    return shown if shown.isprintable() and shown else json.dumps(shown)


def _short(error: BaseException) -> str:
    return _quoted(" ".join(str(error).split()) or type(error).__name__)


def _capped(faults: list[str], more: str) -> list[str]:
    """Keep the first faults of a kind and count the rest."""
    return faults if len(faults) <= _SHOWN else [*faults[:_SHOWN], f"{len(faults) - _SHOWN:,} {more}"]
