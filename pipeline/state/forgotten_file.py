"""Reads and writes the register of forgotten people and its key in the state folder; see `forgotten`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, Final

from pipeline.common.errors import WarehouseError
from pipeline.state.forgotten import NOBODY, Entry, Forgotten
from pipeline.state.secret_key import own_key
from pipeline.storage.local_files import write_whole

FOLDER: Final = "forgotten"
_REGISTER: Final = "register.json"
_KEY: Final = "register.key"


def read_forgotten(state: Path) -> Forgotten:
    """Read the register of a state folder; WarehouseError if it is damaged, so that nobody reappears."""
    path = state / FOLDER / _REGISTER
    if not path.exists():
        return NOBODY
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        entries = tuple(_entry(one) for one in content["entries"])
        crm = int(content["crm_organization_id"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise WarehouseError(
            f"the register of forgotten people is damaged ({error})",
            where=str(path),
            remedy="restore it and its key from a backup; a run without it would publish the people again",
        ) from None
    if not path.with_name(_KEY).exists():
        raise WarehouseError(
            "the key of the register of forgotten people is missing, so that they can't be recognised",
            where=str(path.with_name(_KEY)),
            remedy="restore it from a backup, or move the register away and forget the people again",
        )
    return Forgotten(entries, own_key(path.with_name(_KEY)), crm)


def open_forgotten(state: Path, crm_organization_id: int) -> Forgotten:
    """Read the register to add to it, creating the secret if needed."""
    found = read_forgotten(state)
    return replace(found, key=own_key(state / FOLDER / _KEY), crm_organization_id=crm_organization_id)


def write_forgotten(state: Path, register: Forgotten) -> None:
    """Write the register atomically."""
    content: Mapping[str, Any] = {
        "crm_organization_id": register.crm_organization_id,
        "entries": [asdict(one) for one in register.entries],
    }
    write_whole(state / FOLDER / _REGISTER, json.dumps(content, indent=1, sort_keys=True) + "\n")


def _entry(read: Mapping[str, Any]) -> Entry:
    return Entry(
        entry=str(read["entry"]),
        day=str(read["day"]),
        organizations=tuple(map(int, read["organizations"])),
        ids=tuple(read["ids"]),
        emails=tuple(read["emails"]),
        names=tuple(tuple(words) for words in read["names"]),
        is_complete=bool(read["is_complete"]),
    )
