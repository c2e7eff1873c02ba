"""Encrypts and decrypts the files of a drop on a server: `accounts.csv.pgp` for `accounts.csv`.

The manifest stays readable and describes both forms: the decrypted files, whose hashes name the drop, and the encrypted
ones. Encrypting a file again gives other bytes, so the encrypted files are not part of the content hash.
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
    """Return the keys that encrypt and decrypt files on servers."""
    return EncryptionKeys(settings.receiver_key, settings.state)


def open_exports(settings: Settings) -> Place:
    """Open the place of the drops, with its encryption keys."""
    return open_place(settings.exports, encryption_keys(settings))


def encrypt_drop(folder: Path, manifest: Mapping[str, Any], keys: EncryptionKeys) -> dict[str, Any]:
    """Replace the files of a staged drop by encrypted ones; return its manifest with their description.

    `SHA256SUMS` then lists the encrypted files.
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
    """Copy a file of a drop to this machine, by its name in the manifest, and decrypt it if needed."""
    if not is_encrypted(manifest):
        drop.download(name, target)
        return
    with TemporaryDirectory(prefix="encrypted-") as scratch:
        fetched = Path(scratch) / "fetched"
        drop.download(f"{name}{SUFFIX}", fetched)
        keys_of(drop).decrypt_file(fetched, target, f"{drop.address}/{name}{SUFFIX}")


def readable_file(drop: Place, manifest: Mapping[str, Any], name: str, scratch: Path) -> Path:
    """Return a readable path of a file of a drop: its own, or one in `scratch`, fetched and decrypted if needed."""
    path = Path(drop.root) / name
    if drop.is_local and (path.exists() or not is_encrypted(manifest)):
        return path
    fetched = scratch / name
    fetched.parent.mkdir(parents=True, exist_ok=True)
    fetch_file(drop, manifest, name, fetched)
    return fetched


def read_file(place: Place, name: str) -> bytes | None:
    """Read a file outside the drops, such as a report, and decrypt it if its name says that it is encrypted."""
    content = place.read(name)
    if content is None or not name.endswith(SUFFIX):
        return content
    return keys_of(place).decrypt(content, f"{place.address}/{name}")


def write_file(place: Place, name: str, content: bytes) -> None:
    """Write a file outside the drops, and encrypt it if its name says so."""
    place.write(name, keys_of(place).encrypt(content) if name.endswith(SUFFIX) else content)


def keys_of(place: Place) -> EncryptionKeys:
    """Return the keys of an encrypted place; WarehouseError if it was opened without."""
    if place.keys is None:
        raise WarehouseError("is encrypted", where=place.address, remedy="let a receiver decrypt the files")
    return place.keys
