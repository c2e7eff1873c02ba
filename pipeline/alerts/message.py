"""The text of an alert: what happened, where, what to do, and where the report is.

It is made from the run's record, so it quotes no rows or cells; those are only in the reports.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from pipeline.common.instants import instant_text
from pipeline.common.shown_text import shown
from pipeline.settings import News
from pipeline.state.runs import RunRecord

_TITLES: Final[Mapping[News, str]] = {
    "failed": "the run failed, nothing was published",
    "held_back": "drops were held back",
    "amber": "published, with warnings",
    "published": "published",
    "overdue": "no drop in time",
}
_MOST_LINES: Final = 20


@dataclass(frozen=True)
class Alert:
    """One message, with the `event` that `alert_on` selects by."""

    event: News
    title: str
    body: str


def event_of(record: RunRecord) -> News:
    """Return the event that a run's record describes."""
    if record.verdict == "failed":
        return "failed"
    if record.verdict in ("held back", "partly held back"):
        return "held_back"
    is_warned = any(_is_open(finding, "warn") for finding in record.findings)
    return "amber" if is_warned or record.figures.get("warned_checks") else "published"


def run_alert(record: RunRecord, pages: Sequence[str] = (), link: str | None = None) -> Alert:
    """Make the alert of a run. `pages` are its reports; `link` is the URL at which people can open their folder."""
    event = event_of(record)
    lines = [f"as of {instant_text(record.as_of)}", *_outcomes(record), *_causes(record)]
    if len(lines) > _MOST_LINES:
        lines = [*lines[:_MOST_LINES], f"and {len(lines) - _MOST_LINES} more: see `warehouse runs`"]
    if event in ("failed", "held_back"):
        lines.append("To do: see the report, correct what it names, and run again")
    elif event == "amber":
        lines.append("To do: read the report before anyone relies on the figures")
    lines += [f"report: {_opened(page, link)}" for page in pages]
    return Alert(event, f"Account Warehouse: {_TITLES[event]}", "\n".join(map(shown, lines)))


def overdue_alert(since: datetime, due: datetime) -> Alert:
    """Make the alert that no run published anything between two points in time."""
    body = (
        f"nothing was published between {instant_text(since)} and {instant_text(due)}\n"
        "To do: check `warehouse runs` for runs that stopped, and the schedule for runs that did not start; run again"
    )
    return Alert("overdue", f"Account Warehouse: {_TITLES['overdue']}", body)


def _outcomes(record: RunRecord) -> Iterator[str]:
    for one in record.organizations:
        if one.why:
            yield f"organization {one.organization_id} was held back: {'; '.join(one.why)}"
        else:
            state = "" if one.is_new else ", as published before"
            yield f"organization {one.organization_id}: drop {one.drop}{state}"


def _causes(record: RunRecord) -> Iterator[str]:
    if record.problem:
        yield from record.problem.split("\n")
    for finding in record.findings:
        if _is_open(finding, "stop") or _is_open(finding, "warn"):
            figures = " and ".join(f"{finding[at]} {at}" for at in ("before", "now") if finding.get(at))
            yield f"guard {finding['guard']}: {finding['place']}, {finding['says']}{f' ({figures})' if figures else ''}"
    if warned := record.figures.get("warned_checks"):
        yield f"{warned} check{'' if warned == 1 else 's'} with a warning"


def _is_open(finding: Mapping[str, Any], level: str) -> bool:
    return finding["level"] == level and not finding.get("accepted")


def _opened(page: str, link: str | None) -> str:
    """Return the URL of a report in the state folder, or its path if there is no link."""
    return page if link is None else f"{link.rstrip('/')}/{quote(Path(page).name)}"
