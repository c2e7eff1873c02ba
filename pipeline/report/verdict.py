"""The headline of a report, and the notices that deserve attention. No threshold is defined here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pipeline.audit.results import AuditResult
from pipeline.common.formats import amount, instant, plural
from pipeline.guards.findings import Finding
from pipeline.report.facts import RunFacts
from pipeline.report.trends import Trend

Level = Literal["good", "look", "bad"]


@dataclass(frozen=True)
class Verdict:
    """The headline of a report: a label (`word`) and a sentence."""

    level: Level
    word: str
    sentence: str


@dataclass(frozen=True)
class Notice:
    """A notice that deserves attention, and the section that shows the details."""

    section: str
    text: str


def verdict(facts: RunFacts) -> Verdict:
    """Return one sentence on whether the drop can be relied on."""
    if not facts.is_published:
        return Verdict("bad", "Not published", f"{_reason(facts)}, so nothing was published and {_remains(facts)}.")
    loaded = plural(sum(source.loaded for source in facts.sources), "source row")
    checks = plural(len(facts.checks), "check")
    warned = AuditResult(facts.checks).warnings
    guarded = [finding for finding in facts.guards if finding.level == "warn" and finding.accepted is None]
    if facts.held_back:
        held = _listed([str(organization) for organization in facts.held_back])
        sentence = f"The drop of organization {held} was held back; the others were published."
        return Verdict("look", "Published in part", sentence)
    if guarded:
        guards = _listed(list(dict.fromkeys(finding.guard for finding in guarded)))
        count, them = plural(len(guarded), "finding"), "it" if len(guarded) == 1 else "them"
        sentence = (
            f"Everything was published, with {count} of the guards ({guards}): "
            f"read {them} before you rely on this drop."
        )
        return Verdict("look", "Published, with warnings", sentence)
    if warned:
        exports = _listed(list(dict.fromkeys(check.export for check in warned)))
        them = "it" if len(warned) == 1 else "them"
        warn = "warns" if len(warned) == 1 else "warn"
        sentence = f"{len(warned)} of {checks} {warn}: read {them} before you rely on {exports}."
        return Verdict("look", "Published, with warnings", sentence)
    dropped = sum(source.rejected or 0 for source in facts.sources)
    if dropped:
        sentence = f"All {checks} passed; {loaded} were loaded and {dropped:,} rejected, for the reasons below."
    elif facts.rejects:
        cells = plural(sum(reason.count for reason in facts.rejects), "cell")
        sentence = f"All {checks} passed on {loaded}; {cells} could not be read, for the reasons below."
    else:
        sentence = f"All {checks} passed on {loaded}, and nothing was rejected."
    return Verdict("good", "Published", sentence)


def _reason(facts: RunFacts) -> str:
    failed = AuditResult(facts.checks).errors
    stopped = [finding for finding in facts.guards if finding.stops]
    if stopped and not failed:
        guards = _listed(list(dict.fromkeys(finding.guard for finding in stopped)))
        return f"The guards found implausible changes ({guards})"
    if failed:
        exports = _listed(list(dict.fromkeys(check.export for check in failed)))
        return f"{plural(len(failed), 'check')} failed on {exports}"
    if facts.checks:
        return "The drop passed its own checks, but the run failed"
    return "The run stopped before there was anything to check"


def _remains(facts: RunFacts) -> str:
    if facts.organization_id is None:
        return "the last drops stay in place"
    if facts.latest is None:
        return "there is still no drop"
    return f"the last drop, {facts.latest}, stays in place"


def notices(facts: RunFacts) -> list[Notice]:
    """List what deserves attention, in the order of the page."""
    found = [Notice("guards", _finding_text(finding)) for finding in facts.guards if finding.level != "tell"]
    found += [Notice("checks", f"{check.export}: {check.says}") for check in AuditResult(facts.checks).warnings]
    for export in facts.exports:
        if export.change is not None and export.change < 0:
            fewer = plural(-export.change, "row")
            found.append(Notice("rows", f"{export.name} has {fewer} fewer than in the previous drop."))
    found += [Notice("trends", _out_of_line(trend)) for trend in facts.trends if trend.is_out_of_line]
    for source in facts.sources:
        name = f"{source.source}.{source.table}"
        if source.is_configured and not source.loaded:
            found.append(Notice("sources", f"{name} was read but has no rows."))
        elif facts.previous and source.newest and source.newest == source.newest_before:
            since = instant(facts.previous.as_of)
            found.append(Notice("sources", f"{name} has no newer row than at the previous drop of {since}."))
    dropped = sum(source.rejected or 0 for source in facts.sources)
    if dropped:
        found.append(Notice("rejects", f"{plural(dropped, 'row')} {'was' if dropped == 1 else 'were'} rejected."))
    emptied = [
        f"{export.name}.{column.name}"
        for export in facts.exports
        for column in export.columns
        if column.rate == 1 and column.previous_rate is not None and column.previous_rate < 1
    ]
    if emptied:
        found.append(Notice("nulls", f"Empty now, but not in the previous drop: {_listed(emptied)}."))
    return found


def _out_of_line(trend: Trend) -> str:
    low, high = (amount(value, trend.unit) for value in (min(trend.earlier), max(trend.earlier)))
    runs = plural(len(trend.earlier), "run")
    return f"{trend.title}: {amount(trend.now, trend.unit)}; in the last {runs} it was {low} to {high}."


def _finding_text(finding: Finding) -> str:
    text = f"{finding.place}: {finding.says}{finding.figures}"
    if finding.accepted is not None:
        return f"{text}, accepted by {finding.accepted.who}: {finding.accepted.why}"
    return f"{text}. To do: {finding.remedy}."


def _listed(names: list[str]) -> str:
    """Join names for a sentence; of many, only the first few."""
    if len(names) > 4:
        names = [*names[:3], f"{len(names) - 3} more"]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
