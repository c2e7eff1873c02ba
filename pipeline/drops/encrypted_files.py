"""A drop's files as they lie on a server where they are encrypted: `accounts.csv.pgp` for `accounts.csv`.

The manifest stays readable, and describes both: the files as they are once decrypted, whose hashes name the drop, and
those that are there. Encrypting the same file again gives other bytes, so the latter are no part of the drop's content.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from pipeline.common.errors import WarehouseError
from pipeline.drops.manifest import ENCRYPTED, with_hashes
from pipeline.drops.stage import CHECKSUMS
from pipeline.settings import Settings
from pipeline.storage.openpgp import SUFFIX, EncryptionKeys
from pipeline.storage.place import Place, open_place


def encryption_keys(settings: Settings) -> EncryptionKeys:
    """Return the keys by which files on servers are encrypted and decrypted."""
    return EncryptionKeys(settings.receiver_key, settings.state)


def open_exports(settings: Settings) -> Place:
    """Open the place that holds the drops, with the keys of what is encrypted there."""
    return open_place(settings.exports, encryption_keys(settings))


def encrypt_drop(folder: Path, manifest: Mapping[str, Any], keys: EncryptionKeys) -> dict[str, Any]:
    """Put encrypted files in place of those of a staged drop; return its manifest, which says so.

    `SHA256SUMS` lists what is there then.
    """
    checksums, recipients = folder / CHECKSUMS, keys.recipients()
    files = []
    for path in sorted(path for path in folder.rglob("*") if path.is_file() and path != checksums):
        encrypted = path.with_name(f"{path.name}{SUFFIX}")
        keys.encrypt_file(path, encrypted, recipients)
        path.unlink()
        with encrypted.open("rb") as opened:
            digest = hashlib.file_digest(opened, "sha256").hexdigest()
        name = encrypted.relative_to(folder).as_posix()
        files.append({"name": name, "bytes": encrypted.stat().st_size, "sha256": digest})
    checksums.write_text("".join(f"{file['sha256']}  {file['name']}\n" for file in files), encoding="utf-8")
    fingerprints = [certificate.fingerprint for certificate in recipients]
    return with_hashes({**manifest, ENCRYPTED: {"recipients": fingerprints, "files": files}})


def is_encrypted(manifest: Mapping[str, Any]) -> bool:
    """Return whether a drop's files are encrypted, by its manifest."""
    return bool(manifest.get(ENCRYPTED))


def fetch_file(drop: Place, manifest: Mapping[str, Any], name: str, target: Path) -> None:
    """Copy a file of a drop, by its name in the manifest, onto this machine; one that is encrypted is decrypted."""
    if not is_encrypted(manifest):
        drop.download(name, target)
        return
    with TemporaryDirectory(prefix="encrypted-") as scratch:
        fetched = Path(scratch) / "fetched"
        drop.download(f"{name}{SUFFIX}", fetched)
        keys_of(drop).decrypt_file(fetched, target, f"{drop.address}/{name}{SUFFIX}")


def lent_file(drop: Place, manifest: Mapping[str, Any], name: str, scratch: Path) -> Path:
    """Return where a file of a drop can be read: in its place, or fetched into `scratch`, decrypted if need be."""
    path = Path(drop.root) / name
    if drop.is_local and (path.exists() or not is_encrypted(manifest)):
        return path
    fetched = scratch / name
    fetched.parent.mkdir(parents=True, exist_ok=True)
    fetch_file(drop, manifest, name, fetched)
    return fetched


def read_file(place: Place, name: str) -> bytes | None:
    """Read a file that is no drop's, as a report; decrypted where its name says that it is encrypted."""
    content = place.read(name)
    if content is None or not name.endswith(SUFFIX):
        return content
    return keys_of(place).decrypt(content, f"{place.address}/{name}")


def write_file(place: Place, name: str, content: bytes) -> None:
    """Write a file that is no drop's; encrypted where its name says so."""
    place.write(name, keys_of(place).encrypt(content) if name.endswith(SUFFIX) else content)


def keys_of(place: Place) -> EncryptionKeys:
    """Return the keys of a place where something is encrypted; WarehouseError where it was opened without."""
    if place.keys is None:
        raise WarehouseError("is encrypted", where=place.address, remedy="let a receiver decrypt the files")
    return place.keys
