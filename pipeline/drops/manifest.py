"""The manifest of a drop: what it contains, what it was made from and what was checked, independent of the clock.

`manifest_layout.py` defines how it is written, and the document that is hashed.

Its `content_hash` names the drop, so the same inputs, settings and `as_of` give the same folder. What depends on the
previous drop (guards, acceptances, changes, the business page) and the encrypted files are not in that hash, but in
`manifest_hash`, which covers everything.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from pipeline.common.instants import instant_name, instant_text
from pipeline.contracts.contract import ExportContract
from pipeline.contracts.cuts import Cut
from pipeline.drops.manifest_layout import MANIFEST_VERSION, hashed_parts, hashed_whole
from pipeline.drops.personal_data import KEPT, PersonalData
from pipeline.drops.stage import StagedDrop, StagedFile

MANIFEST = "manifest.json"
ENCRYPTED = "encrypted"
"""The encrypted files on a server."""
NOT_IN_CONTENT_HASH = ("accepted", "changes", ENCRYPTED, "guards", "page")
"""The parts of a manifest that depend on the previous drop, or differ each time."""

_VERSION_IN_THE_CONTENT: Final = "1"
"""The version in the content hash is constant, so that the name of a drop does not depend on the manifest's version."""


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
    """Return the manifest of a staged drop, with its two hashes.

    `series` names drops that are published separately, such as `notifications`; `cuts` are the cuts in the drop;
    `personal_data` is the treatment with which it was written.
    """
    described = {contract.name: contract.as_dict() for contract in contracts}
    described |= {cut.name: cut.as_dict() for cut in cuts}
    body: dict[str, Any] = {
        "manifest_version": MANIFEST_VERSION,
        "organization_id": drop.organization_id,
        "as_of": instant_text(as_of),
        "extracted_at": instant_text(as_of),
        **({} if data_as_of is None else {"data_as_of": instant_text(data_as_of)}),
        **({"series": series} if series else {}),
        "files": [_described(file, described) for file in drop.files],
        **({"cuts": [_described(file, described) for file in drop.cuts]} if drop.cuts else {}),
        "settings": dict(settings),
        "inputs": list(inputs),
        "checks": list(checks),
    }
    not_in_content = {
        "guards": list(guards),
        "accepted": list(accepted),
        "changes": changes and dict(changes),
        "page": page and dict(page),
    }
    return with_hashes({**personal_data.describe(body), **not_in_content})


def _described(file: StagedFile, described: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    measured = {"name": file.name, "rows": file.rows, "bytes": file.bytes, "sha256": file.sha256}
    return {**described[file.export], **measured}


def with_hashes(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """Return a manifest with its hashes computed again.

    ValueError if it contains a lone surrogate, which no manifest of ours can.
    """
    body = {name: value for name, value in manifest.items() if name not in ("content_hash", "manifest_hash")}
    parts = hashed_parts(body)
    content = {name: part for name, part in parts.items() if name not in NOT_IN_CONTENT_HASH}
    if "manifest_version" in content:
        content["manifest_version"] = _VERSION_IN_THE_CONTENT
    content_hash = hashlib.sha256(hashed_whole(content)).hexdigest()
    manifest_hash = hashlib.sha256(hashed_whole({**parts, "content_hash": f'"{content_hash}"'})).hexdigest()
    return {**body, "content_hash": content_hash, "manifest_hash": manifest_hash}


def drop_name(manifest: Mapping[str, Any]) -> str:
    """Return the name of a drop: its `as_of` and the first 8 digits of its content hash."""
    return f"{instant_name(str(manifest['as_of']))}-{str(manifest['content_hash'])[:8]}"
