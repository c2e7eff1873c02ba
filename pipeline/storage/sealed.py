"""JSON files that reveal damage, because they contain a hash of their content."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from pipeline.storage.local_files import write_whole


def write_sealed(path: Path, value: Any) -> None:
    """Write JSON values atomically."""
    write_whole(path, json.dumps({"seal": _seal(value), "value": value}, ensure_ascii=False, sort_keys=True))


def read_sealed(path: Path) -> Any:
    """Read the result of `write_sealed`; None if it is missing or damaged."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        return content["value"] if content["seal"] == _seal(content["value"]) else None
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return None


def _seal(value: Any) -> str:
    """Hash the canonical form of the values."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()
