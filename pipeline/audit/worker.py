"""The code that runs in the audit's process: it loads Great Expectations, then serves requests."""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Final

from pipeline.audit.known_verdicts import KnownVerdicts
from pipeline.audit.process import AuditRequest, FinishAudit, ReferenceExport
from pipeline.audit.results import AuditResult
from pipeline.common.startup import hide
from pipeline.common.worker_process import Answer, Send
from pipeline.contracts.contract import ExportContract

if TYPE_CHECKING:
    from pipeline.audit.auditor import Audit

_IMPORT_NICENESS: Final = 5
"""Imports run with lower priority, because the run needs the CPU at its start."""


def prepare(stays: str = "") -> Answer:
    """Load the auditor in a thread of lower priority; return the function that answers requests.

    On Linux each thread has its own priority, so the audit itself runs at the usual one.
    """
    keep_imports_lean()
    with ThreadPoolExecutor(1, initializer=os.nice, initargs=(_IMPORT_NICENESS,)) as low_priority:
        low_priority.submit(importlib.import_module, "pipeline.audit.auditor").result()
    return _Audits(KnownVerdicts(remembers=bool(stays))).answer


class _Audits:
    """The audit in progress, if any, and the verdicts of earlier ones."""

    def __init__(self, known: KnownVerdicts) -> None:
        self._audit: Audit | None = None
        self._known = known

    def answer(
        self, request: AuditRequest | ExportContract | ReferenceExport | FinishAudit, _send: Send
    ) -> AuditResult | None:
        from pipeline.audit.auditor import Audit
        from pipeline.contracts.business_rules import read_rule_books

        match request:
            case AuditRequest():
                self._audit = None  # if a rule file is malformed, no audit is in progress
                self._audit = Audit(
                    request.folders,
                    request.exports,
                    {**read_rule_books(request.expectations, request.exports), **request.more_rules},
                    as_of=request.as_of,
                    settings=request.settings,
                    spares_memory=request.spares_memory,
                    reference_exports=request.reference_exports,
                    aside=request.aside,
                    known=self._known,
                )
            case ExportContract() if self._audit:
                self._audit.check_export(request)
            case ReferenceExport() if self._audit:
                self._audit.add_reference_export(request.export, request.path)
            case FinishAudit() if self._audit:
                audit, self._audit = self._audit, None
                return audit.finish(request.results)
        return None


_OPTIONAL: Final = ("sqlalchemy", "boto3", "botocore", "pyspark")
"""Great Expectations works without these; hiding them saves their import."""


def keep_imports_lean() -> None:
    """Hide optional libraries, and load scipy.stats (used by one expectation, on distributions) only on first use.

    The audit's imports then take 1.95 s of CPU instead of 2.84 (2026-11-28, median of three).
    """
    hide(*_OPTIONAL)
    if "scipy.stats" not in sys.modules:
        scipy: Any = importlib.import_module("scipy")
        scipy.stats = _lazy("scipy.stats")


def _lazy(name: str) -> Any:
    """Return a module that is loaded when one of its attributes is first used."""
    spec = importlib.util.find_spec(name)
    assert spec is not None and spec.loader is not None
    spec.loader = importlib.util.LazyLoader(spec.loader)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module
