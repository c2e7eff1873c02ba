"""The audit from the side of the run: a process that is started early, and ready when drops are staged."""

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
        ExportContract,  # which loads Arrow: the process is to be started before that
    )


@dataclass(frozen=True)
class AuditRequest:
    """The audit of the drops that are staged, or about to be, in these folders of organizations.

    `exports` names what the drops hold, in the order in which the checks are listed. The rules are those in the folder
    `expectations`; `settings` are values that they may ask for. With `spares_memory` the process gives back to the
    machine what it is done with. `beside` names exports that no drop holds and rules ask for. `more_rules` are the
    rules of what has no file in `expectations`: cuts. `aside` are folders of organizations with the whole rows of
    exports of which drops withhold personal data.
    """

    folders: Mapping[int, Path]
    exports: Sequence[str]
    expectations: Path
    as_of: datetime
    settings: Mapping[str, Any]
    spares_memory: bool = False
    beside: Sequence[str] = ()
    more_rules: Mapping[str, RuleBook] = field(default_factory=dict)
    aside: Mapping[int, Path] = field(default_factory=dict)


@dataclass(frozen=True)
class Beside:
    """The Parquet file of an export that no drop holds, with a column `drop_organization_id`."""

    export: str
    path: Path


@dataclass(frozen=True)
class Conclude:
    """The wish that the audit end; Great Expectations' own results go to the file `results`."""

    results: Path | None


class AuditProcess(HelperProcess):
    """A process that has Great Expectations loaded: start it early, begin audits, close it (or use `with`).

    One that `stays` for further audits judges only what has changed since the last one. Great Expectations' own results
    are then of what was judged.
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
    """One audit, from the side of the run: `auditor.Audit` does it."""

    process: AuditProcess

    def look_at(self, contract: ExportContract) -> None:
        """Say that the files of an export are all there; they are read and judged while others are staged."""
        self.process.send(contract)

    def stand_beside(self, export: str, path: Path) -> None:
        """Give the file of an export that was named as standing beside the drops, which are judged meanwhile."""
        self.process.send(Beside(export, path))

    def concluded(self, results: Path | None = None) -> AuditResult:
        """Have the audit ended; Great Expectations' own results go to the file `results`.

        Raises WarehouseError if a rule file is not well formed, or if the process ends without an answer.
        """
        *_, answer = self.process.ask(Conclude(results))
        result: AuditResult = answer.value
        return result
