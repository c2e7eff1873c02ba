"""The secret that pseudonyms are made with: a file of the state folder, or the one that a setting names.

It is in no drop, log, manifest or report. Whoever has it can tell whose pseudonym a value is by trying names.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import Final

from pipeline.common.errors import WarehouseError
from pipeline.storage.local_files import flush, hidden_name

_BYTES: Final = 32


def read_pseudonym_key(named: Path | None, state: Path) -> bytes:
    """Return the secret in the file `named`, else that of the state folder, which is made where there is none.

    WarehouseError where the file can't be read, or holds fewer than 32 bytes.
    """
    path = state / "pseudonyms.key" if named is None else named.expanduser()
    if named is None and not path.exists():
        _make(path)
    try:
        key = path.read_bytes()
    except OSError as error:
        raise WarehouseError(
            f"the key of pseudonyms can't be read: {error.strerror}",
            where=str(path),
            remedy="name a file that you may read in pseudonym_key",
        ) from None
    if len(key) < _BYTES:
        raise WarehouseError(
            f"the key of pseudonyms has {len(key)} bytes, which can be guessed",
            where=str(path),
            remedy=f"make one of {_BYTES} random bytes: head -c {_BYTES} /dev/urandom > {path.name}",
        )
    return key


def _make(path: Path) -> None:
    """Make a secret for the owner alone; one that another process has made meanwhile stays."""
    draft = path.with_name(hidden_name())
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(secrets.token_bytes(_BYTES))
    flush(draft)
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
    flush(path.parent)
