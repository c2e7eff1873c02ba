"""The process of `AuditProcess`: it loads Great Expectations, then audits whatever it is asked to."""

from __future__ import annotations

import importlib
import os
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.audit.lean_imports import keep_imports_lean
from pipeline.common.worker_process import Message, Send, serve
from pipeline.contracts.contract import contract_from_dict

if TYPE_CHECKING:
    from pipeline.audit.auditor import Audit

_BACK_SEAT = 5
"""The imports must not hold up the run, which at first has enough to do."""


def _prepare() -> None:
    """Load the auditor in a thread of less urgency. On Linux each thread has its own: the audit keeps the usual one."""
    keep_imports_lean()
    with ThreadPoolExecutor(1, initializer=os.nice, initargs=(_BACK_SEAT,)) as back_seat:
        back_seat.submit(importlib.import_module, "pipeline.audit.auditor").result()


class _Audits:
    """Answers the requests of one audit after the other."""

    def __init__(self) -> None:
        self._audit: Audit | None = None

    def answer(self, request: Message, _send: Send) -> dict[str, Any] | None:
        from pipeline.audit.auditor import Audit
        from pipeline.contracts.business_rules import read_rule_books

        match request:
            case {
                "begin": folders,
                "exports": exports,
                "expectations": expectations,
                "as_of": as_of,
                "settings": settings,
                "spares_memory": spares_memory,
            }:
                self._audit = None  # a malformed rule file must leave no audit begun
                self._audit = Audit(
                    {int(name): Path(folder) for name, folder in folders.items()},
                    exports,
                    read_rule_books(Path(expectations)),
                    as_of=datetime.fromisoformat(as_of),
                    settings=settings,
                    spares_memory=spares_memory,
                )
            case {"look_at": described} if self._audit:
                self._audit.look_at(contract_from_dict(described))
            case {"conclude": results} if self._audit:
                audit, self._audit = self._audit, None
                return audit.concluded(Path(results) if results else None).as_dict()
        return None


if __name__ == "__main__":
    serve(_prepare, _Audits().answer)
