"""Checks the bytes of a drop's files, encrypted or not, against its manifest: which files exist, sizes, hashes.

Nothing in them is trusted: whatever is wrong becomes a fault of one line.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from pipeline.common.errors import WarehouseError
from pipeline.drops.described_drop import (
    DescribedChangesFile,
    DescribedDrop,
    DescribedEncryptedFile,
    DescribedEncryption,
    DescribedFile,
    DescribedPage,
)
from pipeline.drops.file_contents import capped, quoted
from pipeline.drops.manifest import MANIFEST
from pipeline.drops.stage import CHECKSUMS
from pipeline.storage.minisign import SUFFIX as SIGNED
from pipeline.storage.openpgp import SUFFIX as ENCRYPTED
from pipeline.storage.place import Entry, Place

SIGNATURE: Final = f"{MANIFEST}{SIGNED}"

PlainFile = DescribedFile | DescribedChangesFile | DescribedPage


def listing_faults(drop: Place, entries: Mapping[str, Entry], described: DescribedDrop) -> Iterator[str]:
    """Compare the existing files with the listed ones."""
    plain = {file.name for file in described.all_files}
    stored = plain
    if described.encrypted is not None:
        stored, listed = {f"{name}{ENCRYPTED}" for name in plain}, {file.name for file in described.encrypted.files}
        yield from (f"{MANIFEST}: lists no {name}, and all files are encrypted" for name in sorted(stored - listed))
        yield from (f"{MANIFEST}: lists no file that is encrypted as {name}" for name in sorted(listed - stored))
        if drop.is_local:  # a receiver may have decrypted them, with or without keeping the encrypted ones
            stored = {name for name in stored if name in entries or name.removesuffix(ENCRYPTED) not in entries}
            stored |= plain & entries.keys()
    expected = stored | {CHECKSUMS, MANIFEST}
    for name in sorted(expected - entries.keys()):
        yield f"{name}: missing"
    others = sorted(entries.keys() - expected - {SIGNATURE})
    extra = [f"{quoted(name)}: is there, but not in the manifest" for name in others]
    yield from capped(extra, "more files that the manifest doesn't list")


def is_file(drop: Place, entry: Entry | None) -> bool:
    """Return whether an entry is a regular file: a link could lead out of the drop, a pipe could block forever."""
    if entry is None or entry.is_folder:
        return False
    path = Path(drop.root) / entry.name
    return not drop.is_local or (path.is_file() and not path.is_symlink())


def bytes_faults(
    drop: Place, folder: Path, entry: Entry | None, file: PlainFile | DescribedEncryptedFile
) -> Iterator[str]:
    """Check size and hash, and copy the file to this machine."""
    if entry is None:
        return
    path = folder / file.name
    if not is_file(drop, entry):
        yield f"{file.name}: is not a file"
        return
    if entry.size != file.bytes:
        yield f"{file.name}: has {entry.size:,} bytes, the manifest says {file.bytes:,}"
        if not drop.is_local:  # a file of another size need not be fetched
            return
    if not drop.is_local:
        path.parent.mkdir(exist_ok=True)
        drop.download(file.name, path)
    yield from _hash_faults(path, file)


def encrypted_faults(
    drop: Place, scratch: Path, entries: Mapping[str, Entry], described: DescribedDrop, encrypted: DescribedEncryption
) -> Iterator[str]:
    """Check the encrypted files, then their contents, either decrypted into `scratch` or as decrypted in the drop."""
    folder = Path(drop.root) if drop.is_local else scratch
    plain = {f"{file.name}{ENCRYPTED}": file for file in described.all_files}
    opens = can_decrypt(drop, encrypted.recipients)
    for file in encrypted.files:
        faults = list(bytes_faults(drop, folder, entries.get(file.name), file))
        yield from faults
        held = plain.get(file.name)
        if held is None:
            continue
        target = scratch / held.name
        target.parent.mkdir(exist_ok=True)
        if drop.is_local and is_file(drop, entry := entries.get(held.name)):
            target.symlink_to((Path(drop.root) / held.name).resolve())
            yield from bytes_faults(drop, folder, entry, held)
        elif opens and not faults and file.name in entries:
            yield from _decrypted_faults(drop, folder / file.name, target, held)


def _decrypted_faults(drop: Place, encrypted: Path, target: Path, held: PlainFile) -> Iterator[str]:
    assert drop.keys is not None
    try:
        drop.keys.decrypt_file(encrypted, target, held.name)
    except WarehouseError as error:
        yield f"{held.name}{ENCRYPTED}: {error.what}"
        return
    if target.stat().st_size != held.bytes:
        yield f"{held.name}: has {target.stat().st_size:,} bytes decrypted, the manifest says {held.bytes:,}"
    yield from _hash_faults(target, held)


def can_decrypt(drop: Place, recipients: list[str]) -> bool:
    """Return whether a drop was also encrypted for this warehouse."""
    return drop.keys is not None and drop.keys.opens(recipients)


def _hash_faults(path: Path, file: PlainFile | DescribedEncryptedFile) -> Iterator[str]:
    with path.open("rb") as opened:
        digest = hashlib.file_digest(opened, "sha256").hexdigest()
    if digest != file.sha256:
        yield f"{file.name}: sha256 is {digest[:8]}…, the manifest says {file.sha256[:8]}…"


def checksum_faults(drop: Place, entry: Entry | None, described: DescribedDrop) -> Iterator[str]:
    """Check `SHA256SUMS`, the list that `sha256sum -c` reads."""
    if entry is None:
        return
    changes = described.changes.files if described.changes else []
    plain: list[PlainFile] = [
        *sorted(described.files, key=_by_name),
        *sorted(described.cuts, key=_by_name),
        *sorted(changes, key=_by_name),
        *([described.page] if described.page else ()),
    ]
    listed = plain if described.encrypted is None else described.encrypted.files
    expected = "".join(f"{file.sha256}  {file.name}\n" for file in listed)
    if not is_file(drop, entry) or entry.size != len(expected) or drop.read(CHECKSUMS) != expected.encode():
        yield f"{CHECKSUMS}: is not the manifest's list of hashes"


def _by_name(file: PlainFile) -> str:
    return file.name
