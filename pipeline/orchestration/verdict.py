"""Decides which organizations' drops may be published (D40), from the audit, the guards and the contracts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pipeline.audit import AuditResult
from pipeline.common.errors import WarehouseError
from pipeline.contracts.compatibility import check_versions
from pipeline.contracts.contract import ExportContract
from pipeline.contracts.contract_states import contracts_of_drop
from pipeline.guards.findings import Finding


@dataclass(frozen=True)
class Verdict:
    """`run` says why nothing may be published, `held_back` why single organizations' drops may not."""

    run: WarehouseError | None = None
    held_back: Mapping[int, WarehouseError] = field(default_factory=dict)

    def problem_of(self, organization_id: int) -> WarehouseError | None:
        """Return why this organization's drop may not be published; None if it may."""
        return self.run or self.held_back.get(organization_id)


def find_breaking_change(
    latest: Iterable[Mapping[str, Any] | None], contracts: Sequence[ExportContract], note: Callable[[str], None]
) -> WarehouseError | None:
    """Compare the contracts with those that readers of the latest drops rely on; return what breaks them, or None.

    `latest` are the manifests of these drops, None if there is none; `note` is called once with each line about
    compatible changes.
    """
    noted: set[str] = set()
    for manifest in latest:
        if manifest is not None:
            try:
                noted.update(check_versions(contracts_of_drop(manifest), contracts))
            except WarehouseError as broken:
                return broken
    for line in sorted(noted):
        note(line)
    return None


def judge(
    organizations: Iterable[int],
    audit: AuditResult,
    findings: Sequence[Finding],
    breaking_change: WarehouseError | None,
    unheld: Mapping[int, WarehouseError] | None = None,
    *,
    hold_back_all: bool = False,
) -> Verdict:
    """Decide which drops may be published; `unheld` are organizations with a figure that its column can't hold (D39).

    An error in one organization's files, or a finding in its drop, holds that one back. What concerns no single
    organization, such as a broken contract or a check that could not be made, holds back all. So does any error with
    `hold_back_all` (`hold_back: run`), and so do errors in every organization.
    """
    organizations = list(organizations)
    if breaking_change is not None:
        return Verdict(breaking_change)
    if audit.concerns_run():
        return Verdict(audit.problem())
    held_back = {}
    for organization_id in organizations:
        stops = [finding for finding in findings if finding.stops and finding.organization_id == organization_id]
        # the figure first: it is missing from the files, so that their checks may fail too
        failed = (unheld or {}).get(organization_id) or audit.problem_of(organization_id)
        if (problem := _problem(failed, stops)) is not None:
            held_back[organization_id] = problem
    gone = [one for one in findings if one.stops and one.organization_id not in (None, *organizations)]
    for finding in gone:
        assert finding.organization_id is not None
        held_back[finding.organization_id] = _as_problem([finding])
    if held_back and (hold_back_all or set(organizations) <= held_back.keys()):
        return Verdict(_all_held_back(held_back))
    return Verdict(None, held_back)


def _problem(failed: WarehouseError | None, stops: Sequence[Finding]) -> WarehouseError | None:
    if failed is None or not stops:
        return failed or (_as_problem(stops) if stops else None)
    return WarehouseError(failed.what, details=[*failed.details, *map(str, stops)], remedy=failed.remedy)


def _as_problem(stops: Sequence[Finding]) -> WarehouseError:
    first, *rest = (line for stop in stops for line in str(stop).split("\n"))
    return WarehouseError(
        first,
        details=rest,
        remedy=f'fix what is named, or accept it for one run: --accept {stops[0].guard}:{stops[0].place}="why"',
    )


def _all_held_back(held_back: Mapping[int, WarehouseError]) -> WarehouseError:
    if len(held_back) == 1:
        ((organization_id, only),) = held_back.items()
        return WarehouseError(
            "nothing was published, the last drops stay.",
            details=only.lines,
            where=f"organization {organization_id}",
            remedy=only.remedy,
        )
    reasons = [
        line
        for one, problem in held_back.items()
        for line in (f"organization {one}: {problem.lines[0]}", *problem.details)
    ]
    first = next(iter(held_back.values()))
    return WarehouseError("nothing was published, the last drops stay.", details=reasons, remedy=first.remedy)
