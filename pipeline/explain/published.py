"""Decides which drop is explained: the one published last, from the last build or an earlier one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from pipeline.common.instants import instant_text
from pipeline.dbt.build_record import Build
from pipeline.state.runs import PUBLISHED, OrganizationOutcome, RunRecord


@dataclass(frozen=True)
class Published:
    """What was published last for an organization; `drop` is None if nothing was, `remark` explains unusual cases.

    If `is_last_build`, the last build still has the rows behind each value.
    """

    drop: str | None
    as_of: datetime
    selected_year: int
    is_last_build: bool
    remark: str | None = None


def published_last(records: Sequence[RunRecord], build: Build, organization_id: int) -> Published:
    """Return what was published last for an organization, by the records of runs, newest first."""
    published = [
        (record, outcome)
        for record in records
        if record.verdict in PUBLISHED and (outcome := _outcome(record, organization_id)) and outcome.is_latest
    ]
    fate = _fate(records, build, organization_id)
    last_build = f"The last build, as of {instant_text(build.plan.as_of)}, {fate}"
    if not published:
        remark = f"{last_build}; nothing has been published for organization {organization_id} yet."
        return Published(None, build.plan.as_of, build.plan.selected_year, is_last_build=True, remark=remark)
    record, outcome = published[0]
    as_of, year = record.as_of, record.selected_year or record.as_of.year
    if record.build == build.build_id:
        return Published(outcome.drop, as_of, year, True, _rolled_back(records, organization_id))
    remark = f"{last_build}. This explains the drop published before, {outcome.drop}, whose rows no longer exist."
    return Published(outcome.drop, as_of, year, is_last_build=False, remark=remark)


def _outcome(record: RunRecord, organization_id: int) -> OrganizationOutcome | None:
    found = [one for one in record.organizations if one.organization_id == organization_id and one.drop is not None]
    return found[0] if found else None


def _fate(records: Sequence[RunRecord], build: Build, organization_id: int) -> str:
    """Return what happened to the build for an organization."""
    of_build = next((record for record in records if record.build == build.build_id), None)
    if of_build is None:
        return "was not published"
    if _outcome(of_build, organization_id) is not None:
        return "was published, but latest stays at a drop with a later as_of"
    why = [text for one in of_build.organizations if one.organization_id == organization_id for text in one.why]
    reason = why[0] if why else of_build.problem
    return f"was held back{f': {reason}' if reason else ''}"


def _rolled_back(records: Sequence[RunRecord], organization_id: int) -> str | None:
    """Return a remark if the newest record of the organization is a rollback, or None."""
    newest = next((record for record in records if _outcome(record, organization_id)), None)
    if newest is None or newest.verdict != "rolled back":
        return None
    outcome = _outcome(newest, organization_id)
    return f"latest was rolled back to {outcome.drop if outcome else 'another drop'}, which the marts contain now."
