"""Secrets for keyed hashes: files of random bytes that only their owner may read, and that appear in no output."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Final

from pipeline.common.errors import WarehouseError
from pipeline.storage.local_files import write_secret

_BYTES: Final = 32


def pseudonym_key(named: Path | None, state: Path) -> bytes:
    """Return the secret of the pseudonyms from the file `named`, or else from the state folder, created if needed.

    Whoever has it can resolve pseudonyms by trying names. WarehouseError if the file cannot be read, or has fewer than
    32 bytes.
    """
    return _read(named.expanduser()) if named is not None else own_key(state / "pseudonyms.key")


def own_key(path: Path) -> bytes:
    """Return the secret in a file of the state folder, created if needed."""
    if not path.exists():
        write_secret(path, secrets.token_bytes(_BYTES))
    return _read(path)


def _read(path: Path) -> bytes:
    try:
        key = path.read_bytes()
    except OSError as error:
        raise WarehouseError(
            f"the key can't be read: {error.strerror}", where=str(path), remedy="name a file that you may read"
        ) from None
    if len(key) < _BYTES:
        raise WarehouseError(
            f"the key only has {len(key)} bytes and could be guessed",
            where=str(path),
            remedy=f"make one of {_BYTES} random bytes: head -c {_BYTES} /dev/urandom > {path.name}",
        )
    return key
