"""The run's side of the audit: a process that starts early, so that it is ready when drops are staged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.audit.results import AuditResult
from pipeline.common.worker_process import HelperProcess

if TYPE_CHECKING:
    from pipeline.contracts.business_rules import RuleBook
    from pipeline.contracts.contract import (
        ExportContract,  # importing it loads Arrow: start the process before that
    )


@dataclass(frozen=True)
class AuditRequest:
    """A request to audit the drops that are, or will be, staged in these folders, by organization.

    `exports` names the exports that the drops contain, in the order in which their checks are listed. The rules are
    read from the folder `expectations`; `settings` are values that rules may use. With `spares_memory` the process
    returns memory to the machine as soon as it is free. `reference_exports` are exports that rules need but no drop
    contains. `more_rules` are the rules of cuts, which have no file in `expectations`. `aside` are folders, by
    organization, with the complete rows of exports whose personal data is withheld.
    """

    folders: Mapping[int, Path]
    exports: Sequence[str]
    expectations: Path
    as_of: datetime
    settings: Mapping[str, Any]
    spares_memory: bool = False
    reference_exports: Sequence[str] = ()
    more_rules: Mapping[str, RuleBook] = field(default_factory=dict)
    aside: Mapping[int, Path] = field(default_factory=dict)


@dataclass(frozen=True)
class ReferenceExport:
    """The Parquet file of an export that rules need but no drop contains, with a column `drop_organization_id`."""

    export: str
    path: Path


@dataclass(frozen=True)
class FinishAudit:
    """A request to finish the audit and write Great Expectations' own results to the file `results`."""

    results: Path | None


class AuditProcess(HelperProcess):
    """A process that has Great Expectations loaded: start it early, begin audits, close it (or use `with`).

    With `stays`, it serves several audits and checks only what has changed since the last one; Great Expectations' own
    results then cover only what was checked.
    """

    what = "audit"
    module = "pipeline.audit.worker"

    def __init__(self, *, stays: bool = False) -> None:
        super().__init__(*(["stays"] if stays else []))

    def begin(self, request: AuditRequest) -> StagedAudit:
        """Begin an audit."""
        self.send(request)
        return StagedAudit(self)


@dataclass(frozen=True)
class StagedAudit:
    """One audit, as the run controls it; in the process, `auditor.Audit` carries it out."""

    process: AuditProcess

    def check_export(self, contract: ExportContract) -> None:
        """Have an export checked whose files are all staged; the process works while the run stages others."""
        self.process.send(contract)

    def add_reference_export(self, export: str, path: Path) -> None:
        """Pass the Parquet file of one of the request's `reference_exports`."""
        self.process.send(ReferenceExport(export, path))

    def finish(self, results: Path | None = None) -> AuditResult:
        """Wait for the result of all checks; write Great Expectations' own results to the file `results`.

        Raises WarehouseError if a rule file is malformed, or if the process ends without an answer.
        """
        *_, answer = self.process.ask(FinishAudit(results))
        result: AuditResult = answer.value
        return result
