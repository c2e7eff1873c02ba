"""The manifest of a drop: what is in it, what it was made from and what was checked. Nothing in it tells the clock.

Its `content_hash` names the drop, so the same inputs, settings and `as_of` give the same folder. What depends on the
drop before (the guards, what was accepted, the changes, the business page) is not in that hash, but in `manifest_hash`,
which covers all.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from pipeline.common.instants import instant_name, instant_text
from pipeline.contracts.contract import ExportContract
from pipeline.drops.stage import StagedDrop

MANIFEST = "manifest.json"
MANIFEST_VERSION = 1
BESIDE_THE_CONTENT = ("accepted", "changes", "guards", "page")
"""What a manifest says that depends on the drop before."""


def build_manifest(
    drop: StagedDrop,
    contracts: Sequence[ExportContract],
    *,
    as_of: datetime,
    data_as_of: datetime,
    settings: Mapping[str, Any],
    inputs: Sequence[Mapping[str, Any]],
    checks: Sequence[Mapping[str, Any]],
    guards: Sequence[Mapping[str, Any]] = (),
    accepted: Sequence[Mapping[str, Any]] = (),
    changes: Mapping[str, Any] | None = None,
    page: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Describe a drop, with its two hashes."""
    by_name = {contract.name: contract for contract in contracts}
    body: dict[str, Any] = {
        "manifest_version": MANIFEST_VERSION,
        "organization_id": drop.organization_id,
        "as_of": instant_text(as_of),
        "extracted_at": instant_text(as_of),
        "data_as_of": instant_text(data_as_of),
        "files": [
            {
                **by_name[file.export].as_dict(),
                "name": file.name,
                "rows": file.rows,
                "bytes": file.bytes,
                "sha256": file.sha256,
            }
            for file in drop.files
        ],
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
    return with_hashes({**body, **beside})


def with_hashes(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """Return a manifest with the hashes that belong to what it says; those that it has are replaced.

    ValueError where it holds a lone surrogate, which no manifest of ours can.
    """
    body = {name: value for name, value in manifest.items() if name not in ("content_hash", "manifest_hash")}
    content = {name: value for name, value in body.items() if name not in BESIDE_THE_CONTENT}
    named = {**body, "content_hash": hashlib.sha256(manifest_bytes(content)).hexdigest()}
    return {**named, "manifest_hash": hashlib.sha256(manifest_bytes(named)).hexdigest()}


def manifest_bytes(manifest: Mapping[str, Any]) -> bytes:
    """Write a manifest the one way it is written."""
    return (json.dumps(manifest, indent=2, sort_keys=True, ensure_ascii=False) + "\n").encode()


def drop_name(manifest: Mapping[str, Any]) -> str:
    """Name the drop: its `as_of` and the first 8 digits of its content hash."""
    return f"{instant_name(str(manifest['as_of']))}-{str(manifest['content_hash'])[:8]}"
