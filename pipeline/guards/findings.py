"""The findings of the guards, and their acceptance for this run (`--accept`)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Final, Literal

from pipeline.common.errors import WarehouseError
from pipeline.common.shown_text import shown
from pipeline.guards.thresholds import Guard, guards

Level = Literal["stop", "warn", "tell"]
"""From most to least severe."""

_ACCEPTANCE = re.compile(r"(?P<guard>[a-z_]+)(?::(?P<place>[^=]+))?=(?P<why>.*\S.*)", re.DOTALL)
"""`kept_keys=branch office sold`, `near_header:crm.accounts.lmn_crm_id=that column is another one`."""

_SHOWN: Final = 5
"""The most words that a finding lists."""


@dataclass(frozen=True)
class Acceptance:
    """A person's acceptance, for one run, of a guard's findings: all of them or those of one place, and the reason."""

    guard: str
    place: str | None
    why: str
    who: str

    def covers(self, finding: Finding) -> bool:
        """Return whether a finding is of this guard and place, or of a part of the place."""
        if finding.guard != self.guard:
            return False
        return self.place is None or finding.place == self.place or finding.place.startswith(f"{self.place}.")


@dataclass(frozen=True)
class Finding:
    """A guard's finding: the place (`crm.accounts.lmn_crm_id`), the figures before and now, and what to do.

    `organization_id` is None if the finding is about a source that organizations share, and so about the whole run.
    The figures of such a source are only in `before` and `now`, never in `says`, so that `findings_of` can remove them.
    """

    guard: str
    level: Level
    place: str
    says: str
    remedy: str
    before: str | None = None
    now: str | None = None
    organization_id: int | None = None
    accepted: Acceptance | None = None

    @property
    def stops(self) -> bool:
        """Whether the finding holds back the run, or its organization's drop."""
        return self.level == "stop" and self.accepted is None

    def as_dict(self) -> dict[str, Any]:
        """Return the finding as plain JSON, for manifests and reports."""
        return asdict(self)

    @property
    def figures(self) -> str:
        """The figures before and now in parentheses, or an empty text."""
        both = [text for text in (self.before and f"{self.before} before", self.now and f"{self.now} now") if text]
        return f" ({', '.join(both)})" if both else ""

    def __str__(self) -> str:
        whose = f"organization {self.organization_id}, " if self.organization_id is not None else ""
        text = shown(f"guard {self.guard}, {whose}{self.place}: {self.says}{self.figures}")
        if self.accepted:
            return f"{text}\n  " + shown(f"accepted by {self.accepted.who}: {self.accepted.why}")
        return f"{text}\n  To do: {shown(self.remedy)}"


class GuardError(WarehouseError):
    """Findings that stop a run before anything is built. `findings` also contains those that only warn."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        self.findings = tuple(findings)
        stops = [finding for finding in findings if finding.stops]
        count = "1 finding of the guards holds" if len(stops) == 1 else f"{len(stops)} findings of the guards hold"
        super().__init__(
            f"{count} everything back; nothing was published, the last drops stay.",
            details=map(str, stops),
            remedy="correct what is named here, or accept it for one run with a reason: "
            f'--accept {stops[0].guard}:{stops[0].place}="why"',
        )


def read_acceptances(texts: Iterable[str], who: str) -> tuple[Acceptance, ...]:
    """Parse `GUARD[:PLACE]=WHY`; WarehouseError for an unknown guard or a missing reason."""
    return tuple(_acceptance(text, who) for text in texts)


def _acceptance(text: str, who: str) -> Acceptance:
    found = _ACCEPTANCE.fullmatch(text.strip())
    if found is None:
        raise WarehouseError(
            "is not GUARD[:PLACE]=WHY",
            where=f"--accept {text}",
            remedy='name the guard, optionally the place, and the reason: --accept kept_keys="branch office sold"',
        )
    if found["guard"] not in guards():
        raise WarehouseError(
            f"there is no guard {found['guard']!r}",
            where=f"--accept {text}",
            remedy=f"choose one of: {', '.join(guards())}",
        )
    return Acceptance(found["guard"], found["place"] and found["place"].strip(), found["why"].strip(), who)


def accept(
    findings: Sequence[Finding], acceptances: Sequence[Acceptance]
) -> tuple[tuple[Finding, ...], tuple[Acceptance, ...]]:
    """Return the findings with their acceptances, and the acceptances that no finding needed."""
    needed: set[Acceptance] = set()
    judged = []
    for finding in findings:
        by = next((each for each in acceptances if finding.level != "tell" and each.covers(finding)), None)
        if by is not None:
            needed.add(by)
        judged.append(replace(finding, accepted=by))
    return tuple(judged), tuple(each for each in acceptances if each not in needed)


def findings_of(findings: Sequence[Finding], organization_id: int, crm_organization_id: int) -> list[Finding]:
    """Return the findings that one organization may see: its own, and those about the sources that it uses.

    The CRM and LMN belong to one organization. For the platform's shared tables, the figures are removed.
    """
    known = []
    for finding in findings:
        if finding.organization_id == organization_id:
            known.append(finding)
        elif finding.organization_id is None and not finding.place.startswith("platform"):
            known += [finding] if organization_id == crm_organization_id else []
        elif finding.organization_id is None:
            known.append(replace(finding, before=None, now=None))
    return known


def found(
    guard: Guard,
    level: Level,
    place: str,
    says: str | None = None,
    *,
    before: str | None = None,
    now: str | None = None,
    organization_id: int | None = None,
) -> Finding:
    """Make a guard's finding, with the guard's general text unless `says` is given."""
    return Finding(guard.name, level, place, says or guard.says, guard.remedy, before, now, organization_id)


def listed(words: Iterable[str]) -> str:
    """Format words for a message: `'positive', 'negative'`."""
    named = [f"'{word[:40]}'" for word in words]
    more = len(named) - _SHOWN
    return ", ".join(named[:_SHOWN]) + (f" and {more} more" if more > 0 else "")
