"""The audit: Great Expectations checks the staged files against their contracts and business rules.

`process` runs the audit in its own process, because importing Great Expectations takes longer than auditing a small
drop; `worker` is the code in that process. There, `auditor` coordinates: `staged_files` reads the files; `file_checks`,
`column_checks` and the business rules define the checks; `great_expectations` evaluates them; `results` holds the
outcome. Importing this package does not import Great Expectations.
"""

from __future__ import annotations

from pipeline.audit.process import AuditProcess, AuditRequest, StagedAudit
from pipeline.audit.results import AuditResult

__all__ = ["AuditProcess", "AuditRequest", "AuditResult", "StagedAudit"]
