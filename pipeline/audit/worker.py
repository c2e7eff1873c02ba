"""What the process of `AuditProcess` does: it loads Great Expectations, then audits whatever it is asked to."""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Final

from pipeline.audit.known_verdicts import KnownVerdicts
from pipeline.audit.process import AuditRequest, Beside, Conclude
from pipeline.audit.results import AuditResult
from pipeline.common.startup import hide
from pipeline.common.worker_process import Answer, Send
from pipeline.contracts.contract import ExportContract

if TYPE_CHECKING:
    from pipeline.audit.auditor import Audit

_BACK_SEAT = 5
"""The imports must not hold up the run, which at first has enough to do."""


def prepare(stays: str = "") -> Answer:
    """Load the auditor in a thread of less urgency; return what answers the requests of one audit after the other.

    On Linux each thread has its own urgency: the audit keeps the usual one.
    """
    keep_imports_lean()
    with ThreadPoolExecutor(1, initializer=os.nice, initargs=(_BACK_SEAT,)) as back_seat:
        back_seat.submit(importlib.import_module, "pipeline.audit.auditor").result()
    return _Audits(KnownVerdicts(remembers=bool(stays))).answer


class _Audits:
    """The audit under way, if one is, and what those before it have judged."""

    def __init__(self, known: KnownVerdicts) -> None:
        self._audit: Audit | None = None
        self._known = known

    def answer(self, request: AuditRequest | ExportContract | Beside | Conclude, _send: Send) -> AuditResult | None:
        from pipeline.audit.auditor import Audit
        from pipeline.contracts.business_rules import read_rule_books

        match request:
            case AuditRequest():
                self._audit = None  # a malformed rule file must leave no audit begun
                self._audit = Audit(
                    request.folders,
                    request.exports,
                    {**read_rule_books(request.expectations, request.exports), **request.more_rules},
                    as_of=request.as_of,
                    settings=request.settings,
                    spares_memory=request.spares_memory,
                    beside=request.beside,
                    aside=request.aside,
                    known=self._known,
                )
            case ExportContract() if self._audit:
                self._audit.look_at(request)
            case Beside() if self._audit:
                self._audit.stand_beside(request.export, request.path)
            case Conclude() if self._audit:
                audit, self._audit = self._audit, None
                return audit.concluded(request.results)
        return None


_OPTIONAL: Final = ("sqlalchemy", "boto3", "botocore", "pyspark")
"""Great Expectations goes without these where they are not installed; to this process they are not."""


def keep_imports_lean() -> None:
    """Hide optional libraries, and load scipy.stats (one expectation's, of distributions) only if it is used.

    The audit's imports take 1.95 s of CPU then, and 2.84 without (2026-11-28, middle of three turns).
    """
    hide(*_OPTIONAL)
    if "scipy.stats" not in sys.modules:
        scipy: Any = importlib.import_module("scipy")
        scipy.stats = _lazy("scipy.stats")


def _lazy(name: str) -> Any:
    """Return a module that is loaded when an attribute of it is first asked for."""
    spec = importlib.util.find_spec(name)
    assert spec is not None and spec.loader is not None
    spec.loader = importlib.util.LazyLoader(spec.loader)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module
