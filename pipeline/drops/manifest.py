"""The manifest of a drop: what is in it, what it was made from and what was checked. Nothing in it tells the clock.

It is JSON in which what fits a line stands on one: a column, a file's key, a check. Its hashes are taken of the same
document in the layout of version 1.0, a value a line, so that a drop's name does not depend on how it is written.

Its `content_hash` names the drop, so the same inputs, settings and `as_of` give the same folder. What depends on the
drop before (the guards, what was accepted, the changes, the business page), and what is encrypted, is not in that hash,
but in `manifest_hash`, which covers all.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from pipeline.common.instants import instant_name, instant_text
from pipeline.contracts.contract import ExportContract
from pipeline.contracts.cuts import Cut
from pipeline.drops.personal_data import KEPT, PersonalData
from pipeline.drops.stage import StagedDrop, StagedFile

MANIFEST = "manifest.json"
MANIFEST_VERSION = 1
ENCRYPTED = "encrypted"
"""What lies on a server in place of the files that a manifest lists."""
BESIDE_THE_CONTENT = ("accepted", "changes", ENCRYPTED, "guards", "page")
"""What a manifest says that depends on the drop before, or is other bytes each time."""


def build_manifest(
    drop: StagedDrop,
    contracts: Sequence[ExportContract],
    *,
    as_of: datetime,
    data_as_of: datetime | None,
    settings: Mapping[str, Any],
    inputs: Sequence[Mapping[str, Any]],
    checks: Sequence[Mapping[str, Any]],
    guards: Sequence[Mapping[str, Any]] = (),
    accepted: Sequence[Mapping[str, Any]] = (),
    changes: Mapping[str, Any] | None = None,
    page: Mapping[str, Any] | None = None,
    series: str = "",
    cuts: Sequence[Cut] = (),
    personal_data: PersonalData = KEPT,
) -> dict[str, Any]:
    """Describe a drop, with its two hashes.

    `series` is that of drops that are published apart, as `notifications`; `cuts` are those whose files the drop holds;
    `personal_data` is what was in force as they were written.
    """
    by_name: dict[str, ExportContract | Cut] = {contract.name: contract for contract in contracts}
    by_name |= {cut.name: cut for cut in cuts}
    body: dict[str, Any] = {
        "manifest_version": MANIFEST_VERSION,
        "organization_id": drop.organization_id,
        "as_of": instant_text(as_of),
        "extracted_at": instant_text(as_of),
        **({} if data_as_of is None else {"data_as_of": instant_text(data_as_of)}),
        **({"series": series} if series else {}),
        "files": [_described(file, by_name) for file in drop.files],
        **({"cuts": [_described(file, by_name) for file in drop.cuts]} if drop.cuts else {}),
        "settings": dict(settings),
        "inputs": list(inputs),
        "checks": list(checks),
    }
    beside = {
        "guards": list(guards),
        "accepted": list(accepted),
        "changes": changes and dict(changes),
        "page": page and dict(page),
    }
    return with_hashes({**personal_data.describe(body), **beside})


def _described(file: StagedFile, by_name: Mapping[str, ExportContract | Cut]) -> dict[str, Any]:
    measured = {"name": file.name, "rows": file.rows, "bytes": file.bytes, "sha256": file.sha256}
    return {**by_name[file.export].as_dict(), **measured}


def with_hashes(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """Return a manifest with the hashes that belong to what it says; those that it has are replaced.

    ValueError where it holds a lone surrogate, which no manifest of ours can.
    """
    body = {name: value for name, value in manifest.items() if name not in ("content_hash", "manifest_hash")}
    parts = {name: _hashed_part(value) for name, value in body.items()}
    content = {name: part for name, part in parts.items() if name not in BESIDE_THE_CONTENT}
    content_hash = hashlib.sha256(_hashed_whole(content)).hexdigest()
    manifest_hash = hashlib.sha256(_hashed_whole({**parts, "content_hash": f'"{content_hash}"'})).hexdigest()
    return {**body, "content_hash": content_hash, "manifest_hash": manifest_hash}


def manifest_bytes(manifest: Mapping[str, Any]) -> bytes:
    """Write a manifest the one way it is written."""
    return (_laid_out(manifest, "\n") + "\n").encode()


def hashed_bytes(manifest: Mapping[str, Any]) -> bytes:
    """Write a manifest as its hashes are taken of it; older drops have it so in their `manifest.json`."""
    return _hashed_whole({name: _hashed_part(value) for name, value in manifest.items()})


def _hashed_whole(parts: Mapping[str, str]) -> bytes:
    lines = ",\n".join(f"  {json.dumps(name, ensure_ascii=False)}: {part}" for name, part in sorted(parts.items()))
    return f"{{\n{lines}\n}}\n".encode()


def _hashed_part(value: Any) -> str:
    """Write a value of the manifest's own, which is two blanks in; within texts, JSON has no line break."""
    return json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False).replace("\n", "\n  ")


_LONGEST_LINE: Final = 160


def _laid_out(value: Any, line_end: str) -> str:
    """Write a value on one line if it fits, else its parts on lines of their own, a blank further in."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    if len(text) <= _LONGEST_LINE or not isinstance(value, Mapping | list | tuple):
        return text
    inner = line_end + " "
    if isinstance(value, Mapping):
        parts = [f"{json.dumps(name, ensure_ascii=False)}:{_laid_out(value[name], inner)}" for name in sorted(value)]
        return "{" + inner + ("," + inner).join(parts) + line_end + "}"
    return "[" + inner + ("," + inner).join(_laid_out(part, inner) for part in value) + line_end + "]"


def drop_name(manifest: Mapping[str, Any]) -> str:
    """Name the drop: its `as_of` and the first 8 digits of its content hash."""
    return f"{instant_name(str(manifest['as_of']))}-{str(manifest['content_hash'])[:8]}"
