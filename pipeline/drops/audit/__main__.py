"""The process of `AuditProcess`: it loads Great Expectations, then audits whatever it is asked to."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.contracts import contract_from_dict
from pipeline.drops.audit.lean_imports import keep_imports_lean
from pipeline.helper_process import Message, Send, serve

if TYPE_CHECKING:
    from pipeline.drops.audit.auditor import Audit

_BACK_SEAT = 5
"""Its imports must not hold up the run, which at first has enough to do."""


def _prepare() -> None:
    os.nice(_BACK_SEAT)
    keep_imports_lean()
    import pipeline.drops.audit.auditor  # noqa: F401


class _Audits:
    """Answers the requests of one audit after the other."""

    def __init__(self) -> None:
        self._audit: Audit | None = None

    def answer(self, request: Message, _send: Send) -> dict[str, Any] | None:
        from pipeline.drops.audit.auditor import Audit
        from pipeline.drops.audit.business_rules import read_rule_books

        match request:
            case {"begin": folders}:
                self._audit = Audit({int(name): Path(folder) for name, folder in folders.items()})
            case {"look_at": described}:
                assert self._audit is not None
                self._audit.look_at(contract_from_dict(described))
            case {"conclude": asked}:
                assert self._audit is not None
                audit, self._audit = self._audit, None
                return audit.concluded(
                    read_rule_books(Path(asked["expectations"])),
                    as_of=datetime.fromisoformat(asked["as_of"]),
                    settings=asked["settings"],
                    results=Path(asked["results"]) if asked["results"] else None,
                ).as_dict()
        return None


if __name__ == "__main__":
    serve(_prepare, _Audits().answer)
