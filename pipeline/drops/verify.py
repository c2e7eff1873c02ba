"""Checks a published drop against its own manifest, byte for byte: what arrived is what was published.

The audit checked before publication that values satisfy their contract (`audit/`). This module checks that the files
match the manifest, and that this warehouse could have written the manifest. A drop may be damaged or made by anyone, so
nothing in it is trusted: whatever is wrong becomes a fault of one line.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from pipeline.contracts.contract import ExportContract
from pipeline.contracts.lists import LISTS
from pipeline.drops.catalog import LATEST, POINTER, is_drop_name, latest_name, read_manifest
from pipeline.drops.described_drop import DescribedDrop
from pipeline.drops.encrypted_files import is_encrypted
from pipeline.drops.file_bytes import (
    SIGNATURE,
    bytes_faults,
    can_decrypt,
    checksum_faults,
    encrypted_faults,
    is_file,
    listing_faults,
)
from pipeline.drops.file_contents import capped, content_faults, contract_of, cut_faults, in_short, quoted
from pipeline.drops.manifest import (
    ENCRYPTED,
    MANIFEST,
    NOT_IN_CONTENT_HASH,
    drop_name,
    with_hashes,
)
from pipeline.drops.manifest_layout import MANIFEST_VERSION, hashed_bytes, manifest_bytes, parse_manifest
from pipeline.drops.stage import CHECKSUMS
from pipeline.drops.write_changes import CHANGES
from pipeline.storage.minisign import PublicKey
from pipeline.storage.place import Entry, Place, open_place

_LARGEST_MANIFEST: Final = 64 * 1024 * 1024
_LARGEST_SIGNATURE: Final = 10_000


def verify_drop(
    location: str | Place, contracts: Sequence[ExportContract] = (), key: PublicKey | None = None
) -> list[str]:
    """List the faults of the drop at a place, path or URL (its folder, `latest` or `latest.json`), one line each.

    `contracts` are those that this warehouse knows: a file that claims the version of one must have its columns. If a
    `key` is given, the manifest must have its signature. Of files that this warehouse can't decrypt, only the encrypted
    bytes are checked (`reads_contents` is then false). WarehouseError if the place cannot be reached at all.
    """
    return list(faults_of_drop(location, contracts, key))


def faults_of_drop(
    location: str | Place, contracts: Sequence[ExportContract] = (), key: PublicKey | None = None
) -> Iterator[str]:
    """Yield the faults that `verify_drop` lists, as they are found, cheapest checks first."""
    drop = _open_drop(location)
    if isinstance(drop, str):
        yield drop
        return
    if key is not None:
        yield from _signature_faults(drop, key)
    with tempfile.TemporaryDirectory(prefix="verify-") as scratch:
        yield from _faults(drop, Path(scratch), contracts)


def reads_contents(location: str | Place) -> bool:
    """Return whether the contents of the files can be checked: they are not encrypted, or can be decrypted."""
    drop = _open_drop(location)
    manifest = None if isinstance(drop, str) else read_manifest(drop)
    if isinstance(drop, str) or manifest is None:
        return False
    there = {entry.name for entry in drop.entries()} if drop.is_local else set()
    is_plain = not is_encrypted(manifest) or {file["name"] for file in manifest["files"]} <= there
    return is_plain or can_decrypt(drop, manifest[ENCRYPTED]["recipients"])


def _open_drop(location: str | Place) -> Place | str:
    """Return the folder of the drop, resolving `latest`, or a fault if there is none."""
    place = open_place(location) if isinstance(location, str) else location
    if place.is_local and place.name != POINTER:
        folder = Path(place.root).resolve()
        if folder.is_dir():
            return open_place(str(folder), place.keys)
        fault = "is a file; name the folder of the drop" if folder.exists() else "there is no such folder"
        return f"{place.address}: {fault}"
    if place.name in (LATEST, POINTER):
        organization = place.parent()
        name = latest_name(organization)
        return f"{place.address}: names no drop" if name is None else organization.child(name)
    return place


def _faults(drop: Place, scratch: Path, contracts: Sequence[ExportContract]) -> Iterator[str]:
    """Check the drop; remote or encrypted files are copied into `scratch` as they are needed."""
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
    yield from listing_faults(drop, entries, described)
    if described.encrypted is None:
        folder = Path(drop.root) if drop.is_local else scratch
        for file in described.all_files:
            yield from bytes_faults(drop, folder, entries.get(file.name), file)
    else:
        folder = scratch
        yield from encrypted_faults(drop, folder, entries, described, described.encrypted)
    yield from checksum_faults(drop, entries.get(CHECKSUMS), described)
    plain = {
        file.name
        for file in described.all_files
        if (described.encrypted or is_file(drop, entries.get(file.name))) and (folder / file.name).is_file()
    }
    yield from content_faults(folder, [file for file in (*described.files, *described.cuts) if file.name in plain])
    yield from cut_faults(folder, described, plain)


def _read_manifest(drop: Place, entries: dict[str, Entry]) -> tuple[Any, DescribedDrop | None, list[str]]:
    entry = entries.get(MANIFEST)
    if entry is None or not is_file(drop, entry):
        return None, None, [f"{MANIFEST}: missing, so this folder is not a drop"]
    if entry.size > _LARGEST_MANIFEST:
        return None, None, [f"{MANIFEST}: {entry.size:,} bytes are more than a manifest can have"]
    content = drop.read(MANIFEST) or b""
    try:
        raw = parse_manifest(content)
    except (ValueError, RecursionError) as error:
        return None, None, [f"{MANIFEST}: is not JSON ({in_short(error)})"]
    try:
        described = DescribedDrop.model_validate(raw)
    except ValidationError as error:
        faults = [
            f"{MANIFEST}: {'.'.join(str(part) for part in fault['loc']) or 'the document'}: {fault['msg']}"
            for fault in error.errors(include_url=False, include_context=False, include_input=False)
        ]
        return None, None, capped(faults, "more such faults")
    if not 1 <= described.manifest_version <= MANIFEST_VERSION:
        fault = f"is of version {described.manifest_version}, this warehouse reads those up to {MANIFEST_VERSION}"
        return None, None, [f"{MANIFEST}: {fault}"]
    layouts = [manifest_bytes, *([hashed_bytes] if described.manifest_version == 1 else [])]
    try:
        is_canonical = any(content == layout(raw) for layout in layouts)
    except (ValueError, RecursionError, AttributeError, KeyError, TypeError):  # the warehouse writes no such parts
        is_canonical = False
    return raw, described, [] if is_canonical else [f"{MANIFEST}: is not written as the warehouse writes it"]


def _signature_faults(drop: Place, key: PublicKey) -> Iterator[str]:
    """Check the signature of the manifest; a missing one is a fault."""
    entries = {entry.name: entry for entry in drop.entries()}
    manifest, signature = entries.get(MANIFEST), entries.get(SIGNATURE)
    if manifest is None or manifest.size > _LARGEST_MANIFEST or not is_file(drop, manifest):
        return  # another check reports this
    if signature is None or signature.size > _LARGEST_SIGNATURE or not is_file(drop, signature):
        yield f"{SIGNATURE}: missing, so nobody vouches for the manifest"
    elif fault := key.fault(drop.read(MANIFEST) or b"", drop.read(SIGNATURE) or b""):
        yield f"{SIGNATURE}: {fault}"


def _inner(drop: Place) -> list[Entry]:
    return drop.child(CHANGES).entries()


def _manifest_faults(drop: Place, raw: dict[str, Any], described: DescribedDrop) -> Iterator[str]:
    """Check the manifest against itself, and against the folder's name if that is a drop's."""
    try:
        right = with_hashes(raw)
    except ValueError:
        right = {}
    if described.content_hash != right.get("content_hash"):
        yield f"{MANIFEST}: content_hash {described.content_hash[:8]}… is not the hash of the content"
    elif described.manifest_hash is not None and described.manifest_hash != right["manifest_hash"]:
        yield f"{MANIFEST}: manifest_hash {described.manifest_hash[:8]}… is not the hash of the manifest"
    elif described.manifest_hash is None and any(name in raw for name in NOT_IN_CONTENT_HASH):
        yield f"{MANIFEST}: has no manifest_hash that covers guards, acceptances and changes"
    if is_drop_name(drop.name) and drop.name != drop_name(raw):
        yield f"the folder is named {quoted(drop.name)}, its manifest says {drop_name(raw)}"
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
            if contract_of(other) != contract_of(first) or other.rows != first.rows:
                yield f"{MANIFEST}: gives {other.name} another contract or row count than {first.name}"


def _version_faults(described: DescribedDrop, contracts: Sequence[ExportContract]) -> Iterator[str]:
    """Check the contract versions against those that this warehouse knows."""
    known = {contract.name: contract for contract in contracts if described.series is None or contract.name in LISTS}
    if not known:
        return
    claims = {file.export: file for file in described.files}
    for name in sorted(known.keys() - claims.keys()):
        yield f"{MANIFEST}: lists no export {name}"
    for export, file in sorted(claims.items()):
        ours = known.get(export)
        if ours is None:
            yield f"{file.name}: this warehouse knows no export {export}"
        elif file.contract_version == ours.version:
            if _shape(contract_of(file)) != _shape(ours):
                yield f"{file.name}: claims contract {ours.version}, but has other columns or another key"
        elif _version(file.contract_version) > _version(ours.version):
            yield f"{file.name}: contract {file.contract_version} is newer than this warehouse's, {ours.version}"


def _shape(contract: ExportContract) -> tuple[Any, ...]:
    columns = [
        (column.name, column.data_type.replace(" ", ""), column.nullable) for column in contract.exported_columns
    ]
    return tuple(columns), contract.primary_key


def _version(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split("."))
