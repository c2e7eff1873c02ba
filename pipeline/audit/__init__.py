"""The audit: Great Expectations reads the staged files and says whether they keep their contracts and business rules.

`process` runs it in a process of its own, because the import of Great Expectations takes longer than the audit of a
small drop; `worker` is what that process does. There `auditor` leads: `staged_files` reads; `file_checks`,
`column_checks` and the business rules are what is checked; `great_expectations` judges; `results` is the answer.
Importing this package does not import Great Expectations.
"""

from __future__ import annotations

from pipeline.audit.process import AuditProcess, AuditRequest, StagedAudit
from pipeline.audit.results import AuditResult

__all__ = ["AuditProcess", "AuditRequest", "AuditResult", "StagedAudit"]
