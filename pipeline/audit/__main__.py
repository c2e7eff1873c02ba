"""The process of `AuditProcess`: it loads Great Expectations, then audits whatever it is asked to."""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from pipeline.common.startup import hide
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


_OPTIONAL: Final = ("sqlalchemy", "boto3", "botocore", "pyspark")
"""Great Expectations goes without these where they are not installed; to this process they are not."""


def keep_imports_lean() -> None:
    """Hide optional libraries, and load scipy.stats (one expectation's, of distributions) only if it is used."""
    hide(*_OPTIONAL)
    if "scipy.stats" not in sys.modules:
        scipy: Any = importlib.import_module("scipy")
        scipy.stats = _lazy("scipy.stats")


def _lazy(name: str) -> Any:
    """Give a module that is loaded when an attribute of it is first asked for."""
    spec = importlib.util.find_spec(name)
    assert spec is not None and spec.loader is not None
    spec.loader = importlib.util.LazyLoader(spec.loader)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


if __name__ == "__main__":
    serve(_prepare, _Audits().answer)
