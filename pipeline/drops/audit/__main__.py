"""The process of `AuditProcess`: it loads Great Expectations, then audits whatever it is asked to."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path
from typing import Any

from pipeline.contracts import contract_from_dict
from pipeline.drops.audit.lean_imports import keep_imports_lean
from pipeline.helper_process import Message, Send, serve

_BACK_SEAT = 5
"""Its imports must not hold up the run, which at first has enough to do."""


def _prepare() -> None:
    os.nice(_BACK_SEAT)
    keep_imports_lean()
    import pipeline.drops.audit.auditor  # noqa: F401


def _answer(request: Message, _send: Send) -> dict[str, Any]:
    from pipeline.drops.audit.auditor import audit_drops
    from pipeline.drops.audit.business_rules import read_rule_books

    result = audit_drops(
        {int(name): Path(folder) for name, folder in request["folders"].items()},
        [contract_from_dict(described) for described in request["contracts"]],
        read_rule_books(Path(request["expectations"])),
        as_of=datetime.fromisoformat(request["as_of"]),
        settings=request["settings"],
        results=Path(request["results"]) if request["results"] else None,
    )
    return result.as_dict()


if __name__ == "__main__":
    serve(_prepare, _answer)
