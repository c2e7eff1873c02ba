"""Writes and reads manifests: a layout for each version, one document in memory, and the bytes that are hashed.

In memory each file's entry has its complete schema and each check its severity, as version 1 writes them. Version 2
writes a schema once per export and leaves out default values, so that a small drop has a small manifest. The hashes are
of the document in memory in the layout of version 1.0, one value per line.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

from pipeline.contracts.shared_schemas import share_schemas, with_own_schemas, without

MANIFEST_VERSION: Final = 2
"""The version that is written; it and all earlier ones are read."""
_VERSION: Final = "manifest_version"
_LONGEST_LINE: Final = 160
_ON_ONE_LINE: Final = json.JSONEncoder(sort_keys=True, ensure_ascii=False, separators=(",", ":"))
_USUAL_SEVERITY: Final = "error"


def parse_manifest(content: bytes) -> Any:
    """Read a manifest of any version as the document in memory; one with an unknown layout is returned as it is.

    ValueError if it is not JSON, RecursionError if it is nested too deeply.
    """
    written = json.loads(content)
    if not isinstance(written, dict) or written.get(_VERSION) != MANIFEST_VERSION:
        return written
    try:
        checks = [{"severity": _USUAL_SEVERITY, **check} for check in written["checks"]]
        return {**with_own_schemas(written), "checks": checks}
    except (AttributeError, KeyError, TypeError, ValueError):  # checking the drop reports what is missing
        return written


def manifest_bytes(manifest: Mapping[str, Any]) -> bytes:
    """Write a manifest in its version's layout: one column, file's key or check per line, if it fits."""
    if manifest.get(_VERSION) != MANIFEST_VERSION:
        return (_laid_out(manifest, "\n", " ") + "\n").encode()
    checks = [without(check, severity=_USUAL_SEVERITY) for check in manifest["checks"]]
    parts = {**share_schemas(manifest), "checks": checks}
    texts = {name: _ON_ONE_LINE.encode(value) for name, value in sorted(parts.items())}
    lines = [
        f"{json.dumps(name)}:{text if len(text) <= _LONGEST_LINE else _in_parts(text)}" for name, text in texts.items()
    ]
    return ("{\n" + ",\n".join(lines) + "\n}\n").encode()


@lru_cache(maxsize=32)
def _in_parts(text: str) -> str:
    """Lay out a part of a manifest that does not fit on one line.

    The drops of one run share the longest parts: a manifest took 7.7 ms of CPU, and now takes 4 after the first
    (2026-11-29).
    """
    return _laid_out(json.loads(text), "\n", "")


def hashed_bytes(manifest: Mapping[str, Any]) -> bytes:
    """Return the bytes of a manifest that are hashed; the oldest drops have these in their `manifest.json`."""
    return hashed_whole(hashed_parts(manifest))


def hashed_whole(parts: Mapping[str, str]) -> bytes:
    """Write the document from its parts, pairs of a name and the written value."""
    lines = ",\n".join(f"  {json.dumps(name, ensure_ascii=False)}: {part}" for name, part in sorted(parts.items()))
    return f"{{\n{lines}\n}}\n".encode()


def hashed_parts(manifest: Mapping[str, Any]) -> dict[str, str]:
    """Write each value of a manifest as in the hashed document."""
    return {name: _hashed_part(value) for name, value in manifest.items()}


def _hashed_part(value: Any) -> str:
    """Write a value of the manifest, indented by two blanks; JSON strings contain no line break."""
    return json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False).replace("\n", "\n  ")


def _laid_out(value: Any, line_end: str, step: str) -> str:
    """Write a value on one line if it fits, else its parts on separate lines, indented by `step`."""
    has_parts = isinstance(value, Mapping | list | tuple)
    if not has_parts or len(value) <= _LONGEST_LINE // 2:  # with more parts, a line is too long in any case
        text = _ON_ONE_LINE.encode(value)
        if len(text) <= _LONGEST_LINE or not has_parts:
            return text
    inner = line_end + step
    if isinstance(value, Mapping):
        parts = [
            f"{json.dumps(name, ensure_ascii=False)}:{_laid_out(value[name], inner, step)}" for name in sorted(value)
        ]
        return "{" + inner + ("," + inner).join(parts) + line_end + "}"
    return "[" + inner + ("," + inner).join(_laid_out(part, inner, step) for part in value) + line_end + "]"
