"""A complete audit in this process."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from pipeline.audit.auditor import Audit
from pipeline.audit.known_verdicts import KnownVerdicts
from pipeline.audit.results import AuditResult
from pipeline.contracts.business_rules import RuleBook
from pipeline.contracts.contract import ExportContract


def audit_drops(
    folders: Mapping[int, Path],
    contracts: Sequence[ExportContract],
    rule_books: Mapping[str, RuleBook],
    *,
    as_of: datetime,
    settings: Mapping[str, Any],
    results: Path | None = None,
    staged_last_first: bool = False,
    known: KnownVerdicts | None = None,
) -> AuditResult:
    """Audit the whole drops in these folders of organizations."""
    exports = [contract.name for contract in contracts]
    audit = Audit(folders, exports, rule_books, as_of=as_of, settings=settings, known=known)
    for contract in reversed(contracts) if staged_last_first else contracts:
        audit.check_export(contract)
    return audit.finish(results)
