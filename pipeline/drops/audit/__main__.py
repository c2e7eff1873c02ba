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
            case {"begin": folders, "expectations": expectations, "as_of": as_of, "settings": settings}:
                self._audit = None  # a malformed rule file must leave no audit begun
                self._audit = Audit(
                    {int(name): Path(folder) for name, folder in folders.items()},
                    read_rule_books(Path(expectations)),
                    as_of=datetime.fromisoformat(as_of),
                    settings=settings,
                )
            case {"look_at": described} if self._audit:
                self._audit.look_at(contract_from_dict(described))
            case {"conclude": results} if self._audit:
                audit, self._audit = self._audit, None
                return audit.concluded(Path(results) if results else None).as_dict()
        return None


if __name__ == "__main__":
    serve(_prepare, _Audits().answer)
